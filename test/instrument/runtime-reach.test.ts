// What becomes of runtime functions that a module does not need: their bodies are gone, and nothing calls them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { type InstrumentOptions, instrument } from '../../index.ts';
import { DEAD_BODY } from '../../instrument/stream/runtime-reach.ts';
import { Decoder } from '../../instrument/wasm/decoder.ts';
import { KIND, type Module, parseModule } from '../../instrument/wasm/module.ts';
import { functionNames } from '../../instrument/wasm/names.ts';
import { IMM } from '../../instrument/wasm/opcodes.ts';

const require = createRequire(import.meta.url);
const MODULES = ['source-map/lib/mappings.wasm', 'sql.js/dist/sql-wasm.wasm'];
const OPTIONS: [string, InstrumentOptions][] = [
  ['with a host', { host: true }],
  ['without a host', {}],
  ['outlined', { host: true, mode: 'outline' }],
  ['paged', { host: true, mapping: 'paged' }],
  ['in a second instance', { host: true, singleMemory: true }],
  ['without elimination', { host: true, elide: false }],
];

function isDead(module: Module, func: number): boolean {
  const body = module.bodies[func - module.importedFunctions];
  if (!body || body.end - body.start !== DEAD_BODY.length) return false;
  return DEAD_BODY.every((byte, i) => module.bytes[body.start + i] === byte);
}

/** Functions that code calls, tables and exports included. */
function used(module: Module): Set<number> {
  const found = new Set(module.exports.filter((e) => e.kind === KIND.FUNC).map((e) => e.index));
  for (const { start, end } of module.bodies) {
    const d = new Decoder(module.bytes, start, end);
    d.skipLocals();
    while (d.pos < d.end) {
      d.next();
      if (d.immediates === IMM.FUNC || d.immediates === IMM.REF_FUNC) found.add(d.index);
    }
  }
  return found;
}

describe.each(MODULES)('%s', (path) => {
  test.each(OPTIONS)('%s', (_name, options) => {
    const module = parseModule(instrument(readFileSync(require.resolve(path)), options).bytes);
    const names = functionNames(module);
    const dead = [...used(module)].filter((func) => isDead(module, func));
    expect(dead.filter((func) => !names.has(func))).toEqual([]); // the program's own may be just that
    const nameless = module.bodies
      .map((_, i) => module.importedFunctions + i)
      .filter((f) => isDead(module, f) && !names.has(f));
    expect(nameless.length).toBeGreaterThan(options.host ? 100 : 20);
  });
});
