// Runs one app of apps/: its output to stdout, and behind a mark the CPU time of its work. Engines compile better while a
// module runs, on threads whose time counts, too, and the larger a module the longer: so the app works until its fastest
// round has not become faster for some seconds, and no round took more CPU time than time, three times at least, and that
// round counts.
//
//   driver.mjs app <seconds>      or 'once', or 'load' to stop before any work

const [app, how] = process.argv.slice(2);
const LEAST_ROUNDS = how === 'once' ? 1 : 3;
/** Times the patience: never longer than that. */
const MOST = 6;
/** A round that takes less than this part of the fastest is faster. */
const NOTABLE = 0.98;
/** A stretch that takes so much more CPU time than time has others working beside it: the engine still compiles, or the program has threads. */
const BESIDE = 1.2;
/** Milliseconds of a stretch: single rounds may be too short to tell. */
const STRETCH = 500;
let threads = 0;
process.on('worker', (worker) => {
  threads++;
  worker.once('exit', () => threads--);
});
const { load } = await import(`./${app}.mjs`);
const work = await load();
if (how === 'load') process.exit();
const patience = (Number(how) || 0) * 1000;
const last = performance.now() + patience * MOST;
let end = performance.now() + patience;
let output;
let first;
let stretch = { cpu: process.cpuUsage(), began: performance.now() };
let best = Number.POSITIVE_INFINITY;
for (let round = 1; round <= LEAST_ROUNDS || performance.now() < Math.min(end, last); round++) {
  const before = process.cpuUsage();
  output = String(await work());
  const { user, system } = process.cpuUsage(before);
  first ??= user + system;
  if (isCompiling() || user + system < best * NOTABLE) end = performance.now() + patience;
  best = Math.min(best, user + system);
}
console.log(output);
console.log(`MICROSECONDS ${best} ${first}`);
process.exit();

/** Asked after each round, and answered at the end of each stretch. */
function isCompiling() {
  const time = performance.now() - stretch.began;
  if (time < STRETCH) return false;
  const { user, system } = process.cpuUsage(stretch.cpu);
  stretch = { cpu: process.cpuUsage(), began: performance.now() };
  return threads === 0 && user + system > time * 1000 * BESIDE;
}
