// Modules to survey whose names are known because they were made here: Emscripten's and WASI's allocators at every level.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAsc } from '../../test/support/compile-assemblyscript.ts';
import { compileC } from '../../test/support/compile-c.ts';

export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LEVELS = ['-O0', '-O1', '-O2', '-O3', '-Os', '-Oz'];

const C = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  char *a = calloc(argc, 10), *b = aligned_alloc(64, 128 * argc), *c = malloc(argc * 7);
  a = realloc(a, 1000 * argc);
  strcpy(c, argv[0]);
  sprintf(a, "%s %p %s", argv[0], (void *)b, c);
  puts(a);
  free(a); free(b); free(c);
}
`;

/** A program that only allocates and frees: whatever can be inlined is. */
const SMALL = `#include <stdlib.h>
int main(int argc, char **argv) {
  char **list = malloc(argc * sizeof *list);
  for (int i = 0; i < argc; i++) { list[i] = malloc(100 + i); list[i][i] = argv[i][0]; }
  int sum = 0;
  for (int i = 0; i < argc; i++) { sum += list[i][i]; free(list[i]); }
  free(list);
  return sum;
}
`;

const CPP = `#include <map>
#include <string>
#include <cstdio>
int main(int argc, char **argv) {
  std::map<std::string, int> count;
  for (int i = 0; i < argc; i++) count[argv[i]]++;
  for (auto &[word, times] : count) printf("%s %d\\n", word.c_str(), times);
}
`;

/** Emscripten's, where Debian's is installed: names are kept beside the code, so that they can be compared. */
export function emscriptenSamples(): Sample[] {
  if (!existsSync('/usr/bin/emcc')) return [];
  const folder = mkdtempSync(join(tmpdir(), 'wasan-samples-'));
  const env = { ...process.env, NODE_PATH: '/usr/share/nodejs', EMCC_CORES: '1', PATH: '/usr/bin:/bin' };
  const sources: Readonly<Record<string, string>> = { 'a.c': C, 'small.c': SMALL, 'a.cpp': CPP };
  try {
    const version = execFileSync('emcc', ['--version'], { env, encoding: 'utf8' });
    for (const [file, text] of Object.entries(sources)) writeFileSync(join(folder, file), text);
    return Object.keys(sources).flatMap((file) =>
      ['dlmalloc', 'emmalloc'].flatMap((allocator) =>
        LEVELS.map((level) => {
          const [compiler, standard] = file.endsWith('.c') ? ['emcc', 'gnu11'] : ['em++', 'c++17'];
          const flags = [level, `-std=${standard}`, `-sMALLOC=${allocator}`, '--profiling-funcs'];
          const bytes = kept([version, compiler, ...flags, sources[file]!], () => {
            execFileSync(compiler, [file, ...flags, '-o', 'a.js'], { cwd: folder, env, stdio: 'pipe' });
            return readFileSync(join(folder, 'a.wasm'));
          });
          return { name: `Emscripten 3.1.6, ${allocator}, ${file} ${level}`, bytes };
        }),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was compiled of the same before: Emscripten takes a minute for each module on a busy machine. */
function kept(made: readonly string[], make: () => Uint8Array): Uint8Array {
  const file = join(tmpdir(), 'wasan-samples', createHash('sha256').update(JSON.stringify(made)).digest('hex'));
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, make());
  }
  return new Uint8Array(readFileSync(file));
}

/** AssemblyScript's at every level and with either collector. */
export async function assemblyScriptSamples(): Promise<Sample[]> {
  const source = readFileSync(
    fileURLToPath(new URL('../../test/allocator/assemblyscript/guest.as', import.meta.url)),
    'utf8',
  );
  const samples: Sample[] = [];
  for (const runtime of ['incremental', 'minimal', 'stub']) {
    for (const level of LEVELS) {
      const flags = ['--runtime', runtime, '--exportRuntime', '--debug', level];
      const { 'a.wasm': bytes } = await runAsc('a.ts', source, flags);
      samples.push({
        name: `AssemblyScript 0.28.20, ${runtime === 'stub' ? '' : 'TLSF, '}${runtime} ${level}`,
        bytes: bytes!,
      });
    }
  }
  return samples;
}

/** mimalloc as later versions of Emscripten have it; exports name its members. */
export function mimallocSamples(): Sample[] {
  return ['2.1.2', '3.4.1'].map((version) => {
    const file = fileURLToPath(new URL(`../../test/allocator/mimalloc/v${version[0]}.wasm`, import.meta.url));
    return { name: `Emscripten 3.1.6, mimalloc ${version}, users.c -O2`, bytes: new Uint8Array(readFileSync(file)) };
  });
}

/** Those that the tests keep; without names, like what a package ships. */
export function rustSamples(): Sample[] {
  return ['wasm-opt', 'lto'].map((name) => {
    const file = fileURLToPath(new URL(`../../test/allocator/older-rust/${name}.wasm`, import.meta.url));
    return { name: `Rust 1.63, ${name}`, bytes: new Uint8Array(readFileSync(file)) };
  });
}

/** wasi-libc's, by the clang that the tests use. */
export async function wasiSamples(): Promise<Sample[]> {
  const sources = { 'a.c': C, 'small.c': SMALL, 'a.cpp': CPP };
  const samples: Sample[] = [];
  for (const [file, source] of Object.entries(sources)) {
    for (const level of LEVELS) {
      const flags = [level, ...(file === 'a.cpp' ? ['-std=c++17', '-fno-exceptions'] : [])];
      samples.push({ name: `WASI, dlmalloc, ${file} ${level}`, bytes: await compileC({ file, source, flags }) });
    }
  }
  return samples;
}
