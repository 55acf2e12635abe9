// asc --transform wasan/asc, run as a user runs it: the output is checked, keeps its exports and bindings, and a bug becomes a
// report in terms of the sources. The collector of AssemblyScript frees and moves nothing that a correct program uses.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { originalOf, takeSnapshot } from '../../host/index.ts';
import { wasan } from '../support/cli.ts';

const SOURCE = `class Node {
  next: Node | null = null;
  constructor(public value: i32) {}
}

let kept: Node | null = null;

/** Garbage in plenty, a list that survives, and a full collection. */
export function churn(rounds: i32): i32 {
  for (let i = 0; i < rounds; i++) {
    const node = new Node(i);
    if (i % 16 == 0) {
      node.next = kept;
      kept = node;
    }
    const text = "round " + i.toString();
    const numbers = new Array<i32>();
    for (let k = 0; k < 20; k++) numbers.push(k * text.length);
  }
  __collect();
  let sum = 0;
  let node = kept;
  while (node != null) {
    sum += node.value;
    node = node.next;
  }
  return sum;
}

export function overflow(at: usize): void {
  const block = heap.alloc(24);
  store<u8>(block + at, 1);
  heap.free(block);
}

export function valueOf(node: Node): i32 {
  return node.value;
}

export function makeNode(value: i32): Node {
  return new Node(value);
}
`;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-asc-'));

interface Exports {
  readonly churn: (rounds: number) => number;
  readonly overflow: (at: number) => void;
  readonly valueOf: (node: number) => number;
  readonly makeNode: (value: number) => number;
  readonly __pin: (node: number) => number;
  readonly __unpin: (node: number) => void;
  readonly __collect: () => void;
  readonly __wasan_memory: WebAssembly.Memory;
}

function asc(args: readonly string[], debug: readonly string[] = ['--debug']): void {
  const compiler = here('../../node_modules/assemblyscript/bin/asc.js');
  const all = [compiler, 'main.ts', ...args, '--exportRuntime', '--sourceMap', ...debug];
  const { status, stderr } = spawnSync(process.execPath, all, { cwd: folder, encoding: 'utf8' });
  expect(`${status} ${stderr}`).toBe('0 ');
}

async function start(name: string): Promise<Exports> {
  const imports = { env: { abort: () => expect.fail('abort'), seed: () => 1 } };
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, name)), imports);
  return instance.exports as unknown as Exports;
}

/** What `wasan explain` says of the trap. */
function explain(name: string, exports: Exports, action: () => void): string {
  let error: Error | undefined;
  try {
    action();
  } catch (thrown) {
    error = thrown as Error;
  }
  expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
  writeFileSync(join(folder, 'dump'), takeSnapshot(exports.__wasan_memory));
  writeFileSync(join(folder, 'stack'), error!.stack!);
  const { stdout, stderr, status } = wasan(['explain', '--memory=dump', '--stack=stack', name], { cwd: folder });
  expect(`${status} ${stderr}`).toBe('1 ');
  return stdout;
}

beforeAll(() => {
  writeFileSync(join(folder, 'main.ts'), SOURCE);
  const transform = ['--transform', here('../../cli/asc/transform.ts')];
  asc(['--outFile', 'plain.wasm']);
  asc(['--outFile', 'debug.wasm', ...transform, '--bindings', 'esm']);
  asc(['--outFile', 'release.wasm', ...transform, '-O3', '--converge'], []);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('the output is the original, checked, with the original inside', async () => {
  const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  const original = originalOf(bytes('debug.wasm'))!;
  const listed = async (module: Uint8Array) => {
    const compiled = await WebAssembly.compile(module as BufferSource);
    const names = WebAssembly.Module.exports(compiled).map((e) => e.name);
    return {
      exports: names.filter((n) => !/^__(w?asan|lsan|sanitizer)_/.test(n)),
      imports: WebAssembly.Module.imports(compiled),
    };
  };
  expect(await listed(bytes('debug.wasm'))).toEqual(await listed(original));
  expect((await listed(original)).exports).toEqual((await listed(bytes('plain.wasm'))).exports);
  expect(readFileSync(join(folder, 'debug.js'), 'utf8')).toContain('overflow');
});

describe.each(['debug.wasm', 'release.wasm'])('%s', (name) => {
  test('garbage collection is no use after free, and changes no result', async () => {
    const [plain, checked] = [await start('plain.wasm'), await start(name)];
    for (const rounds of [10, 2000]) expect(checked.churn(rounds)).toBe(plain.churn(rounds));
  });

  test('an overflow is reported with its source line', async () => {
    const exports = await start(name);
    exports.overflow(23);
    const report = explain(name, exports, () => exports.overflow(24));
    expect(report).toContain('heap-buffer-overflow');
    expect(report).toContain('is located 0 bytes after 24-byte region');
    expect(report).toMatch(/main\.ts:32/);
  });

  test('an object that JavaScript pinned survives a collection; one it did not pin is a use after free', async () => {
    const exports = await start(name);
    const pinned = exports.__pin(exports.makeNode(7));
    const loose = exports.makeNode(8);
    exports.__collect();
    expect(exports.valueOf(pinned)).toBe(7);
    const report = explain(name, exports, () => exports.valueOf(loose));
    expect(report).toContain('heap-use-after-free');
    expect(report).toMatch(/freed by.*__collect.*in main\/makeNode .*main\.ts:41/s);
  });
});
