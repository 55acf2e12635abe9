// Builds a program of the suite for a target: for WASI with the clang that npm installed, natively and with Emscripten
// where the machine has the compilers. Results are kept by content.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { commands } from '@yowasp/clang';
import { made } from './cache.ts';
import { debianSource } from './debian.ts';
import type { Program } from './suite.ts';

const SUITE = new URL('suite/', import.meta.url);
const OPTIMISE = ['-O2', '-w'];

export interface Sources {
  /** Every file a compiler needs, in one folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Those to compile. */
  readonly units: readonly string[];
}

/** A program's source files, or why they are not to be had. */
export function sourcesOf(program: Program): Sources | { readonly reason: string } {
  const own = (name: string) => readFileSync(new URL(name, SUITE), 'utf8');
  const files: Record<string, string> = { 'bench.h': own('bench.h'), [program.driver]: own(program.driver) };
  const units = [program.driver];
  if (program.source === undefined) return { files, units };
  const tree = debianSource(program.source);
  if ('reason' in tree) return tree;
  for (const folder of program.folders ?? ['.']) {
    for (const file of readdirSync(join(tree.folder, folder))) {
      const isUnit = file.endsWith('.c') && program.pick!(file);
      if (!isUnit && !file.endsWith('.h') && !program.includes?.includes(file)) continue;
      files[file] = readFileSync(join(tree.folder, folder, file), 'latin1');
      if (isUnit) units.push(file);
    }
  }
  return { files, units };
}

/** A WASI reactor exporting `run`: the path of the module. */
export function buildWasi(program: Program, { files, units }: Sources): Promise<string> {
  const flags = [...OPTIMISE, ...(program.flags ?? []), ...(program.wasiFlags ?? []), '-mexec-model=reactor', '-I.'];
  return made([compilerVersion(), flags, files, units], '.wasm', async (path) => {
    const args = [...flags, ...units, '-o', 'out.wasm'];
    const out = await commands.clang(args, files as Record<string, string>, { fetchProgress: () => {} });
    writeFileSync(path, (out as Record<string, Uint8Array>)['out.wasm']!);
  });
}

/** Read from its package: the compiler has no version to ask for without loading its 75 MB. */
function compilerVersion(): string {
  const file = new URL('../node_modules/@yowasp/clang/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** A native command (suite/main.c); `flags` may ask for a sanitizer. */
export function buildNative(program: Program, sources: Sources, compiler: string, flags: readonly string[]) {
  const main = readFileSync(new URL('main.c', SUITE), 'utf8');
  const withMain = { files: { ...sources.files, 'main.c': main }, units: ['main.c', ...sources.units] };
  return inFolder(program, withMain, '', compiler, [...flags], ['-lm']);
}

const EMSCRIPTEN = [
  '-sMODULARIZE=1', '-sSINGLE_FILE=1', '-sENVIRONMENT=node', '-sEXPORTED_FUNCTIONS=_run', '-sALLOW_MEMORY_GROWTH=1', '--no-entry',
]; // biome-ignore format: pairs

/** A CommonJS module whose default export makes the instance. */
export function buildEmscripten(program: Program, sources: Sources, flags: readonly string[]): Promise<string> {
  return inFolder(program, sources, '.cjs', 'emcc', [...EMSCRIPTEN, ...flags], []);
}

/**
 * Emscripten must find its own wasm-opt, not the one npm puts in front of it; and Debian's keeps its JavaScript where only
 * NODE_PATH leads.
 */
const COMPILER_ENVIRONMENT = {
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith('node_modules/.bin'))
    .join(delimiter),
  NODE_PATH: '/usr/share/nodejs',
};

function inFolder(
  program: Program,
  { files, units }: Sources,
  extension: string,
  compiler: string,
  flags: readonly string[],
  libraries: readonly string[],
): Promise<string> {
  const args = [...OPTIMISE, ...(program.flags ?? []), ...flags, '-I.', ...units];
  const version = execFileSync(compiler, ['--version'], { encoding: 'utf8' });
  return made([version, args, libraries, files], extension, (path) => {
    const folder = mkdtempSync(join(tmpdir(), 'wasan-bench-'));
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, 'latin1');
      execFileSync(compiler, [...args, '-o', path, ...libraries], {
        cwd: folder,
        env: { ...process.env, ...COMPILER_ENVIRONMENT },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
