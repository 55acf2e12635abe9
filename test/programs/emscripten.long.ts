// Programs that Emscripten makes of C and C++: exceptions of both kinds, longjmp, Asyncify and pthreads, under `wasan node`.
// They unwind the stack in ways no instruction of a function tells; all must be silent and print what they printed before.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { keepBusy } from '../support/busy.ts';
import { wasan } from '../support/cli.ts';

const SOURCES = fileURLToPath(new URL('emscripten/', import.meta.url));
const PRELOAD = { NODE_OPTIONS: `--require ${SOURCES}no-fetch.cjs` };
const OPTIONS = 'halt_on_error=0:detect_stack_use_after_return=1';
const POOL = [
  '-pthread',
  '-sASSERTIONS=0',
  '-sPTHREAD_POOL_SIZE=8',
  '-sINITIAL_MEMORY=128MB',
  '-sEXIT_RUNTIME=1',
  '-DTHREADS=8',
];

const missing = existsSync('/usr/bin/emcc') ? undefined : "Debian's emscripten is missing";
if (missing) console.log(`programs made by Emscripten are not run: ${missing}`);

const folder = mkdtempSync(join(tmpdir(), 'wasan-emscripten-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let built = 0;

function build(source: string, flags: readonly string[]): string {
  const output = join(folder, `program${built++}.cjs`);
  const compiler = source.endsWith('.cpp') ? 'em++' : 'emcc';
  execFileSync(compiler, [...flags, join(SOURCES, source), '-o', output], {
    env: { ...process.env, NODE_PATH: '/usr/share/nodejs', EMCC_CORES: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return output;
}

const RIGHT: readonly (readonly [source: string, ...flags: string[]])[] = [
  ['exceptions.cpp', '-O0', '-g', '-std=c++17', '-fwasm-exceptions'],
  ['exceptions.cpp', '-O2', '-std=c++17', '-fwasm-exceptions'],
  ['exceptions.cpp', '-O1', '-g', '-std=c++17', '-fexceptions'],
  ['exceptions.cpp', '-O2', '-std=c++17', '-fexceptions'],
  ['longjmp.c', '-O0', '-g'],
  ['longjmp.c', '-O2'],
  ['asyncify.c', '-O1', '-g', '-sASYNCIFY'],
  ['asyncify.c', '-O2', '-sASYNCIFY'],
  ['threads.c', '-O0', '-g', '-DROUNDS=2000', ...POOL],
  ['threads.c', '-O2', '-DROUNDS=20000', ...POOL],
];

describe.skipIf(missing)('made by Emscripten', () => {
  test.each(RIGHT.map((program) => [program.join(' '), program] as const))('%s', (_, [source, ...flags]) => {
    const program = build(source, flags);
    const plain = spawnSync(process.execPath, [program], { encoding: 'utf8', env: { ...process.env, ...PRELOAD } });
    const checked = wasan(['node', `--cache-dir=${folder}`, program], { env: { ...PRELOAD, ASAN_OPTIONS: OPTIONS } });
    expect(checked).toEqual({ status: 0, stdout: plain.stdout, stderr: '' });
    expect(plain.stdout).toMatch(/\d\n/);
  });

  const checked = (program: string, options: string) =>
    wasan(['node', `--cache-dir=${folder}`, program], { env: { ...PRELOAD, ASAN_OPTIONS: options } });

  test('pthreads, twenty times in a row beside two busy processes', () => {
    const right = build('threads.c', ['-O1', '-g', '-DROUNDS=2000', ...POOL]);
    const wrong = build('threads.c', ['-O1', '-g', '-DROUNDS=200', '-DBUG', ...POOL]);
    const plain = spawnSync(process.execPath, [right], { encoding: 'utf8', env: { ...process.env, ...PRELOAD } });
    const release = keepBusy(2);
    try {
      for (let time = 0; time < 20; time++) {
        expect(checked(right, OPTIONS)).toEqual({ status: 0, stdout: plain.stdout, stderr: '' });
        const { stderr, status } = checked(wrong, 'halt_on_error=0');
        expect(stderr).toMatch(
          /heap-buffer-overflow on address.*\nWRITE of size 1 at .* thread T[1-8]\n.* in work .*threads\.c:\d+/,
        );
        expect(stderr).toMatch(/is located 0 bytes after 20-byte region[\s\S]*allocated by thread T[1-8] here:/);
        expect([status, stderr.match(/ERROR: AddressSanitizer/g)?.length]).toEqual([1, 1]);
      }
    } finally {
      release();
    }
  });
});
