// Times a program that Emscripten built, in turn with nothing: prints CPU milliseconds per round and the result as JSON.
// Arguments: module, size, warm-up rounds, rounds, ASAN_OPTIONS.

delete globalThis.fetch; // Emscripten of 2022 takes Node's fetch for a browser's

const [path, size, warm, rounds, options] = process.argv.slice(2);

const milliseconds = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

require(path)({ ASAN_OPTIONS: options ?? '' }).then((module) => {
  const times = [];
  let result = 0;
  for (let round = -Number(warm); round < Number(rounds); round++) {
    const start = milliseconds();
    result = module._run(Number(size));
    if (round >= 0) times.push(milliseconds() - start);
  }
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ times, result, megabytes }));
});
