// Runs one app of apps/: its output to stdout, and behind a mark the CPU time of its work. Engines compile better while a
// module runs, on threads whose time counts, too: so the app works for some seconds, three times at least, and the fastest
// round counts.
//
//   driver.mjs app <seconds>      or 'once', or 'load' to stop before any work

const [app, how] = process.argv.slice(2);
const LEAST_ROUNDS = how === 'once' ? 1 : 3;
const { load } = await import(`./${app}.mjs`);
const work = await load();
if (how === 'load') process.exit();
const end = performance.now() + (Number(how) || 0) * 1000;
let output;
let first;
let best = Number.POSITIVE_INFINITY;
for (let round = 1; round <= LEAST_ROUNDS || performance.now() < end; round++) {
  const before = process.cpuUsage();
  output = String(await work());
  const { user, system } = process.cpuUsage(before);
  first ??= user + system;
  best = Math.min(best, user + system);
}
console.log(output);
console.log(`MICROSECONDS ${best} ${first}`);
process.exit();
