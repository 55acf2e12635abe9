// Reads what each section declares into a module that is being made.

import { InstrumentError } from '../errors.ts';
import { Reader } from './bytes.ts';
import { Decoder } from './decoder.ts';
import type { Memory, Module, Table } from './module.ts';
import { IMM, OP } from './opcodes.ts';
import { KIND, SECTION } from './sections.ts';

export type Draft = { -readonly [K in keyof Module]: Module[K] extends readonly (infer T)[] ? T[] : Module[K] } & {
  addressTaken: Set<number>;
  functionTypes: number[];
};

/** By the section's id. */
export const READERS: Readonly<Record<number, (r: Reader, m: Draft) => void>> = {
  [SECTION.TYPE]: readTypes,
  [SECTION.IMPORT]: readImports,
  [SECTION.FUNCTION]: (r, m) => {
    for (let n = r.u32(); n > 0; n--) {
      const type = r.u32();
      m.functionTypes.push(type);
      m.functions.push(type);
    }
  },
  [SECTION.TABLE]: readTables,
  [SECTION.MEMORY]: (r, m) => {
    for (let n = r.u32(); n > 0; n--) m.memories.push(readMemory(r, false));
  },
  [SECTION.GLOBAL]: (r, m) => {
    for (let n = r.u32(); n > 0; n--) {
      const type = readValueType(r);
      const mutable = (r.byte() & 1) === 1;
      m.globals.push({ imported: false, type, mutable, constant: readConstant(r, m) });
    }
  },
  [SECTION.EXPORT]: (r, m) => {
    for (let n = r.u32(); n > 0; n--) {
      const entry = { name: r.name(), kind: r.byte(), index: r.u32() };
      m.exports.push(entry);
      if (entry.kind === KIND.FUNC) m.addressTaken.add(entry.index);
    }
  },
  [SECTION.START]: (r, m) => {
    m.start = r.u32();
  },
  [SECTION.ELEMENT]: readElements,
  [SECTION.DATA_COUNT]: (r) => {
    r.u32();
  },
  [SECTION.CODE]: (r, m) => {
    for (let n = r.u32(); n > 0; n--) {
      const size = r.u32();
      const start = r.pos;
      r.skip(size);
      m.bodies.push({ start, end: r.pos });
    }
  },
  [SECTION.DATA]: readData,
  [SECTION.TAG]: (r) => {
    for (let n = r.u32(); n > 0; n--) {
      r.byte();
      r.u32();
    }
  },
};

function readValueType(r: Reader): number {
  const b = r.byte();
  if (b === 0x63 || b === 0x64) r.skipLeb();
  return b;
}

function readTypes(r: Reader, m: Draft): void {
  for (let n = r.u32(); n > 0; n--) {
    const form = r.byte();
    if (form === 0x4e) for (let k = r.u32(); k > 0; k--) readSubType(r, r.byte(), m);
    else readSubType(r, form, m);
  }
}

function readSubType(r: Reader, first: number, m: Draft): void {
  let form = first;
  if (form === 0x50 || form === 0x4f) {
    for (let n = r.u32(); n > 0; n--) r.u32();
    form = r.byte();
  }
  if (form === 0x60) {
    const params = Array.from({ length: r.u32() }, () => readValueType(r));
    const results = Array.from({ length: r.u32() }, () => readValueType(r));
    m.types.push({ params, results });
    return;
  }
  if (form !== 0x5f && form !== 0x5e) throw new InstrumentError('E_UNSUPPORTED', `type form 0x${form.toString(16)}`);
  for (let n = form === 0x5f ? r.u32() : 1; n > 0; n--) {
    readValueType(r);
    r.byte(); // mutability
  }
  m.types.push(undefined);
}

/** In place of a kind, behind an empty name: several imports follow. V8 of Node.js 24 does not know of it either. */
const COMPACT = [0x7f, 0x7e];

function readImports(r: Reader, m: Draft): void {
  for (let n = r.u32(); n > 0; n--) {
    const start = r.pos;
    const module = r.name();
    const name = r.name();
    const kind = r.byte();
    let index = 0;
    if (kind === KIND.FUNC) {
      index = m.functions.push(r.u32()) - 1;
      m.importedFunctions++;
    } else if (kind === KIND.TABLE) {
      index = m.tables.push(readTable(r)) - 1;
    } else if (kind === KIND.MEMORY) {
      index = m.memories.push(readMemory(r, true)) - 1;
    } else if (kind === KIND.GLOBAL) {
      const type = readValueType(r);
      index = m.globals.push({ imported: true, type, mutable: (r.byte() & 1) === 1, constant: undefined }) - 1;
    } else if (kind === KIND.TAG) {
      r.byte();
      r.u32();
    } else if (name === '' && COMPACT.includes(kind)) {
      throw new InstrumentError('E_UNSUPPORTED', `compact imports, several for one module name ("${module}")`);
    } else throw new InstrumentError('E_INVALID_WASM', `import kind ${kind}`);
    m.imports.push({ module, name, kind, index, start, end: r.pos });
  }
}

function readLimits(r: Reader): { flags: number; min: number; max: number | undefined } {
  const flags = r.byte();
  if (flags > 7) throw new InstrumentError('E_UNSUPPORTED', `limits flags ${flags} (custom page sizes)`);
  const min = Number(r.u64());
  return { flags, min, max: flags & 1 ? Number(r.u64()) : undefined };
}

function isAddress64(flags: number): boolean {
  return (flags & 4) !== 0;
}

function readMemory(r: Reader, imported: boolean): Memory {
  const { flags, min, max } = readLimits(r);
  return { imported, shared: (flags & 2) !== 0, is64: isAddress64(flags), min, max };
}

function readTables(r: Reader, m: Draft): void {
  for (let n = r.u32(); n > 0; n--) {
    const isInitialised = r.bytes[r.pos] === 0x40;
    if (isInitialised) r.skip(2);
    m.tables.push(readTable(r));
    if (isInitialised) readConstant(r, m);
  }
}

function readTable(r: Reader): Table {
  readValueType(r);
  return { is64: isAddress64(readLimits(r).flags) };
}

/** Skips a constant expression; returns its value where it is a single i32.const or i64.const. */
function readConstant(r: Reader, m: Draft): number | undefined {
  const decoder = new Decoder(r.bytes, r.pos, r.end);
  let value: number | undefined;
  for (let count = 0; ; count++) {
    decoder.next();
    if (decoder.op === OP.END) {
      r.pos = decoder.pos;
      return count === 1 ? value : undefined;
    }
    if (decoder.op === OP.I32_CONST) value = decoder.value >>> 0;
    else if (decoder.op === OP.I64_CONST) value = Number(new Reader(r.bytes, decoder.immediateStart).s64());
    else value = undefined;
    if (decoder.immediates === IMM.REF_FUNC) m.addressTaken.add(decoder.index);
  }
}

function readElements(r: Reader, m: Draft): void {
  for (let n = r.u32(); n > 0; n--) {
    const flags = r.u32();
    if (flags > 7) throw new InstrumentError('E_INVALID_WASM', `element segment flags ${flags}`);
    const active = (flags & 1) === 0;
    const table = active && flags & 2 ? r.u32() : 0;
    const slot = active ? readConstant(r, m) : undefined;
    if (flags & 3) {
      if (flags & 4) readValueType(r);
      else r.byte(); // element kind
    }
    const functions: number[] = [];
    for (let k = r.u32(); k > 0; k--) functions.push(flags & 4 ? readElementExpression(r, m) : r.u32());
    for (const f of functions) if (f >= 0) m.addressTaken.add(f);
    m.elements.push({ functions, slot, table });
  }
}

function readElementExpression(r: Reader, m: Draft): number {
  const isRefFunc = r.bytes[r.pos] === OP.REF_FUNC;
  const f = isRefFunc ? new Reader(r.bytes, r.pos + 1).u32() : -1;
  readConstant(r, m);
  return f;
}

function readData(r: Reader, m: Draft): void {
  for (let n = r.u32(); n > 0; n--) {
    const flags = r.u32();
    if (flags > 2) throw new InstrumentError('E_INVALID_WASM', `data segment flags ${flags}`);
    const memory = flags === 2 ? r.u32() : 0;
    const address = flags === 1 ? undefined : readConstant(r, m);
    const size = r.u32();
    const start = r.pos;
    r.skip(size);
    m.data.push({ passive: flags === 1, memory, address, start, end: r.pos });
  }
}
