// Does `wasan node` run programs that know nothing of it: unchanged when they are right, failing with a report when not?

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import binaryen from 'binaryen';
import { afterAll, describe, expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-node-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function wasan(args: readonly string[], env: Record<string, string> = {}): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

function app(name: string): string {
  return fileURLToPath(new URL(`apps/${name}`, import.meta.url));
}

const cached = (name: string) => [`--cache-dir=${join(folder, name)}`];

test('a correct program prints what it printed before, and the module is kept', async () => {
  const expected = { code: 0, stdout: '[{"columns":["answer"],"values":[[42]]}]\n', stderr: '' };
  expect(await wasan(['node', ...cached('a'), app('sql.mjs')])).toEqual(expected);
  expect(readdirSync(join(folder, 'a'))).toHaveLength(1);
  expect(await wasan(['node', ...cached('a'), app('sql.mjs')])).toEqual(expected);
});

test('four runs at once share one cache entry, and none sees half of it', async () => {
  const runs = await Promise.all(Array.from({ length: 4 }, () => wasan(['node', ...cached('b'), app('sql.mjs')])));
  for (const run of runs) expect(run.stdout).toBe('[{"columns":["answer"],"values":[[42]]}]\n');
  expect(readdirSync(join(folder, 'b'))).toHaveLength(1);
});

test('a damaged cache entry is a miss, not a failure', async () => {
  await wasan(['node', ...cached('c'), app('sql.mjs')]);
  const [entry] = readdirSync(join(folder, 'c'));
  writeFileSync(join(folder, 'c', entry!), new Uint8Array([0, 0x61, 0x73, 0x6d, 1]));
  expect((await wasan(['node', ...cached('c'), app('sql.mjs')])).stdout).toContain('42');
});

test('what the engine refuses it refuses each time, though a module from the cache is not validated again', async () => {
  const paths = ['(memory 1)', ''].map((memory, i) => {
    const path = join(folder, `invalid-${i}.wasm`);
    const text = `(module ${memory} (func (export "constant") (result i32) (i32.const 41))
      ${memory && `(func (export "get") (param i32) (result i32) (i32.load (local.get 0))) (data (i32.const 1024) "${'x'.repeat(600)}")`})`;
    writeFileSync(path, binaryen.parseText(text).emitBinary());
    return path;
  });
  const refused = '41\nCompileError CompileError CompileError\n';
  for (const _ of ['into the cache', 'out of it']) {
    const { stdout, stderr, code } = await wasan(['node', ...cached('f'), app('invalid.mjs'), ...paths]);
    expect({ stdout, stderr, code }).toEqual({ stdout: refused + refused, stderr: '', code: 0 });
    expect(readdirSync(join(folder, 'f'))).toHaveLength(1);
  }
});

describe('a bug', () => {
  test('ends the program with a report', async () => {
    const { code, stdout, stderr } = await wasan(['node', ...cached('d'), app('freed-twice.mjs')]);
    expect(stderr).toContain('ERROR: AddressSanitizer: attempting double-free on');
    expect(stderr).toContain('100-byte region');
    expect(stderr.match(/ERROR: AddressSanitizer/g)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('goes on with halt_on_error=0, and still fails the process', async () => {
    const options = { ASAN_OPTIONS: 'halt_on_error=0:exitcode=9' };
    const { code, stdout, stderr } = await wasan(['node', ...cached('d'), app('freed-twice.mjs')], options);
    expect(stderr.match(/double-free/g)!.length).toBeGreaterThan(0);
    expect({ code, stdout }).toEqual({ code: 9, stdout: 'still running\n' });
  });

  test('is found in a worker', async () => {
    const options = { ASAN_OPTIONS: 'halt_on_error=0' };
    const { stdout, stderr } = await wasan(['node', ...cached('d'), app('freed-twice.mjs'), 'worker'], options);
    expect(stderr).toContain('attempting double-free on');
    expect(stdout).toContain('still running');
  });

  test('goes to log_path', async () => {
    const log = join(folder, 'log');
    const { stderr } = await wasan(['node', ...cached('d'), `--log_path=${log}`, app('freed-twice.mjs')]);
    expect(stderr).toBe('');
    expect(readdirSync(folder).filter((n) => n.startsWith('log.'))).toHaveLength(1);
  });
});

test('the WebAssembly API shows the original module', async () => {
  const module = binaryen.parseText(`(module (import "env" "memory" (memory 1))
    (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "put") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (data (i32.const 1024) "${'x'.repeat(600)}"))`);
  const path = join(folder, 'api.wasm');
  writeFileSync(path, module.emitBinary());
  const plain = await new Promise<string>((resolve) => {
    execFile(process.execPath, [app('api.mjs'), path], (_, stdout) => resolve(stdout));
  });
  const { stdout, code } = await wasan(['node', ...cached('e'), app('api.mjs'), path]);
  expect(readdirSync(join(folder, 'e'))).toHaveLength(1);
  expect({ stdout, code }).toEqual({ stdout: plain, code: 0 });
});

test('bytes that are compiled again and again are instrumented once, and every module is another', async () => {
  const module = binaryen.parseText(`(module (memory 1)
    (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "put") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "constant") (result i32) (i32.const 41))
    (data (i32.const 1024) "${'x'.repeat(600)}"))`);
  const path = join(folder, 'again.wasm');
  writeFileSync(path, module.emitBinary());
  const { stdout, stderr, code } = await wasan(['node', '--cache-size=0', '--verbosity=1', app('again.mjs'), path]);
  expect({ stdout, code }).toEqual({ stdout: '12 0 true\n42\n', code: 0 });
  expect(stderr.match(/loaded by/g)).toHaveLength(2);
});

test('without anything to run it says so', async () => {
  const { code, stderr } = await wasan(['node']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'wasan: wrong usage: wasan node needs something to run [E_USAGE]\n',
  });
});
