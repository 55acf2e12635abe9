// What a page draws of the program beside its findings, read from the runtime's memory: the heap's history, if it was kept,
// and the areas that make up the program's memory. Everything returned is a copy.

import * as abi from '../../runtime/abi.ts';
import { areas } from '../vma/mapping.ts';
import type { HeapEvent, HeapHistory } from './html-heap.ts';
import { type MemoryOverview, OVERVIEW_CELLS } from './html-overview.ts';
import { type MemoryImage, openImage, readU32, schemeOf, shadowOf } from './memory-image.ts';
import type { MappingDescription } from './place.ts';
import { meaningOf, type ShadowTone } from './shadow-legend.ts';

export interface ProgramPicture {
  readonly heap: HeapHistory | undefined;
  /** In order of address. */
  readonly areas: readonly MappingDescription[];
  /** Undefined where the program has no memory yet. */
  readonly overview: MemoryOverview | undefined;
}

const WHAT: Readonly<Record<number, HeapEvent['what']>> = {
  [abi.EVENT_ALLOCATE]: 'allocate',
  [abi.EVENT_FREE]: 'free',
  [abi.EVENT_RELEASE]: 'release',
};

/** `programBytes` is the size of the program's memory now. */
export function programPicture(memory1: Uint8Array, programBytes: number): ProgramPicture {
  const image = openImage(memory1);
  return {
    heap: heapHistory(image),
    areas: programAreas(image, programBytes),
    overview: overview(image, programBytes),
  };
}

function heapHistory(image: MemoryImage): HeapHistory | undefined {
  const limit = readU32(image, abi.HEADER_EVENTS_LIMIT);
  if (limit === 0) return undefined;
  const ring = readU32(image, abi.HEADER_EVENTS);
  const total = readU32(image, abi.HEADER_EVENTS_COUNT);
  const events: HeapEvent[] = [];
  for (let number = Math.max(0, total - limit); number < total; number++) {
    const record = ring + (number % limit) * abi.EVENT_RECORD;
    const what = WHAT[readU32(image, record + 8)];
    if (!what) continue; // the program is stopped in the middle of writing it
    events.push({ what, address: readU32(image, record) * abi.GRANULE, size: readU32(image, record + 4) });
  }
  const live = readU32(image, abi.HEADER_EVENTS_LIVE);
  const held = readU32(image, abi.HEADER_EVENTS_HELD);
  return { events, before: { events: total - events.length, live, held } };
}

/** Fixed areas as the binary and the runtime know them, and what the program has mapped. */
function programAreas(image: MemoryImage, programBytes: number): MappingDescription[] {
  const field = (at: number) => readU32(image, at);
  const found: MappingDescription[] = [];
  const add = (begin: number, end: number, flags: string, name: string) => {
    if (end > begin) found.push({ begin, end, flags, name, mapped: true });
  };
  const nullLimit = field(abi.HEADER_NULL_LIMIT);
  add(0, programBytes, 'rw-p', 'the whole memory');
  add(0, nullLimit, '---p', 'null page');
  add(Math.max(nullLimit, field(abi.HEADER_STACK_LOW)), field(abi.HEADER_STACK_HIGH), 'rw-p', 'stack');
  add(
    field(abi.HEADER_SPARE_LOW),
    field(abi.HEADER_SPARE_HIGH),
    'rw-p',
    'stack, where its own is too small for redzones',
  );
  const constants = field(abi.HEADER_RODATA);
  add(constants, constants + field(abi.HEADER_RODATA_SIZE), 'r--p', 'read-only data');
  const heap = heapExtent(image);
  if (heap) add(heap.begin, heap.end, 'rw-p', `heap, ${heap.blocks} blocks on record`);
  const mapped = areas(image.bytes).map(({ begin, end, flags, mapped }) => ({
    begin,
    end,
    flags,
    mapped,
    name: 'mapped',
  }));
  return [...found, ...mapped].sort((a, b) => a.begin - b.begin);
}

/** From the first block to the last, freed ones included. */
function heapExtent(image: MemoryImage): { begin: number; end: number; blocks: number } | undefined {
  const first = readU32(image, abi.HEADER_CHUNKS);
  const slots = readU32(image, abi.HEADER_CHUNK_COUNT);
  let [begin, end, blocks] = [Number.POSITIVE_INFINITY, 0, 0];
  for (let slot = 0; slot < slots; slot++) {
    const chunk = first + slot * abi.CHUNK_RECORD;
    if ((readU32(image, chunk + abi.CHUNK_STATE) & 0xff) === abi.CHUNK_UNUSED) continue;
    const at = readU32(image, chunk + abi.CHUNK_BEGIN) * abi.GRANULE;
    begin = Math.min(begin, at);
    end = Math.max(end, at + readU32(image, chunk + abi.CHUNK_SIZE));
    blocks++;
  }
  return blocks === 0 ? undefined : { begin, end, blocks };
}

/** Granules looked at per cell: memory of any size is drawn in the same time. */
const SAMPLES = 256;

function overview(image: MemoryImage, programBytes: number): MemoryOverview | undefined {
  if (programBytes === 0) return undefined;
  const cellBytes = Math.max(2 * abi.GRANULE, 2 ** Math.ceil(Math.log2(programBytes / OVERVIEW_CELLS)));
  const scheme = schemeOf(image);
  const toneOf = Array.from({ length: 256 }, (_, byte) => meaningOf(byte, scheme).tone);
  const cells = Math.ceil(programBytes / cellBytes);
  const tones = Array.from({ length: cells }, (_, cell) => cellTone(image, toneOf, cell, cellBytes / abi.GRANULE));
  return { cellBytes, tones };
}

/** The commonest tone but "valid", if an eighth of the cell or more has it. */
function cellTone(image: MemoryImage, toneOf: readonly ShadowTone[], cell: number, granules: number): ShadowTone {
  const seen = new Map<ShadowTone, number>();
  const step = Math.max(1, Math.floor(granules / SAMPLES));
  let looks = 0;
  for (let at = cell * granules; at < (cell + 1) * granules; at += step, looks++) {
    const tone = toneOf[shadowOf(image, at) ?? 0]!;
    if (tone !== 'valid') seen.set(tone, (seen.get(tone) ?? 0) + 1);
  }
  const [tone, times] = [...seen].sort((a, b) => b[1] - a[1])[0] ?? ['valid', 0];
  return times * 8 >= looks ? tone : 'valid';
}
