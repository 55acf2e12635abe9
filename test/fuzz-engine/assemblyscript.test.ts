// AssemblyScript functions that take an array or a string: found by the glue beside the module or by a flag, called with an
// object of that class, and what is wrong in them found and explained.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENTRY_TYPES, type EntryType, entryTypeIn } from '../../fuzz/assemblyscript.ts';
import { openDifferential, openModule } from '../../fuzz/index.ts';
import { compileAssemblyScript } from '../support/compile-assemblyscript.ts';
import { drive } from './driver.ts';
import { campaignOf } from './targets.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const SOURCE = `
export function typed(data: Uint8Array): i32 {
  if (data.length > 3 && data[0] == 0x74 && data[1] == 0x79) return unchecked(data[data.length]);
  return data.byteLength == data.length ? 0 : unreachable();
}
export function fixed(data: StaticArray<u8>): void {
  if (data.length == 6 && data[0] == 0x66) unreachable();
}
export function dynamic(data: Array<u8>): i32 {
  data.push(7);
  return data.length > 2 && data[0] == 0x64 ? data[99] : 0;
}
export function raw(data: ArrayBuffer): void {
  if (data.byteLength == 5 && load<u8>(changetype<usize>(data)) == 0x72) unreachable();
}
export function text(data: string): void {
  if (data.startsWith("tx")) throw new Error("tx is not " + data.length.toString());
  if (data == "t\\u00e9") unreachable();
}
export function mean(data: Uint8Array, other: i32, third: i32): void {}
`;
const ENTRIES: Readonly<Record<string, EntryType>> = {
  ...{ typed: 'Uint8Array', fixed: 'StaticArray<u8>', dynamic: 'Array<u8>', raw: 'ArrayBuffer', text: 'string' },
};
let module: Uint8Array;
let glue: string;
let folder: string;

beforeAll(async () => {
  const files = await compileAssemblyScript('main.ts', SOURCE, ['--bindings', 'esm', '--exportRuntime']);
  module = files['main.wasm']!;
  glue = new TextDecoder().decode(files['main.js']);
  folder = mkdtempSync(join(tmpdir(), 'wasan-as-'));
  writeFileSync(join(folder, 'main.wasm'), module);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('the glue says what a function takes', () => {
  expect(Object.keys(ENTRIES).map((name) => [name, entryTypeIn(glue, name)])).toEqual(Object.entries(ENTRIES));
  expect([...new Set(Object.values(ENTRIES))].sort()).toEqual([...ENTRY_TYPES].sort());
  for (const name of ['mean', 'type', 'none', '__lowerBuffer']) expect(entryTypeIn(glue, name)).toBeUndefined();
});

const found = (entry: string, runs = 6000) => {
  const campaign = campaignOf(openModule(module, { entry, entryType: ENTRIES[entry]! }), 1, runs, { maxLength: 64 });
  campaign.run([]);
  return campaign.findings.map(({ finding }) => finding);
};

describe('each class is given the input', () => {
  test('an array that is read past its end without AssemblyScript’s own check', () => {
    const [finding, ...more] = found('typed');
    expect(more).toEqual([]);
    expect(finding!.title).toBe('heap-buffer-overflow');
    expect(finding!.stack[0]!.function).toBe('~lib/typedarray/Uint8Array#__uget');
    expect(finding!.text).toMatch(/READ of size 1[\s\S]*is located 0 bytes after/);
  }, 60_000);

  test.each(['fixed', 'raw'])(
    '%s',
    (entry) => {
      expect(found(entry).map(({ title }) => title)).toEqual(['unreachable']);
    },
    60_000,
  );

  test('what AssemblyScript checks itself, and what the program throws, is told with its message', () => {
    const [outside] = found('dynamic');
    expect([outside!.title, outside!.kind]).toEqual(['abort', 'crash']);
    expect(outside!.text).toContain('Index out of range in ~lib/array.ts:');
    const [thrown] = found('text');
    expect(thrown!.text).toMatch(/tx is not \d+ in main\.ts:\d+:/);
  }, 60_000);

  test('runs are undone, and what they leave is no leak', () => {
    const executor = openModule(module, { entry: 'dynamic', entryType: 'Array<u8>' });
    for (let i = 0; i < 3000; i++) expect(executor.run(Uint8Array.of(1, 2, 3))).toBeUndefined();
    expect(openModule(module, { entry: 'text', entryType: 'string' }).run(new Uint8Array(70_000))).toBeUndefined();
  });

  test('two modules at once, one as it is', () => {
    const both = openDifferential(module, { entry: 'text', entryType: 'string' }, { module, plain: true });
    const te = new TextEncoder().encode('té');
    expect([both.run(Uint8Array.of(1)), both.run(te)?.title]).toEqual([undefined, 'unreachable']);
  });
});

test('on the command line: by the glue, by a flag, or one sentence', () => {
  const run = (...args: string[]) =>
    drive(process.execPath, [MAIN, 'fuzz', '-seed=1', '-runs=6000', '-max_len=64', ...args, 'main.wasm'], folder);
  const nobody = run('-entry=fixed');
  expect([nobody.code, nobody.text]).toEqual([
    1,
    expect.stringContaining('-entry_type says what that is in AssemblyScript: Uint8Array, StaticArray<u8>'),
  ]);
  expect(run('-entry=fixed', '-entry_type=Vector').text).toContain('-entry_type takes Uint8Array, StaticArray<u8>,');
  const flag = run('-entry=fixed', '-entry_type=StaticArray<u8>');
  expect([flag.code, flag.text]).toEqual([77, expect.stringContaining('unreachable')]);
  const [, replay] = /^replay: wasan fuzz (.*)$/m.exec(flag.text)!;
  expect(replay).toMatch(/^'-entry_type=StaticArray<u8>' -entry=fixed main\.wasm /);
  writeFileSync(join(folder, 'main.js'), glue);
  expect(run('-entry=fixed').code).toBe(77);
  const mean = run('-entry=mean');
  expect([mean.code, mean.text]).toEqual([
    1,
    expect.stringContaining('its entry takes 3 values, not (pointer, length) ['),
  ]);
}, 60_000);

test('a module that cannot make an object says what asc needs', async () => {
  const { 'main.wasm': bare } = await compileAssemblyScript('main.ts', 'export function f(a: ArrayBuffer): void {}');
  expect(() => openModule(bare!, { entry: 'f', entryType: 'ArrayBuffer' })).toThrow('asc needs --exportRuntime');
});
