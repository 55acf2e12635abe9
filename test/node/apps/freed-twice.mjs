// An application with a bug: it frees a buffer of quickjs-emscripten twice, in the main thread or in a worker.
import { isMainThread, Worker } from 'node:worker_threads';
import { newQuickJSWASMModule, newVariant, RELEASE_SYNC } from 'quickjs-emscripten';

if (isMainThread && process.argv[2] === 'worker') {
  new Worker(new URL(import.meta.url)).on('exit', (code) => console.log(`the worker ended with ${code}`));
} else {
  const module = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, {}));
  const { _malloc, _free } = module.newContext().module;
  const buffer = _malloc(100);
  _free(buffer);
  _free(buffer);
  console.log('still running');
}
