// The JavaScript around a module, which may tell what its minified exports are called: given by --glue, else lying beside it.

import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { glueNames } from '../instrument/index.ts';
import { readText } from './module-file.ts';

/** Emscripten and asc write name.js and name.wasm. */
const SCRIPTS = ['.js', '.mjs', '.cjs'];

export function glueBeside(path: string): string | undefined {
  const stem = join(dirname(path), basename(path, extname(path)));
  return SCRIPTS.map((script) => stem + script).find((file) => existsSync(file));
}

export function glueNamesFor(
  path: string,
  module: Uint8Array,
  values: ReadonlyMap<string, readonly string[]>,
): { glueNames: Record<string, string> } {
  const given = values.get('--glue')?.[0];
  const file = given ?? glueBeside(path);
  return { glueNames: file === undefined ? {} : glueNames(module, readText(file)) };
}
