// What a symbolizer must know of a wasm file: where its sections and function bodies lie, and what names its
// imports, exports and name section give. It reads headers only; each part is decoded when first asked for.

import { ByteReader, MalformedError } from './byte-reader.ts';

const SECTION = { custom: 0, import: 2, global: 6, export: 7, code: 10, data: 11 };
const EXTERNAL = { function: 0, table: 1, memory: 2, global: 3, tag: 4 };

interface Span {
  start: number;
  end: number;
}

export interface DataSegment {
  /** Program address; undefined if passive or computed at run time. */
  address: number | undefined;
  size: number;
}

export interface WasmModule {
  readonly bytes: Uint8Array;
  /** Payload of the code section in file offsets; DWARF addresses count from its start. */
  readonly code: Span;
  custom(name: string): Uint8Array | undefined;
  /** "module.name" of each imported function. */
  readonly importedFunctions: string[];
  /** First export name of each function index. */
  readonly exportedFunctions: Map<number, string>;
  /** File offsets of the bodies (behind their size), in index order after the imports. */
  readonly bodies: { starts: Uint32Array; ends: Uint32Array };
  readonly dataSegments: DataSegment[];
}

/** Evaluates `make` at the first call only. */
export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Keeps the answer for a module as long as its bytes: a program may make an instance for every call. */
export function perModule<T, Rest extends readonly unknown[]>(
  make: (bytes: Uint8Array, ...rest: Rest) => T,
): (bytes: Uint8Array, ...rest: Rest) => T {
  const made = new WeakMap<Uint8Array, { readonly value: T }>();
  return (bytes, ...rest) => {
    const known = made.get(bytes) ?? { value: make(bytes, ...rest) };
    made.set(bytes, known);
    return known.value;
  };
}

export function readWasmModule(bytes: Uint8Array): WasmModule {
  const spans = new Map<number, Span>();
  const customs = new Map<string, Span>();
  findSections(bytes, spans, customs);
  const section = (id: number) => {
    const span = spans.get(id);
    return span ? new ByteReader(bytes, span.start, span.end) : undefined;
  };
  const importedFunctions = lazy(() => readOr([], section(SECTION.import), readImportedFunctions));
  const exportedFunctions = lazy(() => readOr(new Map(), section(SECTION.export), readExportedFunctions));
  const bodies = lazy(() => {
    const none = { starts: new Uint32Array(0), ends: new Uint32Array(0) };
    return readOr(none, section(SECTION.code), readBodies);
  });
  const dataSegments = lazy(() => readOr([], section(SECTION.data), readDataSegments));
  return {
    bytes,
    code: spans.get(SECTION.code) ?? { start: 0, end: 0 },
    custom(name) {
      const span = customs.get(name);
      return span && bytes.subarray(span.start, span.end);
    },
    get importedFunctions() {
      return importedFunctions();
    },
    get exportedFunctions() {
      return exportedFunctions();
    },
    get bodies() {
      return bodies();
    },
    get dataSegments() {
      return dataSegments();
    },
  };
}

/** Stops at the first section that does not fit; what came before it still counts. */
function findSections(bytes: Uint8Array, spans: Map<number, Span>, customs: Map<string, Span>): void {
  if (bytes.length < 8) return;
  const reader = new ByteReader(bytes, 8);
  try {
    while (!reader.atEnd) {
      const id = reader.u8();
      const size = reader.uleb();
      const start = reader.skip(size);
      const end = reader.position;
      if (id !== SECTION.custom) {
        if (!spans.has(id)) spans.set(id, { start, end });
        continue;
      }
      const inner = new ByteReader(bytes, start, end);
      const name = inner.text(inner.uleb());
      if (!customs.has(name)) customs.set(name, { start: inner.position, end });
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
}

function readOr<T>(fallback: T, reader: ByteReader | undefined, read: (reader: ByteReader) => T): T {
  if (!reader) return fallback;
  try {
    return read(reader);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return fallback;
  }
}

function skipValueType(reader: ByteReader): void {
  const code = reader.u8();
  if (code === 0x63 || code === 0x64) reader.sleb(); // (ref null? heaptype)
}

function skipLimits(reader: ByteReader): void {
  const flags = reader.u8();
  reader.uleb();
  if (flags & 1) reader.uleb();
  if (flags & 8) reader.uleb(); // custom page size
}

function readImportedFunctions(reader: ByteReader): string[] {
  const names: string[] = [];
  for (let count = reader.uleb(); count > 0; count--) {
    const from = reader.text(reader.uleb());
    const name = reader.text(reader.uleb());
    const kind = reader.u8();
    if (kind === EXTERNAL.function) {
      reader.uleb();
      names.push(`${from}.${name}`);
    } else if (kind === EXTERNAL.table) {
      skipValueType(reader);
      skipLimits(reader);
    } else if (kind === EXTERNAL.memory) {
      skipLimits(reader);
    } else if (kind === EXTERNAL.global) {
      skipValueType(reader);
      reader.u8();
    } else if (kind === EXTERNAL.tag) {
      reader.u8();
      reader.uleb();
    } else {
      throw new MalformedError(`import kind ${kind}`);
    }
  }
  return names;
}

function readExportedFunctions(reader: ByteReader): Map<number, string> {
  const names = new Map<number, string>();
  for (let count = reader.uleb(); count > 0; count--) {
    const name = reader.text(reader.uleb());
    const kind = reader.u8();
    const index = reader.uleb();
    if (kind === EXTERNAL.function && !names.has(index)) names.set(index, name);
  }
  return names;
}

function readBodies(reader: ByteReader): { starts: Uint32Array; ends: Uint32Array } {
  const count = reader.uleb();
  if (count > reader.end - reader.position) throw new MalformedError('more functions than bytes');
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let filled = 0;
  try {
    for (; filled < count; filled++) {
      starts[filled] = reader.skip(reader.uleb());
      ends[filled] = reader.position;
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  return { starts: starts.subarray(0, filled), ends: ends.subarray(0, filled) };
}

function readDataSegments(reader: ByteReader): DataSegment[] {
  const segments: DataSegment[] = [];
  for (let count = reader.uleb(); count > 0; count--) {
    const flags = reader.uleb();
    if (flags === 2) reader.uleb(); // memory index
    const address = flags === 1 ? undefined : readConstantAddress(reader);
    const size = reader.uleb();
    reader.skip(size);
    segments.push({ address, size });
  }
  return segments;
}

/** The value of `i32.const n; end` or `i64.const n; end`; undefined for `global.get`; anything longer is given up. */
function readConstantAddress(reader: ByteReader): number | undefined {
  const opcode = reader.u8();
  const value = reader.sleb();
  if (reader.u8() !== 0x0b) throw new MalformedError('a computed segment address');
  if (opcode === 0x41) return value >>> 0;
  return opcode === 0x42 ? value : undefined;
}
