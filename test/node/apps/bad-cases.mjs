// Programs that use the WebAssembly API in awkward ways; the first argument says which. Each prints what it prints plain.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** (memory (export "memory") 1), get(i32) -> i32, put(i32, i32), a table of 600 bytes of data. */
export function bytes(memoryImport) {
  const text = (s) => [s.length, ...Buffer.from(s)];
  const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >> 7)]);
  const section = (id, body) => [id, ...leb(body.length), ...body];
  const filler = Array.from({ length: 600 }, () => 120);
  const types = [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0];
  const get = [7, 0, 0x20, 0, 0x28, 2, 0, 0x0b];
  const put = [9, 0, 0x20, 0, 0x20, 1, 0x36, 2, 0, 0x0b];
  const exports = [3, ...text('memory'), 2, 0, ...text('get'), 0, 0, ...text('put'), 0, 1];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...(memoryImport ? section(2, [1, ...text('env'), ...text('memory'), 2, 0, 1]) : []),
    ...section(3, [2, 0, 1]),
    ...(memoryImport ? [] : section(5, [1, 0, 1])),
    ...section(7, exports),
    ...section(10, [2, ...get, ...put]),
    ...section(11, [1, 0, 0x41, ...[0x80, 0x08], 0x0b, ...leb(filler.length), ...filler]),
  ]);
}

/** run() calls env.leave and then traps; 600 bytes of data make it worth instrumenting. */
function caller(leave) {
  const text = (s) => [s.length, ...Buffer.from(s)];
  const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >> 7)]);
  const section = (id, body) => [id, ...leb(body.length), ...body];
  const bytes = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...text('env'), ...text('leave'), 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [1, ...text('run'), 0, 1]),
    ...section(10, [1, 5, 0, 0x10, 0, 0, 0x0b]),
    ...section(11, [1, 0, 0x41, ...[0x80, 0x08], 0x0b, ...leb(600), ...new Array(600).fill(120)]),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { leave } }).exports.run;
}

const CASES = {
  async 'data url'() {
    const url = `data:application/wasm;base64,${Buffer.from(bytes()).toString('base64')}`;
    const { instance } = await WebAssembly.instantiateStreaming(fetch(url));
    return instance.exports.get(1024);
  },
  async 'wrong type'() {
    const url = `data:text/plain;base64,${Buffer.from(bytes()).toString('base64')}`;
    const error = await WebAssembly.compileStreaming(fetch(url)).catch((e) => e);
    return `${error.name} ${/MIME/.test(error.message)}`;
  },
  'one memory in two modules'() {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const [a, b] = [0, 1].map(() => new WebAssembly.Instance(new WebAssembly.Module(bytes(true)), { env: { memory } }));
    a.exports.put(2048, 77);
    return `${b.exports.get(2048)} ${a.exports.memory === memory} ${b.exports.memory === memory}`;
  },
  'a memory handed on'() {
    const first = new WebAssembly.Instance(new WebAssembly.Module(bytes()));
    const { memory } = first.exports;
    const second = new WebAssembly.Instance(new WebAssembly.Module(bytes(true)), { env: { memory } });
    memory.grow(2);
    second.exports.put(130000, 5);
    return `${first.exports.get(130000)} ${Object.keys(first.exports)} ${memory.buffer.byteLength}`;
  },
  // As emnapi does in the threads of a module of napi-rs, to name a memory that the module only imports.
  'an instance behind a Proxy'() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes()));
    const exports = { ...instance.exports, get: () => 3 };
    const shown = new Proxy(instance, { get: (it, key) => (key === 'exports' ? exports : Reflect.get(it, key, it)) });
    return `${shown.exports.get(1024)} ${instance.exports.get(1024)} ${shown instanceof WebAssembly.Instance}`;
  },
  async 'a thousand instances'() {
    const module = new WebAssembly.Module(bytes());
    const once = async () => {
      const { exports } = await WebAssembly.instantiate(module);
      exports.put(4096, exports.get(1024));
    };
    for (let i = 0; i < 200; i++) await once();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1000; i++) await once();
    const grown = process.memoryUsage().rss - before;
    return grown < 200 * 2 ** 20 ? 'no growth' : `${grown} bytes more`;
  },
  'an exception nobody catches'() {
    new WebAssembly.Instance(new WebAssembly.Module(bytes()));
    throw new TypeError('nobody catches this');
  },
  'an exit inside an import'() {
    caller(() => process.exit(7))();
  },
  'an exception inside an import'() {
    const run = caller(() => {
      throw new RangeError('from the import');
    });
    try {
      run();
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  },
  'an exception inside an import, caught by nobody'() {
    caller(() => {
      throw new RangeError('from the import');
    })();
  },
  'a trap that is caught'() {
    try {
      caller(() => {})();
    } catch (error) {
      return `${error instanceof WebAssembly.RuntimeError} ${error.message}`;
    }
  },
  async 'a module sent to a worker'() {
    const module = new WebAssembly.Module(bytes());
    const worker = new Worker(new URL(import.meta.url), { argv: ['worker'] });
    worker.postMessage(module);
    const [answer] = await new Promise((resolve) => worker.on('message', (...args) => resolve(args)));
    await worker.terminate();
    return answer;
  },
};

const [name] = process.argv.slice(2);
if (isMainThread) {
  console.log(String(await CASES[name]()));
} else {
  parentPort.on('message', (module) => {
    const { exports } = new WebAssembly.Instance(module);
    parentPort.postMessage(`${exports.get(1024)} ${Object.keys(exports)} ${WebAssembly.Module.exports(module).length}`);
  });
}
