// The symbols of a module that was read from a file: what is beside it may know more than the module.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSymbolizer, type Symbolizer } from '../host/symbols/index.ts';

/** The module's own symbols, or those of the source map it names, if that lies beside it. */
export function readSymbols(path: string, module: Uint8Array, demangle = true): Symbolizer {
  const own = createSymbolizer(module, { demangle });
  const url = own.sourceMapUrl;
  if (own.info === 'dwarf' || url === undefined || /^[a-z]+:\/\//i.test(url)) return own;
  const map = join(dirname(path), url);
  return existsSync(map) ? createSymbolizer(module, { demangle, sourceMap: readFileSync(map, 'utf8') }) : own;
}
