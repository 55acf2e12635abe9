// Do real modules from npm, of five toolchains, still do their job instrumented, without a finding and with the same output?

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import asc from 'assemblyscript/asc';
import { describe, expect, test } from 'vitest';
import type { InstrumentOptions } from '../../index.ts';
import { underWasan } from './guest.ts';

const require = createRequire(import.meta.url);

/** The package anew: a cached one holds the instance of an earlier run. */
function fresh<T>(name: string): T {
  for (const key of Object.keys(require.cache)) if (key.includes(`/node_modules/${name}/`)) delete require.cache[key];
  return require(name) as T;
}

async function sqlJs(): Promise<string> {
  const init =
    fresh<
      () => Promise<{
        Database: new () => { run(q: string, p?: unknown[]): void; exec(q: string): unknown; close(): void };
      }>
    >('sql.js');
  const { Database } = await init();
  const db = new Database();
  db.run('create table t(a integer primary key, b text, c real)');
  for (let i = 0; i < 2000; i++) db.run('insert into t(b, c) values(?, ?)', [`row ${i}`, Math.sin(i)]);
  db.run('create index ib on t(b)');
  const result = JSON.stringify([
    db.exec("select count(*), sum(c), max(b), group_concat(distinct substr(b, 5, 1)) from t where b like '%9%'"),
    db.exec('select a.b, b.c from t a join t b on a.a = b.a + 1 order by a.c limit 20'),
    db.exec(
      'with recursive n(x) as (select 1 union all select x + 1 from n where x < 500) select sum(x), json_group_array(x) from n',
    ),
  ]);
  db.close();
  return result;
}

async function quickJs(): Promise<string> {
  const { newQuickJSWASMModule, newVariant, RELEASE_SYNC } = await import('quickjs-emscripten');
  const module = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, {}));
  const context = module.newContext();
  const source = `
    const words = {}; let text = '';
    for (let i = 0; i < 3000; i++) { const k = 'k' + (i * 7919) % 97; words[k] = (words[k] || 0) + 1; text += k; }
    class A { constructor(x) { this.x = x } get y() { return [...'abc'].map((c) => c + this.x).join('') } }
    JSON.stringify([Object.entries(words).sort().slice(0, 9), text.replace(/k(\\d)/g, '<$1>').length, new A(3).y,
      [5, 3, 9, 1].sort((a, b) => a - b), (2n ** 200n).toString(), new Date(0).toISOString(), Math.hypot(3, 4)])`;
  const handle = context.unwrapResult(context.evalCode(source));
  const value = context.getString(handle);
  handle.dispose();
  context.dispose();
  return value;
}

async function sourceMap(): Promise<string> {
  const { SourceMapConsumer, SourceMapGenerator } = fresh<typeof import('source-map')>('source-map');
  const generator = new SourceMapGenerator({ file: 'out.js' });
  for (let i = 1; i < 2000; i++) {
    generator.addMapping({
      generated: { line: i, column: (i * 7) % 80 },
      original: { line: 2 * i, column: i % 40 },
      source: `in${i % 5}.js`,
      name: `n${i % 31}`,
    });
  }
  return SourceMapConsumer.with(generator.toString(), null, (consumer) => {
    let text = '';
    for (let i = 1; i < 2000; i += 13)
      text += JSON.stringify(consumer.originalPositionFor({ line: i, column: (i * 7) % 80 }));
    consumer.eachMapping((m) => {
      text += `${m.generatedLine}:${m.originalColumn};`;
    });
    return text;
  });
}

/** Rust through wasm-opt, which drops the result of memmove: it reads whole words of blocks that end within one. */
async function png(): Promise<string> {
  const folder = '@jsquash/png/codec/pkg/squoosh_png';
  const glue = (await import(`${pathToFileURL(require.resolve(`${folder}.js`))}?${performance.now()}`)) as {
    default(module: WebAssembly.Module): Promise<unknown>;
    encode(data: Uint8Array, width: number, height: number, bits: number): Uint8Array;
    decode(data: Uint8Array): { data: Uint8ClampedArray };
  };
  const realm = globalThis as { ImageData?: unknown };
  realm.ImageData ??= class {
    readonly data: unknown;
    constructor(data: unknown) {
      this.data = data;
    }
  };
  await glue.default(new WebAssembly.Module(readFileSync(require.resolve(`${folder}_bg.wasm`))));
  const [width, height] = [257, 129];
  const data = new Uint8Array(width * height * 4).map((_, i) => (i % width) + Math.floor(i / width));
  const packed = glue.encode(data, width, height, 8);
  const same = glue.decode(packed).data.every((v, i) => v === data[i]);
  return `${width} x ${height}: ${packed.length} bytes, ${same ? 'and the same picture when unpacked' : 'and another picture when unpacked'}`;
}

/** Go: esbuild bundles a program given on standard input, through Go's own glue. */
async function esbuild(): Promise<string> {
  const glue = readFileSync(require.resolve('esbuild-wasm/wasm_exec.js'), 'utf8');
  let output = '';
  const source =
    'class Point { x: number = 1; static #n = 2; get y() { return this.x ?? Point.#n } }\nexport default new Point().y;\n';
  const input = new TextEncoder().encode(source);
  let read = 0;
  const fs = {
    constants: { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_TRUNC: 512, O_APPEND: 1024, O_EXCL: 128, O_DIRECTORY: 65536 },
    writeSync: (_fd: number, bytes: Uint8Array) => {
      output += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    write: (fd: number, b: Uint8Array, o: number, n: number, _p: unknown, done: (e: unknown, n: number) => void) =>
      done(null, fs.writeSync(fd, b.subarray(o, o + n))),
    read: (_fd: number, b: Uint8Array, o: number, n: number, _p: unknown, done: (e: unknown, n: number) => void) => {
      const part = input.subarray(read, read + n);
      b.set(part, o);
      read += part.length;
      done(null, part.length);
    },
    fstat: (_fd: number, done: (e: unknown) => void) => done(Object.assign(new Error('no'), { code: 'ENOSYS' })),
    open: (_p: string, _f: number, _m: number, done: (e: unknown) => void) =>
      done(Object.assign(new Error('no'), { code: 'ENOENT' })),
    stat: (_p: string, done: (e: unknown) => void) => done(Object.assign(new Error('no'), { code: 'ENOENT' })),
    lstat: (_p: string, done: (e: unknown) => void) => done(Object.assign(new Error('no'), { code: 'ENOENT' })),
  };
  const globals = {
    fs,
    process: { cwd: () => '/', pid: 1, umask: () => 0 },
    performance,
    crypto,
    TextEncoder,
    TextDecoder,
    setTimeout,
    clearTimeout,
    console,
    Uint8Array,
    DataView,
    Object,
    Array,
    Map,
    Date,
    Error,
    Promise,
    Reflect,
    WebAssembly,
  };
  const context = vm.createContext(globals);
  vm.runInContext('globalThis.globalThis = globalThis;', context);
  vm.runInContext(glue, context);
  const go = vm.runInContext('new Go()', context) as {
    argv: string[];
    env: object;
    exit: (code: number) => void;
    importObject: WebAssembly.Imports;
    run(instance: WebAssembly.Instance): Promise<void>;
  };
  go.argv = ['esbuild', '--loader=ts', '--target=es2017', '--minify-syntax'];
  go.env = { GOGC: '20' };
  go.exit = (code) => {
    output += `exit ${code}`;
  };
  const { instance } = await WebAssembly.instantiate(
    readFileSync(require.resolve('esbuild-wasm/esbuild.wasm')),
    go.importObject,
  );
  await go.run(instance);
  return output;
}

const ASSEMBLYSCRIPT = `
class Node { next: Node | null = null; constructor(public value: i32) {} }
export function run(n: i32): string {
  const map = new Map<string, i32>();
  let list: Node | null = null;
  for (let i = 0; i < n; i++) {
    const key = 'key' + ((i * 7919) % 101).toString();
    map.set(key, map.has(key) ? map.get(key) + 1 : 1);
    const node = new Node(i); node.next = list; list = node;
  }
  let sum = 0;
  let at: Node | null = list;
  while (at !== null) { sum += at.value; at = at.next; }
  const keys = map.keys(); keys.sort();
  const sizes = new Array<f64>();
  for (let i = 0; i < keys.length; i++) sizes.push(Math.sqrt(map.get(keys[i])));
  const bytes = new Uint8Array(1000); bytes.fill(7); 
  return keys.join(',') + sizes.toString() + sum.toString() + bytes.slice(100, 110).toString();
}`;

async function assemblyScript(runtime: string): Promise<string> {
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(
    ['in.ts', '--outFile', 'out.wasm', '--runtime', runtime, '-O2', '--debug', '--exportRuntime'],
    {
      readFile: (name) => (name === 'in.ts' ? ASSEMBLYSCRIPT : null),
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error) throw error;
  const { instance } = await WebAssembly.instantiate(binary as BufferSource, {
    env: {
      abort: () => {
        throw new Error('abort');
      },
    },
  });
  const exports = instance.exports as { run(n: number): number; memory: WebAssembly.Memory; __collect(): void };
  let text = '';
  for (let i = 0; i < 5; i++) {
    const pointer = exports.run(3000);
    const length = new Uint32Array(exports.memory.buffer)[(pointer - 4) >> 2]! >> 1;
    text += String.fromCharCode(...new Uint16Array(exports.memory.buffer, pointer, length));
    exports.__collect();
  }
  return text;
}

const CASES: readonly (readonly [name: string, run: () => Promise<string>])[] = [
  ['sql.js (Emscripten)', sqlJs],
  ['quickjs-emscripten (Emscripten)', quickJs],
  ['source-map (Rust)', sourceMap],
  ['@jsquash/png (Rust)', png],
  ['AssemblyScript, incremental collector', () => assemblyScript('incremental')],
  ['AssemblyScript, minimal collector', () => assemblyScript('minimal')],
  ['esbuild-wasm (Go)', esbuild],
];

/** As it is by default, and everything that can be otherwise at once. */
const MODES: readonly InstrumentOptions[] = [{ mode: 'inline' }, { mode: 'outline', mapping: 'paged' }];

describe.each(CASES)('%s', (name, run) => {
  test.each(name.startsWith('esbuild') ? MODES.slice(0, 1) : MODES)('does its job under %o', async (options) => {
    const plain = await run();
    const { value, findings, modules } = await underWasan(run, options);
    expect(value).toBe(plain);
    expect(findings.map((f) => f.title)).toEqual([]);
    expect(modules).toBeGreaterThan(0);
    expect(plain.length).toBeGreaterThan(50);
  });
});
