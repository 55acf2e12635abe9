// What wasan cannot do is refused with one sentence, a stable code and exit 2; nothing on standard output, no file left.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import binaryen from 'binaryen';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wasan } from '../support/cli.ts';

const HEAD = [0, 0x61, 0x73, 0x6d];
const MEMORY = '(memory 1)';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-bad-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function wat(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

const good = wat(`(module ${MEMORY} (export "_start" (func 0)) (func (i32.store (i32.const 8) (i32.const 1))))`);
const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

/** A module that is refused, the code, and what the sentence says. */
const MODULES: readonly [what: string, bytes: () => Uint8Array, code: string, sentence: RegExp][] = [
  ['empty', () => bytesOf(), 'E_NOT_WASM', /not a WebAssembly binary/],
  ['text', () => new TextEncoder().encode('#!/bin/sh\necho hello\n'), 'E_NOT_WASM', /not a WebAssembly binary/],
  ['half a magic', () => bytesOf(0, 0x61), 'E_NOT_WASM', /not a WebAssembly binary/],
  ['another version', () => bytesOf(...HEAD, 2, 0, 0, 0), 'E_WASM_VERSION', /version 2; only version 1/],
  ['a component', () => bytesOf(...HEAD, 0x0d, 0, 1, 0), 'E_COMPONENT', /component/],
  ['truncated in a section', () => good.slice(0, good.length - 3), 'E_TRUNCATED', /ends early/],
  ['a section of an unknown kind', () => bytesOf(...good, 99, 0), 'E_UNSUPPORTED', /section/],
  [
    'compact imports',
    () => bytesOf(...compactImports(0x7f, 1, 1, 0x61, 0, 0)),
    'E_UNSUPPORTED',
    /compact imports.*"m"/,
  ],
  ['compact imports of one type', () => bytesOf(...compactImports(0x7e, 0, 0, 1, 1, 0x61)), 'E_UNSUPPORTED', /compact/],
  ['an opcode of no proposal', () => damaged([0x36, 0x02, 0x00], [0xf7, 0x02, 0x00]), 'E_UNSUPPORTED', /./],
  ['no memory', () => wat('(module (func (export "_start")))'), 'E_NO_MEMORY', /memory/],
  ['a shared memory', () => wat('(module (memory 1 1 shared) (func (export "_start")))'), 'E_SHARED_MEMORY', /shared/],
  [
    'an export called __asan_init',
    () => wat(`(module ${MEMORY} (func (export "__asan_init")))`),
    'E_NAME_CLASH',
    /__asan_init/,
  ],
  [
    'an export called __wasan_memory',
    () => wat('(module (memory (export "__wasan_memory") 1) (func))'),
    'E_NAME_CLASH',
    /__wasan_memory/,
  ],
];

/** A module that imports "a" of "m" with the function type 0, by one of the proposal's two ways. */
function compactImports(...way: number[]): number[] {
  const section = [1, 1, 0x6d, 0, ...way];
  return [...HEAD, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, section.length, ...section];
}

/** `good` with one instruction replaced. */
function damaged(from: number[], to: number[]): Uint8Array {
  const copy = good.slice();
  const at = copy.findIndex((_, i) => from.every((byte, k) => copy[i + k] === byte));
  if (at < 0) throw new Error('the instruction is not there');
  copy.set(to, at);
  return copy;
}

/** One sentence on one line, with its code; nothing else anywhere. */
function expectRefusal(result: ReturnType<typeof wasan>, code: string, sentence: RegExp): void {
  expect(result.stderr).toMatch(/^wasan: [^\n]+ \[E_[A-Z_]+\]\n$/);
  expect(result.stderr).toContain(`[${code}]`);
  expect(result.stderr).toMatch(sentence);
  expect(result.stdout).toBe('');
  expect(result.status).toBe(2);
}

describe.each(MODULES)('%s', (what, bytes, code, sentence) => {
  const commands = { run: [] as string[], instrument: ['-o', 'out.wasm'] };
  for (const [command, more] of Object.entries(commands)) {
    test(command, () => {
      const cwd = join(folder, `${command} ${what}`);
      mkdirSync(cwd);
      writeFileSync(join(cwd, 'in.wasm'), bytes());
      expectRefusal(wasan([command, 'in.wasm', ...more], { cwd }), code, sentence);
      expect(readdirSync(cwd)).toEqual(['in.wasm']);
    });
  }
});

describe('files', () => {
  test('a module that is not there', () => {
    expectRefusal(wasan(['run', 'nowhere.wasm'], { cwd: folder }), 'E_INPUT', /nowhere\.wasm: no such file/);
  });

  test('a folder instead of a module', () => {
    expectRefusal(wasan(['inspect', '.'], { cwd: folder }), 'E_INPUT', /directory/);
  });

  test.each([
    ['a folder that is not there', 'nowhere/out.wasm'],
    ['a folder', 'taken'],
    ['a full device', '/dev/full'],
  ])('an output that cannot be written: %s', (what, out) => {
    if (out.startsWith('/dev/') && !existsSync(out)) return;
    const cwd = join(folder, `output ${what}`);
    mkdirSync(join(cwd, 'taken'), { recursive: true });
    writeFileSync(join(cwd, 'in.wasm'), good);
    expectRefusal(wasan(['instrument', 'in.wasm', '-o', out], { cwd }), 'E_OUTPUT', /./);
    expect(readdirSync(cwd).sort()).toEqual(['in.wasm', 'taken']);
    expect(readdirSync(join(cwd, 'taken'))).toEqual([]);
    if (out.startsWith('/dev/')) expect(statSync(out).isCharacterDevice()).toBe(true);
  });

  test('an existing output survives a refusal', () => {
    const cwd = join(folder, 'survives');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'in.wasm'), 'not wasm');
    writeFileSync(join(cwd, 'out.wasm'), 'precious');
    expectRefusal(wasan(['instrument', 'in.wasm', '-o', 'out.wasm'], { cwd }), 'E_NOT_WASM', /./);
    expect(readFileSync(join(cwd, 'out.wasm'), 'utf8')).toBe('precious');
  });

  test('what is instrumented already', () => {
    const cwd = join(folder, 'twice');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'in.wasm'), good);
    expect(wasan(['instrument', 'in.wasm', '-o', 'once.wasm'], { cwd }).status).toBe(0);
    expectRefusal(wasan(['instrument', 'once.wasm', '-o', 'twice.wasm'], { cwd }), 'E_ALREADY_INSTRUMENTED', /./);
    expectRefusal(wasan(['run', 'once.wasm'], { cwd }), 'E_ALREADY_INSTRUMENTED', /./);
    expect(readdirSync(cwd).sort()).toEqual(['in.wasm', 'once.wasm']);
  });
});

describe('usage', () => {
  test.each([
    ['an unknown command', ['destroy'], 'E_USAGE', /destroy/],
    ['no module', ['run'], 'E_USAGE', /module/],
    ['no output', ['instrument', 'in.wasm'], 'E_USAGE', /-o/],
    ['two modules', ['instrument', 'a.wasm', 'b.wasm', '-o', 'c.wasm'], 'E_USAGE', /one module/],
    ['an unknown option', ['run', '--frobnicate', 'in.wasm'], 'E_UNKNOWN_OPTION', /--frobnicate/],
    ['a misspelt option', ['run', '--halt_on_eror=0', 'in.wasm'], 'E_UNKNOWN_OPTION', /halt_on_error/],
    ['a bad value', ['run', '--halt_on_error=perhaps', 'in.wasm'], 'E_OPTION_VALUE', /halt_on_error/],
    ['a bad number', ['run', '--malloc_context_size=many', 'in.wasm'], 'E_OPTION_VALUE', /malloc_context_size/],
    ['a bad mode', ['run', '--mode=sideways', 'in.wasm'], 'E_USAGE', /inline, outline/],
    ['a flag without its value', ['instrument', 'in.wasm', '-o'], 'E_USAGE', /-o/],
    ['a flag given twice', ['run', '--mode=inline', '--mode=outline', 'in.wasm'], 'E_USAGE', /twice/],
    ['a bad allocator', ['run', '--allocator', 'malloc', 'in.wasm'], 'E_USAGE', /role=function/],
    ['a bad variable', ['run', '--env', 'NAME', 'in.wasm'], 'E_USAGE', /NAME=value/],
  ] as const)('%s', (_, args, code, sentence) => {
    expectRefusal(wasan(args, { cwd: folder }), code, sentence);
  });

  test('a bad value in ASAN_OPTIONS', () => {
    const env = { ASAN_OPTIONS: 'halt_on_error=perhaps' };
    expectRefusal(wasan(['run', 'in.wasm'], { cwd: folder, env }), 'E_OPTION_VALUE', /halt_on_error/);
  });

  test('an allocator function that is not there', () => {
    const path = join(folder, 'good.wasm');
    writeFileSync(path, good);
    expectRefusal(wasan(['run', '--allocator', 'malloc=nobody', path]), 'E_NO_ALLOCATOR', /nobody/);
    expectRefusal(wasan(['run', '--allocator', 'mallok=0', path]), 'E_NO_ALLOCATOR', /mallok/);
  });

  test('a module that is no WASI command', () => {
    const path = join(folder, 'library.wasm');
    writeFileSync(path, wat(`(module ${MEMORY} (func (export "f")))`));
    expectRefusal(wasan(['run', path]), 'E_NO_ENTRY', /_start/);
    writeFileSync(path, wat(`(module (import "env" "f" (func)) ${MEMORY} (func (export "_start")))`));
    expectRefusal(wasan(['run', path]), 'E_NO_ENTRY', /env\.f/);
  });

  test('no command at all prints the help and exits 2', () => {
    const result = wasan([]);
    expect(result.stdout).toContain('usage: wasan <command>');
    expect(result.status).toBe(2);
  });
});
