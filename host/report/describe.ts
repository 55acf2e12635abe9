// Which place an address belongs to and how far from it: chunk, frame, global, mapping, null page, past the end, or unknown.
import * as abi from '../../runtime/abi.ts';
import type { Facts } from './facts.ts';
import type { Area } from './kinds.ts';
import type { Chunk, Neighbours } from './memory-image.ts';
import type {
  Distance,
  FrameDescription,
  GlobalDescription,
  HeapPlace,
  MappingDescription,
  Mark,
  Place,
  StackFrame,
  StackObject,
  StackPlace,
  Trace,
} from './place.ts';

/** A block farther away than this is a coincidence, not the block that was meant. */
const NEAR_BYTES = 65536;

const FAMILIES: Readonly<Record<number, string>> = {
  [abi.ALLOC_MALLOC]: 'malloc',
  [abi.ALLOC_NEW]: 'operator new',
  [abi.ALLOC_NEW_ARRAY]: 'operator new []',
  [abi.ALLOC_RUST]: '__rust_alloc',
  [abi.ALLOC_ASSEMBLYSCRIPT]: '__alloc',
  [abi.ALLOC_WBINDGEN]: '__wbindgen_malloc',
  [abi.ALLOC_TINYGO]: 'runtime.alloc',
  [abi.ALLOC_VMA]: 'mmap',
};

const RELEASERS: Readonly<Record<number, string>> = {
  [abi.ALLOC_MALLOC]: 'free',
  [abi.ALLOC_NEW]: 'operator delete',
  [abi.ALLOC_NEW_ARRAY]: 'operator delete []',
  [abi.ALLOC_RUST]: '__rust_dealloc',
  [abi.ALLOC_ASSEMBLYSCRIPT]: '__free',
  [abi.ALLOC_WBINDGEN]: '__wbindgen_free',
  [abi.ALLOC_TINYGO]: 'runtime.free',
  [abi.ALLOC_VMA]: 'munmap',
};

export function familyName(kind: number): string {
  return FAMILIES[kind] ?? 'an unknown allocator';
}

export function releaserName(kind: number): string {
  return RELEASERS[kind] ?? 'an unknown function';
}

/** Shadow bytes that only the heap has: an address with one of them is about a block, whatever the finding. */
const HEAP_CODES = {
  asan: [abi.ASAN_HEAP_LEFT_REDZONE, abi.ASAN_HEAP_RIGHT_REDZONE, abi.ASAN_HEAP_FREED],
  kasan: [abi.KASAN_SLAB_REDZONE, abi.KASAN_SLAB_FREE, abi.KASAN_SLAB_FREE_META, abi.KASAN_PAGE_REDZONE],
};

/** What the host adds to the facts: symbols, variables, mappings. Everything optional is left out of the report. */
export interface ReportContext {
  readonly pid: number;
  readonly moduleName: string;
  /** Symbolises site ids, innermost first; one site can give several frames when functions were inlined. */
  frames(stack: readonly number[]): readonly StackFrame[];
  /** The stack at the finding: the engine's own, or the recorded one. */
  accessStack(facts: Facts): readonly StackFrame[];
  threadName?(thread: number): string | undefined;
  stackFrame?(address: number): FrameDescription | undefined;
  /** The globals near an address, nearest first. */
  globals?(address: number, size: number): readonly GlobalDescription[];
  mapping?(address: number): MappingDescription | undefined;
}

export function threadLabel(thread: number, context: ReportContext): string {
  const name = context.threadName?.(thread);
  return name ? `T${thread} (${name})` : `T${thread}`;
}

/** ASan's rule for an access of `size` bytes at `address` and a region. */
export function distanceTo(address: number, size: number, begin: number, regionSize: number): Distance {
  const end = begin + regionSize;
  if (address < begin) return { relation: 'before', bytes: begin - address, address };
  if (address + size <= end) return { relation: 'inside', bytes: address - begin, address };
  const bad = Math.max(address, end);
  return { relation: 'after', bytes: bad - end, address: bad };
}

/** KASAN's rule: only the first byte counts. */
function distanceFromStart(address: number, begin: number, regionSize: number): Distance {
  return distanceTo(address, address < begin + regionSize ? 0 : 1, begin, regionSize);
}

/** The block an address in the heap is about: the one it lies in, the one whose redzone it hit, else the nearer one. */
export function chooseChunk(near: Neighbours, address: number, shadowByte: number, asan: boolean): Chunk | undefined {
  const { below, above } = near;
  const past = below ? address - (below.begin + below.size) : Number.POSITIVE_INFINITY;
  const short = above ? above.begin - address : Number.POSITIVE_INFINITY;
  if (asan && shadowByte === abi.ASAN_HEAP_LEFT_REDZONE && above && short <= above.left) return above;
  if (asan && shadowByte === abi.ASAN_HEAP_RIGHT_REDZONE && past <= NEAR_BYTES) return below;
  if (Math.min(past, short) > NEAR_BYTES) return undefined;
  return past <= short ? below : above;
}

function heapPlace(chunk: Chunk, focus: Focus, context: ReportContext): HeapPlace {
  const trace = (thread: number, stack: readonly number[]): Trace => ({
    thread: threadLabel(thread, context),
    frames: context.frames(stack),
  });
  return {
    where: 'heap',
    begin: chunk.begin,
    size: chunk.size,
    alignment: chunk.alignment,
    freed: chunk.freed,
    family: familyName(chunk.allocKind),
    distance: distanceTo(focus.address, focus.size, chunk.begin, chunk.size),
    fromStart: distanceFromStart(focus.start, chunk.begin, chunk.size),
    allocated: trace(chunk.allocThread, chunk.allocStack),
    ...(chunk.freed && { released: trace(chunk.freeThread, chunk.freeStack) }),
  };
}

/** ASan's marking rule: the variable nearest to the access says what the access does to it. */
export function markObject(
  objects: readonly StackObject[],
  index: number,
  offset: number,
  size: number,
): Mark | undefined {
  const object = objects[index]!;
  const end = object.begin + object.size;
  const accessEnd = offset + size;
  if (offset >= object.begin) {
    if (accessEnd <= end) return 'is inside';
    if (offset < end) return 'partially overflows';
    const next = objects[index + 1]?.begin ?? Number.POSITIVE_INFINITY;
    return accessEnd <= next && next - accessEnd >= offset - end ? 'overflows' : undefined;
  }
  if (accessEnd > object.begin) return 'partially underflows';
  const previous = objects[index - 1];
  const previousEnd = previous ? previous.begin + previous.size : 0;
  return offset >= previousEnd && offset - previousEnd >= object.begin - accessEnd ? 'underflows' : undefined;
}

function stackPlace(focus: Focus, context: ReportContext, thread: string): StackPlace | undefined {
  const description = context.stackFrame?.(focus.address);
  if (!description) return undefined;
  const objects = [...description.objects].sort((a, b) => a.begin - b.begin);
  const size = focus.isRange ? 1 : focus.size;
  return {
    where: 'stack',
    address: focus.address,
    thread,
    frame: description.frame,
    offset: description.offset,
    objects: objects.map((object, index) => {
      const mark = markObject(objects, index, description.offset, size);
      return { ...object, ...(mark && { mark }) };
    }),
  };
}

function globalPlace(focus: Focus, context: ReportContext): Place | undefined {
  const globals = context.globals?.(focus.address, focus.size) ?? [];
  if (globals.length === 0) return undefined;
  return {
    where: 'global',
    globals: globals.map((global) => ({
      ...global,
      distance: distanceTo(focus.address, focus.size, global.begin, global.size),
    })),
  };
}

function mappingPlace(focus: Focus, context: ReportContext): Place | undefined {
  const mapping = context.mapping?.(focus.address);
  if (!mapping) return undefined;
  const distance = distanceTo(focus.address, focus.size, mapping.begin, mapping.end - mapping.begin);
  return { where: 'mapping', mapping, distance };
}

/** What is to be placed: the reported address with its size, and the first byte of the whole access. */
export interface Focus {
  readonly address: number;
  readonly size: number;
  readonly start: number;
  /** The address is the first bad byte of a range, and the size the range's: how far on it goes says nothing of it. */
  readonly isRange: boolean;
}

/** The place of `focus`. `area` says where to look first; what it does not find there it looks for everywhere. */
export function describe(focus: Focus, area: Area, facts: Facts, near: Neighbours, context: ReportContext): Place {
  if (area === 'none') return describeNowhere(focus, facts);
  const thread = threadLabel(facts.thread, context);
  const code = codeAt(facts, focus.address);
  const inHeap = area === 'heap' || HEAP_CODES[facts.scheme].includes(code);
  const chunk = facts.chunk ?? chooseChunk(near, focus.address, code, facts.scheme === 'asan');
  const owned = chunk && (facts.chunk || inHeap || holds(chunk, focus.address));
  if (chunk && owned) return heapPlace(chunk, focus, context);
  const unnamed: Place =
    area === 'stack' ? { where: 'stack', address: focus.address, thread, objects: [] } : { where: 'unknown' };
  const stack = (): Place | undefined => stackPlace(focus, context, thread);
  const order = area === 'global' ? [globalPlace, stack, mappingPlace] : [stack, globalPlace, mappingPlace];
  if (area === 'mapping') order.reverse();
  for (const find of order) {
    const place = find(focus, context);
    if (place) return place;
  }
  return unnamed;
}

/** The place of an address that nothing has happened at. */
export function describeAddress(facts: Facts, context: ReportContext): Place {
  const { address, near } = facts;
  return describe({ address, size: 1, start: address, isRange: false }, 'any', facts, near, context);
}

/** The code that poisons an address: its shadow byte, or the next one behind a partial granule; 0 where none is known. */
function codeAt({ shadow }: Facts, address: number): number {
  const index = Math.floor(address / abi.GRANULE) - shadow.first;
  const code = shadow.bytes[index] ?? 0;
  return code > 0 && code < abi.GRANULE ? (shadow.bytes[index + 1] ?? 0) : code;
}

function holds(chunk: Chunk, address: number): boolean {
  return address >= chunk.begin - chunk.left && address < chunk.begin + Math.max(chunk.size, 1);
}

function describeNowhere(focus: Focus, facts: Facts): Place {
  const end = facts.memoryEnd;
  if (facts.kind === abi.KIND_NULL) return { where: 'null', offset: focus.start };
  if (facts.kind !== abi.KIND_WILD) return { where: 'unknown' };
  return { where: 'beyond', ...(end !== undefined && { end, distance: Math.max(0, focus.address - end) }) };
}
