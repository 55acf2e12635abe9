// Large wasm modules as they ship on npm: those of this project's own dependencies, and one fetched into the bench's cache.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './cache.ts';

const require = createRequire(import.meta.url);

export interface NpmModule {
  readonly name: string;
  /** The file, or undefined where it cannot be fetched. */
  readonly path: () => string | undefined;
}

const duckdb = () => fetched('@duckdb/duckdb-wasm@1.32.0', 'dist/duckdb-eh.wasm');

/** By size. */
export const NPM_MODULES: readonly NpmModule[] = [
  { name: 'source-map', path: () => require.resolve('source-map/lib/mappings.wasm') },
  { name: 'sql.js', path: () => require.resolve('sql.js/dist/sql-wasm.wasm') },
  { name: 'esbuild-wasm', path: () => require.resolve('esbuild-wasm/esbuild.wasm') },
  { name: 'duckdb-wasm (eh)', path: duckdb },
  {
    name: 'clang (@yowasp/clang)',
    path: () => fileURLToPath(new URL('llvm.core.wasm', import.meta.resolve('@yowasp/clang'))),
  },
];

/** A file of a package that is no dependency. */
function fetched(spec: string, file: string): string | undefined {
  const folder = fetchPackage(spec);
  return folder && join(folder, file);
}

/** The unpacked folder of a package that is no dependency, kept in the cache; undefined where it cannot be had. */
export function fetchPackage(spec: string): string | undefined {
  const folder = join(CACHE, 'npm', spec.replace(/[^\w.-]/g, '_'));
  const unpacked = join(folder, 'package');
  if (existsSync(unpacked)) return unpacked;
  try {
    mkdirSync(folder, { recursive: true });
    const run = (command: string, args: string[]) =>
      execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const archive = run('npm', ['pack', spec]).trim().split('\n').at(-1)!;
    run('tar', ['xf', archive]);
    return unpacked;
  } catch {
    return undefined;
  }
}
