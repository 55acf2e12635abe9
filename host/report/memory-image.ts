// Reads the runtime's own memory: header fields, shadow bytes through either mapping, chunk records, stack depot.
// Layouts are drawn in runtime/abi.ts. Everything returned is a copy, since the program may run on.
import * as abi from '../../runtime/abi.ts';
import { SanitizerError } from '../errors.ts';
import { type Scheme, wildByte } from './shadow-legend.ts';

/** Bytes of shadow for one 64 KiB page of the program: what one entry of the paged mapping's directory points at. */
const SHADOW_PER_PAGE = 65536 >> abi.GRANULE_SHIFT;

export interface MemoryImage {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** One heap block. `stack` fields are site ids, innermost first. */
export interface Chunk {
  readonly begin: number;
  readonly size: number;
  readonly left: number;
  readonly freed: boolean;
  readonly allocKind: number;
  readonly freeKind: number;
  readonly alignment: number;
  readonly allocStack: readonly number[];
  readonly freeStack: readonly number[];
  readonly allocThread: number;
  readonly freeThread: number;
}

/** The blocks around an address: the last that begins at or before it, the first that begins after it. */
export interface Neighbours {
  readonly below?: Chunk;
  readonly above?: Chunk;
}

/** Shadow bytes copied from the runtime: byte i describes program bytes [(first + i) * 8, (first + i + 1) * 8). */
export interface ShadowWindow {
  readonly first: number;
  readonly bytes: Uint8Array;
}

export function openImage(memory1: Uint8Array): MemoryImage {
  const view = new DataView(memory1.buffer, memory1.byteOffset, memory1.byteLength);
  if (memory1.byteLength < abi.REPORT_END || view.getUint32(abi.HEADER_MAGIC, true) !== abi.MAGIC) {
    throw new SanitizerError('E_NOT_INSTRUMENTED', 'its second memory does not begin with the header of the runtime');
  }
  const version = view.getUint32(abi.HEADER_ABI, true);
  if (version !== abi.ABI_VERSION) {
    throw new SanitizerError('E_RUNTIME_VERSION', `its contract is ${version}, this one is ${abi.ABI_VERSION}`);
  }
  return { bytes: memory1, view };
}

export function readU32(image: MemoryImage, at: number): number {
  return at >= 0 && at + 4 <= image.bytes.length ? image.view.getUint32(at, true) : 0;
}

export function readU64(image: MemoryImage, at: number): bigint {
  return image.view.getBigUint64(at, true);
}

export function schemeOf(image: MemoryImage): Scheme {
  return readU32(image, abi.HEADER_SCHEME) === abi.SCHEME_KASAN ? 'kasan' : 'asan';
}

/** Where the program's memory ends, as far as the shadow knows; undefined if the runtime never said. */
export function memoryEnd(image: MemoryImage): number | undefined {
  const granule = readU32(image, abi.HEADER_WILD_FROM);
  return granule === 0 ? undefined : granule * abi.GRANULE;
}

/** The shadow byte of one granule, or undefined where the mapping has no shadow at all. */
export function shadowOf(image: MemoryImage, granule: number): number | undefined {
  const base = readU32(image, abi.HEADER_SHADOW_BASE);
  const limit = readU32(image, abi.HEADER_SHADOW_LIMIT);
  const wildFrom = readU32(image, abi.HEADER_WILD_FROM);
  if (granule < 0) return undefined;
  if (readU32(image, abi.HEADER_MAPPING) === abi.MAPPING_FLAT) {
    if (granule >= limit) return undefined;
    return wildFrom !== 0 && granule >= wildFrom ? wildByte(schemeOf(image)) : image.bytes[base + granule];
  }
  const entry = Math.floor(granule / SHADOW_PER_PAGE);
  if (entry >= limit) return undefined;
  return image.bytes[readU32(image, base + entry * 4) + (granule % SHADOW_PER_PAGE)];
}

/** The shadow of `rows` rows of 16 granules on either side of the row that holds `address`; ends where shadow ends. */
export function readShadowWindow(image: MemoryImage, address: number, rows: number): ShadowWindow {
  const row = Math.floor(address / abi.GRANULE / 16) * 16;
  const first = Math.max(0, row - rows * 16);
  const bytes: number[] = [];
  for (let granule = first; granule < row + (rows + 1) * 16; granule++) {
    const byte = shadowOf(image, granule);
    if (byte === undefined) break;
    bytes.push(byte);
  }
  return { first, bytes: Uint8Array.from(bytes) };
}

export function readStack(image: MemoryImage, id: number): number[] {
  if (id === 0) return [];
  const room = Math.max(0, Math.floor((image.bytes.length - id - abi.DEPOT_SITES) / 4));
  const count = Math.min(readU32(image, id + abi.DEPOT_COUNT), room);
  return Array.from({ length: count }, (_, index) => readU32(image, id + abi.DEPOT_SITES + index * 4));
}

function beginOf(image: MemoryImage, record: number): number {
  return readU32(image, record + abi.CHUNK_BEGIN) * abi.GRANULE;
}

/** The chunk a record describes, or undefined for none or a slot not in use. */
export function readChunk(image: MemoryImage, record: number): Chunk | undefined {
  if (record === 0 || record + abi.CHUNK_RECORD > image.bytes.length) return undefined;
  const byte = (field: number): number => image.bytes[record + field] ?? 0;
  const state = byte(abi.CHUNK_STATE);
  if (state === abi.CHUNK_UNUSED) return undefined;
  return {
    begin: beginOf(image, record),
    size: readU32(image, record + abi.CHUNK_SIZE) + byte(abi.CHUNK_SIZE_HIGH) * 2 ** 32,
    left: readU32(image, record + abi.CHUNK_LEFT),
    freed: state === abi.CHUNK_QUARANTINED,
    allocKind: byte(abi.CHUNK_ALLOC_KIND),
    freeKind: byte(abi.CHUNK_FREE_KIND),
    alignment: 2 ** byte(abi.CHUNK_ALIGN_LOG2),
    allocStack: readStack(image, readU32(image, record + abi.CHUNK_ALLOC_STACK)),
    freeStack: readStack(image, readU32(image, record + abi.CHUNK_FREE_STACK)),
    allocThread: byte(abi.CHUNK_ALLOC_THREAD),
    freeThread: byte(abi.CHUNK_FREE_THREAD),
  };
}

/** One pass over all records: a report is rare, so nothing is kept sorted for it. */
export function findNeighbours(image: MemoryImage, address: number): Neighbours {
  const base = readU32(image, abi.HEADER_CHUNKS);
  const room = Math.floor((image.bytes.length - base) / abi.CHUNK_RECORD);
  const count = base === 0 ? 0 : Math.min(readU32(image, abi.HEADER_CHUNK_COUNT), room);
  let below = 0;
  let above = 0;
  for (let record = base; record < base + count * abi.CHUNK_RECORD; record += abi.CHUNK_RECORD) {
    if (image.bytes[record + abi.CHUNK_STATE] === abi.CHUNK_UNUSED) continue;
    const begin = beginOf(image, record);
    if (begin <= address) {
      if (below === 0 || begin > beginOf(image, below)) below = record;
    } else if (above === 0 || begin < beginOf(image, above)) above = record;
  }
  const before = readChunk(image, below);
  const after = readChunk(image, above);
  return { ...(before && { below: before }), ...(after && { above: after }) };
}
