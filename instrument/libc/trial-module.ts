// A module of nothing but a few functions of another one, exported to be tried out: its own memory, no data, no imports. Every
// loop and every function counts down a global and traps when that is used up, so that no trial runs for ever.

import { countRound } from '../probe-module.ts';
import { Writer } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import { KIND, type Module, SECTION } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { LibraryQuestion } from './by-body.ts';

const MEMORY = 'memory';
const FUEL = 'fuel';
const PAGES = 1;

/** `functions` hold every function that one of them calls, and touch no globals or tables. */
export function trialModule(module: Module, functions: readonly number[]): LibraryQuestion {
  const index = new Map(functions.map((func, i) => [func, i]));
  const w = new Writer(1 << 14);
  w.append(module.bytes, 0, 8);
  const types = module.sections.find((s) => s.id === SECTION.TYPE)!;
  w.byte(SECTION.TYPE);
  w.u32(types.end - types.start);
  w.append(module.bytes, types.start, types.end);
  const section = (id: number, write: (w: Writer) => void) => {
    const contents = new Writer(1 << 14);
    write(contents);
    w.section(id, contents);
  };
  section(SECTION.FUNCTION, (s) => {
    s.u32(functions.length);
    for (const func of functions) s.u32(module.functions[func]!);
  });
  section(SECTION.MEMORY, (s) => [1, 0, PAGES].forEach((byte) => s.byte(byte)));
  section(SECTION.GLOBAL, (s) => [1, TYPE.I32, 1, OP.I32_CONST, 0, OP.END].forEach((byte) => s.byte(byte)));
  section(SECTION.EXPORT, (s) => exportSection(s, functions.length));
  section(SECTION.CODE, (s) => {
    s.u32(functions.length);
    for (const func of functions) {
      const body = fuelledBody(module, func, index);
      s.u32(body.length);
      s.append(body.view());
    }
  });
  const parameters = functions.map((func) => module.types[module.functions[func]!]!.params.length);
  return { bytes: w.view().slice(), parameters, memory: MEMORY, fuel: FUEL };
}

function exportSection(w: Writer, count: number): void {
  const entry = (name: string, kind: number, index: number) => {
    w.name(name);
    w.byte(kind);
    w.u32(index);
  };
  w.u32(count + 2);
  for (let i = 0; i < count; i++) entry(String(i), KIND.FUNC, i);
  entry(MEMORY, KIND.MEMORY, 0);
  entry(FUEL, KIND.GLOBAL, 0);
}

/** The body with its calls numbered anew. */
function fuelledBody(module: Module, func: number, index: ReadonlyMap<number, number>): Writer {
  const { start, end } = module.bodies[func - module.importedFunctions]!;
  const w = new Writer(end - start + 64);
  const d = new Decoder(module.bytes, start, end);
  d.skipLocals();
  w.append(module.bytes, start, d.pos);
  countRound(w, 0);
  while (d.pos < d.end) {
    d.next();
    if (d.op === OP.CALL) {
      w.byte(OP.CALL);
      w.u32(index.get(d.index)!);
    } else w.append(module.bytes, d.start, d.pos);
    if (d.op === OP.LOOP) countRound(w, 0);
  }
  return w;
}
