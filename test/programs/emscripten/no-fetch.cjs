// Emscripten 3.1.6 fetches its wasm file where there is a fetch, and Node's cannot read files.
delete globalThis.fetch;
