// Runs one app of apps/: its output to stdout, and behind a mark the CPU time of its work. Engines compile better while a
// module runs, on threads whose time counts, too: so the app works for some seconds, and the fastest round counts.

const [app, seconds] = process.argv.slice(2);
const { load } = await import(`./${app}.mjs`);
const work = await load();
const end = performance.now() + Number(seconds) * 1000;
let output;
let best = Number.POSITIVE_INFINITY;
do {
  const before = process.cpuUsage();
  output = String(await work());
  const { user, system } = process.cpuUsage(before);
  best = Math.min(best, user + system);
} while (performance.now() < end);
console.log(output);
console.log(`MICROSECONDS ${best}`);
process.exit();
