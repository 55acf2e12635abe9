// Does the DWARF of a module still describe its code? Tools that rewrite code after linking may leave the debugging information
// of the old code behind: wasm-opt does, and clang runs it by itself where it finds it. Names and lines would then be those
// of other functions, and variables would lie where there are none.

import type { Dwarf } from './dwarf.ts';
import type { WasmModule } from './wasm-module.ts';

/** Functions looked at; a linker is right about all of them, chance about one in twenty. */
const SAMPLE = 256;

/** Whether most functions of the DWARF do not begin or end where functions of the module do, or it knows none (wasm-opt
 *  without -g zeroes their addresses). */
export function isStale(dwarf: Dwarf, { bodies, code }: WasmModule): boolean {
  const starts = new Set(bodies.starts);
  const ends = new Set(bodies.ends);
  let seen = 0;
  let right = 0;
  for (const unit of dwarf.units) {
    for (const { ranges } of dwarf.index(unit).functions) {
      seen++;
      if (ranges.some(({ start, end }) => starts.has(start + code.start) || ends.has(end + code.start))) right++;
    }
    if (seen >= SAMPLE) break;
  }
  return right * 2 <= seen;
}
