import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
globalThis.self = globalThis; // it looks for what a browser has
const { initialize, transform } = await import('esbuild-wasm/esm/browser.js');

// What the package does for a browser, in one thread: for Node it starts a process, whose time nobody counts.
export async function load() {
  const wasm = readFileSync(createRequire(import.meta.url).resolve('esbuild-wasm/esbuild.wasm'));
  await initialize({ wasmModule: new WebAssembly.Module(wasm), worker: false });
  return async () => {
    const { code } = await transform(
      'class Point { x: number = 1; static #n = 2; get y() { return this.x ?? Point.#n } }\nexport default new Point().y;',
      { loader: 'ts', target: 'es2017', minify: true },
    );
    return code;
  };
}
