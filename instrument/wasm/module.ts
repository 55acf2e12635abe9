// The structure of a wasm module: what each section declares, and where its bytes are. Function bodies are not decoded
// here; decoder.ts does that, one body at a time.

import { InstrumentError } from '../errors.ts';
import { Reader } from './bytes.ts';
import { Decoder } from './decoder.ts';
import { IMM, OP, TYPE } from './opcodes.ts';

export const SECTION = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
} as const;

export const KIND = { FUNC: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3, TAG: 4 } as const;

export interface Section {
  readonly id: number;
  /** Offset of the contents; `end` is just past them. */
  readonly start: number;
  readonly end: number;
  /** Custom sections only. */
  readonly name: string;
}

export interface FuncType {
  /** One byte per value type; reference types that need two or more bytes are their first byte. */
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  /** Index within its kind's index space. */
  readonly index: number;
  /** Bytes of the whole entry. */
  readonly start: number;
  readonly end: number;
}

export interface Table {
  /** Its indices are i64: table64, part of memory64. */
  readonly is64: boolean;
}

export interface Memory {
  readonly imported: boolean;
  readonly shared: boolean;
  readonly is64: boolean;
  /** 64 KiB pages. */
  readonly min: number;
  readonly max: number | undefined;
}

export interface Global {
  readonly imported: boolean;
  readonly type: number;
  readonly mutable: boolean;
  /** The value, where the initialiser is one i32.const or i64.const. */
  readonly constant: number | undefined;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface Body {
  /** Offset of the body (its local declarations), just past its size. */
  readonly start: number;
  readonly end: number;
}

export interface DataSegment {
  readonly passive: boolean;
  readonly memory: number;
  /** Program address where the initialiser is a constant. */
  readonly address: number | undefined;
  readonly start: number;
  readonly end: number;
}

export interface ElementSegment {
  /** Function indices in table order (-1 for null or a non-constant entry). */
  readonly functions: readonly number[];
  /** First table slot where the initialiser is a constant and the segment is active. */
  readonly slot: number | undefined;
  readonly table: number;
}

/** A parsed module. Index spaces hold imports first, as in the format. */
export interface Module {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: readonly (FuncType | undefined)[];
  readonly imports: readonly Import[];
  readonly importedFunctions: number;
  /** Type index of every function. */
  readonly functions: readonly number[];
  readonly tables: readonly Table[];
  readonly memories: readonly Memory[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly bodies: readonly Body[];
  readonly data: readonly DataSegment[];
  /** Functions that elements, globals, exports or ref.func outside bodies take the address of. */
  readonly addressTaken: ReadonlySet<number>;
}

type Draft = { -readonly [K in keyof Module]: Module[K] extends readonly (infer T)[] ? T[] : Module[K] } & {
  addressTaken: Set<number>;
  functionTypes: number[];
};

/** Reads a module's structure. Throws InstrumentError for what is not a wasm core module. */
export function parseModule(bytes: Uint8Array): Module {
  const sections = readSections(bytes);
  const draft: Draft = {
    bytes,
    sections,
    types: [],
    imports: [],
    importedFunctions: 0,
    functions: [],
    functionTypes: [],
    tables: [],
    memories: [],
    globals: [],
    exports: [],
    start: undefined,
    elements: [],
    bodies: [],
    data: [],
    addressTaken: new Set(),
  };
  for (const section of sections) {
    const read = READERS[section.id];
    if (!read) continue;
    const reader = new Reader(bytes, section.start, section.end);
    read(reader, draft);
    if (!reader.done) throw new InstrumentError('E_INVALID_WASM', `section ${section.id} has trailing bytes`);
  }
  if (draft.bodies.length !== draft.functionTypes.length) {
    throw new InstrumentError('E_INVALID_WASM', 'function and code sections disagree');
  }
  checkIndices(draft);
  return draft;
}

function checkIndices(draft: Draft): void {
  for (const type of draft.functions) {
    if (!draft.types[type]) throw new InstrumentError('E_INVALID_WASM', `function type ${type} does not exist`);
  }
  const bad = draft.exports.find((e) => e.kind === KIND.FUNC && e.index >= draft.functions.length);
  if (bad) throw new InstrumentError('E_INVALID_WASM', `export "${bad.name}" names no function`);
  if (draft.start !== undefined && draft.start >= draft.functions.length) {
    throw new InstrumentError('E_INVALID_WASM', 'the start function does not exist');
  }
  for (const f of draft.addressTaken) {
    if (f >= draft.functions.length) throw new InstrumentError('E_INVALID_WASM', `function ${f} does not exist`);
  }
}

function readSections(bytes: Uint8Array): Section[] {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    throw new InstrumentError('E_NOT_WASM', bytes.length === 0 ? 'it is empty' : 'it does not start with "\\0asm"');
  }
  if (bytes.length < 8) throw new InstrumentError('E_TRUNCATED', 'in the header');
  const version = bytes[4]! | (bytes[5]! << 8);
  const layer = bytes[6]! | (bytes[7]! << 8);
  if (layer === 1) throw new InstrumentError('E_COMPONENT', `binary version ${version}, layer 1`);
  if (version !== 1 || layer !== 0) throw new InstrumentError('E_WASM_VERSION', String(version + layer * 65536));
  const sections: Section[] = [];
  const reader = new Reader(bytes, 8);
  let last = 0;
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.pos;
    if (start + size > bytes.length) throw new InstrumentError('E_TRUNCATED', `section ${id} claims ${size} bytes`);
    const end = start + size;
    if (id > SECTION.TAG) throw new InstrumentError('E_UNSUPPORTED', `section ${id}`);
    if (id !== SECTION.CUSTOM) {
      const rank = SECTION_ORDER.indexOf(id);
      if (rank < last) throw new InstrumentError('E_INVALID_WASM', `section ${id} is out of order`);
      last = rank + 1;
    }
    sections.push({ id, start, end, name: id === SECTION.CUSTOM ? new Reader(bytes, start, end).name() : '' });
    reader.pos = end;
  }
  return sections;
}

/** The order the format prescribes for non-custom sections. */
export const SECTION_ORDER: readonly number[] = [
  SECTION.TYPE,
  SECTION.IMPORT,
  SECTION.FUNCTION,
  SECTION.TABLE,
  SECTION.MEMORY,
  SECTION.TAG,
  SECTION.GLOBAL,
  SECTION.EXPORT,
  SECTION.START,
  SECTION.ELEMENT,
  SECTION.DATA_COUNT,
  SECTION.CODE,
  SECTION.DATA,
];

const READERS: Readonly<Record<number, (r: Reader, m: Draft) => void>> = {
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

/** Read once per module: several analyses ask, and a large module has a hundred thousand names. */
const namesRead = new WeakMap<Module, ReadonlyMap<number, string>>();

/** Function names of the "name" section (subsection 1), by function index. Malformed names are dropped, not fatal. */
export function functionNames(module: Module): ReadonlyMap<number, string> {
  let names = namesRead.get(module);
  if (!names) {
    names = nameMap(module, 1);
    namesRead.set(module, names);
  }
  return names;
}

/** Global names of the "name" section (subsection 7). */
export function globalNames(module: Module): Map<number, string> {
  return nameMap(module, 7);
}

/** One subsection of the "name" section. */
export function nameMap(module: Module, subsection: number): Map<number, string> {
  const names = new Map<number, string>();
  const section = module.sections.find((s) => s.id === SECTION.CUSTOM && s.name === 'name');
  if (!section) return names;
  try {
    const r = new Reader(module.bytes, section.start, section.end);
    r.name();
    while (!r.done) {
      const id = r.byte();
      const size = r.u32();
      const end = r.pos + size;
      if (id === subsection) for (let n = r.u32(); n > 0; n--) names.set(r.u32(), r.name());
      r.pos = end;
    }
  } catch {
    // A broken name section is legal wasm: what was read so far is still useful.
  }
  return names;
}

/** True if a signature is exactly these value types. */
export function hasType(module: Module, func: number, params: readonly number[], results: readonly number[]): boolean {
  const type = module.types[module.functions[func]!];
  return !!type && same(type.params, params) && same(type.results, results);
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** The value type of a program pointer. */
export function pointerType(module: Module): number {
  return module.memories[0]?.is64 ? TYPE.I64 : TYPE.I32;
}
