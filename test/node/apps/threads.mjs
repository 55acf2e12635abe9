// A program on three threads: one worker exists before the module is compiled, as in Emscripten's pool, one comes later.
// Its command line: the module, then what each worker does, in turn: "run_overflow:3,run_read:1".
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const STACK_BYTES = 16384;

function instantiate(module, memory, number) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = exports.stacks.value + STACK_BYTES * (number + 1);
  return exports;
}

function perform(exports, text) {
  for (const call of text.split(',')) {
    const [name, ...args] = call.split(':');
    exports[name](...args.map(Number));
  }
}

async function tell(worker, message) {
  worker.postMessage(message);
  await once(worker, 'message');
}

if (isMainThread) {
  const [file, ...tasks] = process.argv.slice(2);
  const start = (number) => new Worker(new URL(import.meta.url), { workerData: number });
  const early = start(1);
  await once(early, 'message');
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 1024, shared: true });
  const module = await WebAssembly.compile(readFileSync(file));
  instantiate(module, memory, 0);
  const late = start(2);
  await once(late, 'message');
  for (const worker of [early, late]) await tell(worker, { module, memory });
  for (const [i, text] of tasks.entries()) await tell(i % 2 ? late : early, { text });
  console.log('done');
  early.terminate();
  late.terminate();
} else {
  let exports;
  parentPort.on('message', ({ module, memory, text }) => {
    if (module) exports = instantiate(module, memory, workerData);
    else perform(exports, text);
    parentPort.postMessage('ready');
  });
  parentPort.postMessage('ready');
}
