// Other tools that find memory bugs, as far as this machine has them: how each builds and runs a program of the suite, and
// what its slowdown is measured against, which is always its own build without the checks.

import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEmscripten, buildNative, buildWasi, type Sources } from './build.ts';
import { made } from './cache.ts';
import type { Program } from './suite.ts';
import { task } from './task.ts';
import { END_OF_HEAP } from './tasks/end-of-heap.ts';

export interface Run {
  /** CPU milliseconds. */
  readonly times: readonly number[];
  readonly result: number;
}

export interface Rival {
  readonly name: string;
  /** What of it this machine has, or undefined if nothing. */
  readonly version: () => string | undefined;
  /** Rounds to warm up and to time; a slow one gets fewer. */
  readonly rounds: readonly [warm: number, timed: number];
  readonly plain: (program: Program, sources: Sources, rounds: readonly [number, number]) => Promise<Run>;
  readonly checked: (program: Program, sources: Sources, rounds: readonly [number, number]) => Promise<Run>;
}

const ASAN = ['-fsanitize=address'];
const WARM: readonly [number, number] = [2, 3];
const ONCE: readonly [number, number] = [0, 1];

const emscripten =
  (flags: readonly string[], options = '') =>
  async (program: Program, sources: Sources, [warm, rounds]: readonly [number, number]) =>
    task<Run>('emscripten.cjs', [await buildEmscripten(program, sources, flags), program.size, warm, rounds, options]);

const native =
  (compiler: string, flags: readonly string[], wrapper: readonly string[] = [], env: Record<string, string> = {}) =>
  async (program: Program, sources: Sources, [warm, rounds]: readonly [number, number]): Promise<Run> => {
    const binary = await buildNative(program, sources, compiler, flags);
    const [command, ...args] = [...wrapper, binary, String(program.size), String(warm), String(rounds)];
    const output = execFileSync(command!, args, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [times, result] = output.trim().split('\n');
    return { times: JSON.parse(times!) as number[], result: Number(result) };
  };

/** Debian numbers its compilers; elsewhere it is plain `clang`. */
const CLANG = versionOf('clang-19') ? 'clang-19' : 'clang';

const NO_LEAKS = { ASAN_OPTIONS: 'detect_leaks=0' };
const BINARYEN = fileURLToPath(new URL('../node_modules/binaryen/bin/', import.meta.url));
const FEATURES = [
  '--enable-bulk-memory',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
];
const MORE_FEATURES = ['--enable-multivalue', '--enable-reference-types', '--enable-exception-handling'];

/** What --safe-heap asks of its surroundings, inside the module: a call to JavaScript per access would be what is timed. */
const SURROUNDINGS = `(module
  (func (export "emscripten_get_sbrk_ptr") (result i32) (i32.const ${END_OF_HEAP}))
  (func (export "segfault") unreachable)
  (func (export "alignfault")))`;

async function safeHeap(program: Program, sources: Sources, [warm, rounds]: readonly [number, number]): Promise<Run> {
  const input = await buildWasi(program, sources);
  const features = [...FEATURES, ...MORE_FEATURES];
  const output = await made(['safe-heap', features, SURROUNDINGS, input], '.wasm', (path) => {
    const tool = (name: string, args: readonly string[]) =>
      execFileSync(process.execPath, [join(BINARYEN, name), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const checked = `${path}.checked.wasm`;
    const text = `${path}.surroundings.wat`;
    writeFileSync(text, SURROUNDINGS);
    tool('wasm-opt', [input, '--safe-heap', ...features, '-o', checked]);
    tool('wasm-merge', [checked, 'program', text, 'env', ...features, '-o', path]);
    for (const file of [checked, text]) rmSync(file);
  });
  return task<Run>('safe-heap', [output, program.size, warm, rounds]);
}

async function plainWasi(program: Program, sources: Sources, [warm, rounds]: readonly [number, number]): Promise<Run> {
  const { times, result } = task<{ times: number[][]; result: number }>('speed', [
    await buildWasi(program, sources),
    program.size,
    warm + rounds,
    'original',
  ]);
  return { times: times[0]!, result };
}

export const RIVALS: readonly Rival[] = [
  {
    name: 'emcc ASan, no stacks',
    version: () => versionOf('emcc'),
    rounds: WARM,
    plain: emscripten([]),
    checked: emscripten(ASAN, 'malloc_context_size=0'),
  },
  {
    name: 'emcc ASan, default',
    version: () => versionOf('emcc'),
    rounds: ONCE,
    plain: emscripten([]),
    checked: emscripten(ASAN),
  },
  {
    name: 'gcc ASan',
    version: () => versionOf('gcc'),
    rounds: WARM,
    plain: native('gcc', []),
    checked: native('gcc', ASAN, [], NO_LEAKS),
  },
  {
    name: 'clang ASan',
    version: () => versionOf(CLANG),
    rounds: WARM,
    plain: native(CLANG, []),
    checked: native(CLANG, ASAN, [], NO_LEAKS),
  },
  {
    name: 'valgrind',
    version: () => versionOf('valgrind'),
    rounds: ONCE,
    plain: native('gcc', []),
    checked: native('gcc', [], ['valgrind', '-q', '--leak-check=no']),
  },
  {
    name: 'wasm-opt --safe-heap',
    version: () => versionOf(process.execPath, [join(BINARYEN, 'wasm-opt')]),
    rounds: WARM,
    plain: plainWasi,
    checked: safeHeap,
  },
];

function versionOf(command: string, args: readonly string[] = []): string | undefined {
  try {
    const output = execFileSync(command, [...args, '--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.split('\n')[0];
  } catch {
    return undefined;
  }
}
