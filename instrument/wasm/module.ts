// The structure of a wasm module: what each section declares, and where its bytes are. Function bodies are not decoded
// here; decoder.ts does that, one body at a time.

import { InstrumentError } from '../errors.ts';
import { Reader } from './bytes.ts';
import { TYPE } from './opcodes.ts';
import { type Draft, READERS } from './section-readers.ts';
import { KIND, readSections, type Section } from './sections.ts';

export { KIND, SECTION, SECTION_ORDER, type Section } from './sections.ts';

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

/** True if a signature is exactly these value types. */
export function hasType(module: Module, func: number, params: readonly number[], results: readonly number[]): boolean {
  const type = module.types[module.functions[func]!];
  return !!type && same(type.params, params) && same(type.results, results);
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** Parameters and results, as text: "127,127>127". The same for equal types. */
export function signatureOf({ params, results }: FuncType): string {
  return `${params.join()}>${results.join()}`;
}

/** By index of the type; what is no function's has one of its own. */
export function signatures({ types }: Module): string[] {
  return types.map((type, i) => (type ? signatureOf(type) : `#${i}`));
}

/** The value type of a program pointer. */
export function pointerType(module: Pick<Module, 'memories'>): number {
  return module.memories[0]?.is64 ? TYPE.I64 : TYPE.I32;
}
