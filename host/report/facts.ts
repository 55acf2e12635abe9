// What the runtime knows about one finding, read from its memory and copied: no symbols, no wording.
// Addresses are numbers, since a program has at most 16 GiB; sizes and extra values are bigints, since a size may be "negative".
import * as abi from '../../runtime/abi.ts';
import { SanitizerError } from '../errors.ts';
import {
  type Chunk,
  findNeighbours,
  type MemoryImage,
  memoryEnd,
  type Neighbours,
  openImage,
  readChunk,
  readShadowWindow,
  readStack,
  readU32,
  readU64,
  type ShadowWindow,
  schemeOf,
} from './memory-image.ts';
import type { Scheme } from './shadow-legend.ts';

/** Rows of shadow kept on either side of the guilty row: enough for the text layouts and for a map to pan in. */
const WINDOW_ROWS = 32;
/** Bytes of the program's memory kept on either side of the first bad byte. */
const CONTENT_BYTES = 128;

export interface RuntimeView {
  /** The runtime's memory, live or from a dump. */
  readonly memory1: Uint8Array;
  /** The program's memory; with it a report can show the bytes around the address. */
  readonly memory0?: Uint8Array;
}

export interface AccessFacts {
  readonly write: boolean;
  readonly free: boolean;
  readonly range: boolean;
  readonly atomic: boolean;
  readonly host: boolean;
}

export interface Facts {
  readonly scheme: Scheme;
  readonly pointerBytes: 4 | 8;
  readonly halting: boolean;
  readonly serial: number;
  readonly kind: number;
  readonly access: AccessFacts;
  /** Of the whole access. */
  readonly address: number;
  readonly size: bigint;
  readonly firstBad: number;
  /** The same two to the last digit: a wild 64-bit pointer does not fit into a number. */
  readonly exactAddress: bigint;
  readonly exactFirstBad: bigint;
  readonly site: number;
  readonly stack: readonly number[];
  readonly thread: number;
  readonly shadowByte: number;
  readonly extra0: bigint;
  readonly extra1: bigint;
  /** The chunk the runtime named itself: free and realloc errors. */
  readonly chunk?: Chunk;
  readonly near: Neighbours;
  /** Around extra0, where that is an address. */
  readonly nearOther?: Neighbours;
  readonly shadow: ShadowWindow;
  readonly memoryEnd?: number;
  readonly maxAllocation: number;
  readonly content?: { readonly first: number; readonly bytes: Uint8Array };
}

/** True once the runtime has written a report. */
export function hasReport(view: RuntimeView): boolean {
  return readU32(openImage(view.memory1), abi.REPORT_COUNT) > 0;
}

/** Everything a report needs from the runtime. Throws if the memory is not the runtime's or holds no report. */
export function readFacts(view: RuntimeView): Facts {
  const image = openImage(view.memory1);
  const serial = readU32(image, abi.REPORT_COUNT);
  if (serial === 0) throw new SanitizerError('E_NO_REPORT');
  const kind = readU32(image, abi.REPORT_KIND);
  const exactAddress = readU64(image, abi.REPORT_ADDR);
  const exactFirstBad = readU64(image, abi.REPORT_FIRST_BAD);
  const firstBad = Number(exactFirstBad);
  const extra0 = readU64(image, abi.REPORT_EXTRA0);
  const chunk = readChunk(image, readU32(image, abi.REPORT_CHUNK));
  const end = memoryEnd(image);
  return {
    ...readSettings(image),
    serial,
    kind,
    access: readAccess(readU32(image, abi.REPORT_ACCESS)),
    address: Number(exactAddress),
    size: readU64(image, abi.REPORT_SIZE),
    firstBad,
    exactAddress,
    exactFirstBad,
    site: readU32(image, abi.REPORT_SITE),
    stack: readStack(image, readU32(image, abi.REPORT_STACK)),
    thread: readU32(image, abi.REPORT_THREAD),
    shadowByte: readU32(image, abi.REPORT_SHADOW_BYTE),
    extra0,
    extra1: readU64(image, abi.REPORT_EXTRA1),
    near: findNeighbours(image, firstBad),
    shadow: readShadowWindow(image, firstBad, WINDOW_ROWS),
    ...(chunk && { chunk }),
    ...(kind === abi.KIND_PARAM_OVERLAP && { nearOther: findNeighbours(image, Number(extra0)) }),
    ...(end !== undefined && { memoryEnd: end }),
    ...(view.memory0 && { content: readContent(view.memory0, firstBad) }),
  };
}

/** The same of an address that nothing has happened at. */
export function factsAbout(view: RuntimeView, address: number): Facts {
  const image = openImage(view.memory1);
  return {
    ...readSettings(image),
    serial: 0,
    kind: abi.KIND_UNKNOWN,
    access: readAccess(abi.ACCESS_READ),
    address,
    size: 1n,
    firstBad: address,
    exactAddress: BigInt(address),
    exactFirstBad: BigInt(address),
    site: 0,
    stack: [],
    thread: 0,
    shadowByte: 0,
    extra0: 0n,
    extra1: 0n,
    near: findNeighbours(image, address),
    shadow: readShadowWindow(image, address, WINDOW_ROWS),
  };
}

function readSettings(image: MemoryImage): Pick<Facts, 'scheme' | 'pointerBytes' | 'halting' | 'maxAllocation'> {
  return {
    scheme: schemeOf(image),
    pointerBytes: readU32(image, abi.HEADER_PROGRAM_POINTER) === 8 ? 8 : 4,
    halting: readU32(image, abi.HEADER_HALT) !== 0,
    maxAllocation: readU32(image, abi.HEADER_MAX_ALLOCATION),
  };
}

function readAccess(flags: number): AccessFacts {
  return {
    write: (flags & abi.ACCESS_WRITE) !== 0,
    free: (flags & abi.ACCESS_FREE) !== 0,
    range: (flags & abi.ACCESS_RANGE) !== 0,
    atomic: (flags & abi.ACCESS_ATOMIC) !== 0,
    host: (flags & abi.ACCESS_HOST) !== 0,
  };
}

function readContent(memory0: Uint8Array, around: number): { first: number; bytes: Uint8Array } {
  const row = Math.floor(around / 16) * 16;
  const first = Math.max(0, row - CONTENT_BYTES);
  return { first, bytes: memory0.slice(first, row + 16 + CONTENT_BYTES) };
}
