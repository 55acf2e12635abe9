// Which heap blocks can nothing reach any more? A flood fill over the program's memory, with LeakSanitizer's rules: a pointer
// is any aligned word, outside poisoned memory, whose value lies in [begin, begin + size) of a live block.
//
//   roots: globals of the module | memory outside blocks, without the dead part of the stack | blocks that others own
//   memory 0:  | dead stack | live stack | data, bss | block | block (freed) | block | ...
//                           ^ stack pointer

import * as abi from '../runtime/abi.ts';
import type { LeakedBlock } from './report/leaks.ts';
import { type MemoryImage, openImage, readStack, readU32, readU64, shadowOf } from './report/memory-image.ts';
import { stackRegions } from './stack-regions.ts';

export interface LeakScan {
  readonly memory0: Uint8Array;
  readonly memory1: Uint8Array;
  /** Addresses that keep their blocks alive, wherever they were found: the module's globals, what the host keeps. */
  readonly pointers: readonly number[];
  /** Words that the allocator keeps for itself: sizes, and addresses of its own. Only a block's very beginning counts there. */
  readonly allocatorWords: ReadonlySet<number>;
  /** Undefined if not known: then the whole stack counts as alive. */
  readonly stackPointer: number | undefined;
  readonly useGlobals: boolean;
  readonly useStacks: boolean;
  readonly useUnaligned: boolean;
  readonly usePoisoned: boolean;
  /** Whether a local of a function that is running may hold what was allocated at this stack, innermost first. */
  readonly maybeInLocal: (sites: readonly number[]) => boolean;
}

/** Blocks that are collected as garbage, owned from outside the module, or no heap blocks: never leaks, always roots. */
const OWNED_BY_OTHERS: ReadonlySet<number> = new Set([
  abi.ALLOC_ASSEMBLYSCRIPT,
  abi.ALLOC_WBINDGEN,
  abi.ALLOC_TINYGO,
  abi.ALLOC_VMA,
]);

/** Poison that only says how memory may be used: its contents count. */
const READABLE_POISON: ReadonlySet<number> = new Set([
  abi.VMA_UNFAULTED,
  abi.VMA_NO_ACCESS,
  abi.VMA_READ_ONLY,
  abi.READ_ONLY_DATA,
]);

/** What allocators keep right in front of the memory they hand out: the size, with flags, of this chunk and the one before. */
const ALLOCATOR_HEADER = 8;

/** Bytes in front of an array of what is aligned to 8: the number of its elements is the last word of them (Itanium C++ ABI). */
const LARGEST_COOKIE = 8;

/** Blocks of this many bytes have an entry in the look-up table: a scan of few block begins answers which one an address is in. */
const BUCKET = 1024;

/** Between `low` and `top` the stack is dead, from there to `high` in use. */
interface StackExtent {
  readonly low: number;
  readonly top: number;
  readonly high: number;
  /** The same for the spare stack; empty if there is none. */
  readonly spare: Omit<StackExtent, 'spare'>;
}

/** Every live block that nothing reaches. */
export function findLeaks(scan: LeakScan): LeakedBlock[] {
  return new Scanner(scan).leaks();
}

class Scanner {
  private readonly scan: LeakScan;
  private readonly image: MemoryImage;
  private readonly wordBytes: number;
  /** FLAG_* of the runtime's header. */
  private readonly flags: number;
  private readonly words: Uint32Array;
  private readonly view: DataView;
  /** Blocks in the order of their addresses: records in memory 1, first and last byte + 1. */
  private readonly records: Uint32Array;
  private readonly begins: Float64Array;
  private readonly ends: Float64Array;
  private readonly live: Uint8Array;
  private readonly reached: Uint8Array;
  /** First block that begins in a bucket or behind it. */
  private readonly buckets: Uint32Array;
  private readonly pending: number[] = [];

  constructor(scan: LeakScan) {
    this.scan = scan;
    this.image = openImage(scan.memory1);
    this.wordBytes = readU32(this.image, abi.HEADER_PROGRAM_POINTER) === 8 ? 8 : 4;
    this.flags = readU32(this.image, abi.HEADER_FLAGS);
    const { buffer, byteOffset, byteLength } = scan.memory0;
    this.words = new Uint32Array(buffer, byteOffset, byteLength >>> 2);
    this.view = new DataView(buffer, byteOffset, byteLength);
    this.records = sortedRecords(this.image);
    const count = this.records.length;
    this.begins = new Float64Array(count);
    this.ends = new Float64Array(count);
    this.live = new Uint8Array(count);
    this.reached = new Uint8Array(count);
    this.records.forEach((record, i) => {
      const size = readU32(this.image, record + abi.CHUNK_SIZE) + this.byte(record + abi.CHUNK_SIZE_HIGH) * 2 ** 32;
      this.begins[i] = readU32(this.image, record + abi.CHUNK_BEGIN) * abi.GRANULE;
      this.ends[i] = this.begins[i]! + size + (size === 0 || this.isEmptyArray(i, size) ? 1 : 0); // its address keeps it alive
      const state = this.byte(record + abi.CHUNK_STATE);
      this.live[i] = state === abi.CHUNK_LIVE || state === abi.CHUNK_OPEN ? 1 : 0;
    });
    this.buckets = bucketsOf(this.begins, byteLength);
  }

  /** What new T[0] makes where T has a destructor: the number of elements alone, and the program has the address behind it. */
  private isEmptyArray(i: number, size: number): boolean {
    if (size < this.wordBytes || size > LARGEST_COOKIE || size % this.wordBytes !== 0) return false;
    const count = this.begins[i]! + size - this.wordBytes;
    return this.words[count >>> 2] === 0 && this.words[(count + this.wordBytes - 4) >>> 2] === 0;
  }

  leaks(): LeakedBlock[] {
    this.visitRoots();
    this.flood();
    this.keepWhatLocalsHold();
    const indirect = this.pointedToByLost();
    const leaks: LeakedBlock[] = [];
    for (let i = 0; i < this.records.length; i++) {
      if (!this.lost(i)) continue;
      const record = this.records[i]!;
      leaks.push({
        address: this.begins[i]!,
        size: readU32(this.image, record + abi.CHUNK_SIZE) + this.byte(record + abi.CHUNK_SIZE_HIGH) * 2 ** 32,
        direct: indirect[i] === 0,
        stack: this.stackOf(i),
      });
    }
    return leaks;
  }

  /**
   * With redzones behind blocks alone, functions that are not known (a realloc that was inlined) may have read a block's size
   * and use all of it, or have freed or resized it: dlmalloc's words then are others than those of the block that was asked for.
   */
  private isNoLongerOurs(i: number): boolean {
    if (!(this.flags & abi.FLAG_TAIL_REDZONES)) return false;
    if (this.byte(this.records[i]! + abi.CHUNK_STATE) === abi.CHUNK_OPEN) return true;
    if (!(this.flags & abi.FLAG_DLMALLOC_HEADS)) return false;
    const begin = this.begins[i]!;
    const word = this.words[(begin - abi.SIZE_WORD) >>> 2] ?? 0;
    const next = begin + (word & ~7) - abi.SIZE_WORD;
    const isInUse =
      (word & abi.DLMALLOC_IN_USE) !== 0 && ((this.words[next >>> 2] ?? 0) & abi.DLMALLOC_IN_USE_BEFORE) !== 0;
    return !isInUse || next < this.ends[i]!;
  }

  private lost(i: number): boolean {
    return this.live[i] === 1 && this.reached[i] === 0;
  }

  private visitRoots(): void {
    for (const address of this.scan.pointers) this.reach(this.blockAt(address));
    this.visitRegions();
    const stack = this.stackExtent();
    let from = 0;
    for (let i = 0; i < this.records.length; i++) {
      const record = this.records[i]!;
      const header = this.begins[i]! - this.headerInFront(readU32(this.image, record + abi.CHUNK_LEFT));
      this.visitOutside(stack, from, this.begins[i]!, header);
      from = this.ends[i]!;
      const isOthers = OWNED_BY_OTHERS.has(this.byte(record + abi.CHUNK_ALLOC_KIND));
      const isIgnored = this.byte(record + abi.CHUNK_IGNORED) !== 0;
      if (isOthers || isIgnored || this.isNoLongerOurs(i)) this.reach(i);
    }
    this.visitOutside(stack, from, this.scan.memory0.length, Infinity);
  }

  /** What the program has named as roots, wherever it lies. */
  private visitRegions(): void {
    const regions = readU32(this.image, abi.ROOT_REGIONS);
    for (let i = 0; i < readU32(this.image, abi.ROOT_REGION_COUNT); i++) {
      const begin = Number(readU64(this.image, regions + i * abi.ROOT_REGION));
      const size = Number(readU64(this.image, regions + i * abi.ROOT_REGION + 8));
      this.pointersIn(begin, begin + size, (target) => this.reach(target));
    }
  }

  /**
   * Bytes in front of a block that are the allocator's. Where redzones lie behind blocks alone, the half of the header in front of
   * the size word is the last word of an unknown block, perhaps.
   */
  private headerInFront(left: number): number {
    if (left > 0) return left + ALLOCATOR_HEADER;
    if (!(this.flags & abi.FLAG_TAIL_REDZONES)) return -Infinity;
    return this.flags & abi.FLAG_NO_SIZE_WORD ? 0 : abi.SIZE_WORD;
  }

  /** Where the stack lies, and how far it is in use. */
  private stackExtent(): StackExtent {
    const { stackPointer } = this.scan;
    const low = readU32(this.image, abi.HEADER_STACK_LOW);
    const high = readU32(this.image, abi.HEADER_STACK_HIGH);
    const exact = (readU32(this.image, abi.HEADER_FLAGS) & abi.FLAG_STACK_EXACT) !== 0;
    const spare = stackRegions(this.image)[1] ?? { low: 0, high: 0 };
    const onSpare = stackPointer !== undefined && stackPointer >= spare.low && stackPointer < spare.high;
    const own = onSpare ? readU32(this.image, abi.HEADER_SPARE_LEFT_AT) : stackPointer;
    // A stack pointer elsewhere is that of another stack (a fibre's): the main stack waits, and all of it counts.
    const known = own !== undefined && own >= low && own <= high;
    const top = known ? own : low;
    const onto = { low: spare.low, top: onSpare ? stackPointer : spare.high, high: spare.high };
    return { low: exact || !known ? low : this.lowestFrame(low, top), top, high, spare: onto };
  }

  /** A stretch between two blocks: all of it but what is dead stack, or not to be used. From `header` on it is the allocator's. */
  private visitOutside(stack: StackExtent, from: number, to: number, header: number): void {
    const { useGlobals, useStacks } = this.scan;
    const { spare } = stack;
    const visitPart = (begin: number, end: number) => {
      this.pointersIn(Math.max(begin, from), Math.min(end, to), (target) => this.reach(target), header);
    };
    const visit = (begin: number, end: number) => {
      visitPart(begin, Math.min(end, spare.low));
      visitPart(Math.max(begin, spare.high), end);
    };
    if (useGlobals) {
      visit(0, stack.low);
      visit(stack.high, to);
    }
    if (!useStacks) return;
    visit(stack.top, stack.high);
    visitPart(spare.top, spare.high);
  }

  /** Where the stack's end is not known: the lowest frame that there ever was. Between it and the top all is stack. */
  private lowestFrame(low: number, stackPointer: number): number {
    const top = Math.min(stackPointer, readU32(this.image, abi.HEADER_STACK_SURE));
    const map = readU32(this.image, abi.HEADER_STACK_MAP); // keeps the numbers of frames that were given back
    for (let granule = Math.ceil(low / abi.GRANULE); granule * abi.GRANULE < top; granule++) {
      const at = granule * abi.GRANULE;
      if (shadowOf(this.image, granule) === abi.ASAN_STACK_AFTER_RETURN) return at;
      if (map !== 0 && readU32(this.image, map + Math.floor((at - low) / 16) * 4) !== 0) return at;
    }
    return top;
  }

  /** A block is held by a local of a running function: registers, to LeakSanitizer. */
  private keepWhatLocalsHold(): void {
    const known = new Map<number, boolean>();
    for (let i = 0; i < this.records.length; i++) {
      if (!this.lost(i)) continue;
      const id = readU32(this.image, this.records[i]! + abi.CHUNK_ALLOC_STACK);
      let held = known.get(id);
      if (held === undefined) {
        held = this.scan.maybeInLocal(this.stackOf(i));
        known.set(id, held);
      }
      if (held) this.reach(i);
    }
    this.flood();
  }

  /** Lost blocks that another lost block points to. */
  private pointedToByLost(): Uint8Array {
    const indirect = new Uint8Array(this.records.length);
    for (let i = 0; i < this.records.length; i++) {
      if (!this.lost(i)) continue;
      this.pointersIn(this.begins[i]!, this.ends[i]!, (target) => {
        if (target !== i && this.lost(target)) indirect[target] = 1;
      });
    }
    return indirect;
  }

  private reach(i: number): void {
    if (i < 0 || !this.lost(i)) return;
    this.reached[i] = 1;
    this.pending.push(i);
  }

  private flood(): void {
    for (let i = this.pending.pop(); i !== undefined; i = this.pending.pop()) {
      this.pointersIn(this.begins[i]!, this.ends[i]!, (target) => this.reach(target));
    }
  }

  /** Calls `found` with the live block of every word in [begin, end) that points to one. */
  private pointersIn(begin: number, end: number, found: (target: number) => void, header = Infinity): void {
    const { words, view, wordBytes } = this;
    const { allocatorWords, useUnaligned, usePoisoned } = this.scan;
    const count = this.records.length;
    if (count === 0) return;
    const lowest = this.begins[0]!;
    const highest = this.ends[count - 1]!;
    const stride = useUnaligned ? 1 : wordBytes;
    const last = Math.min(end, view.byteLength) - wordBytes;
    for (let at = Math.ceil(begin / stride) * stride; at <= last; at += stride) {
      const low = useUnaligned ? view.getUint32(at, true) : words[at >>> 2]!;
      const value = wordBytes === 4 ? low : low + view.getUint32(at + 4, true) * 2 ** 32;
      if (value < lowest || value >= highest) continue;
      const target = this.blockAt(value);
      if (target < 0 || this.live[target] === 0 || (!usePoisoned && this.poisoned(at))) continue;
      const isAllocators = at >= header || allocatorWords.has(at);
      if (isAllocators && value !== this.begins[target]) continue;
      found(target);
    }
  }

  private poisoned(address: number): boolean {
    const code = shadowOf(this.image, Math.floor(address / abi.GRANULE)) ?? 0;
    return code >= 0x80 && !READABLE_POISON.has(code);
  }

  /** The block an address lies in, or -1. */
  private blockAt(address: number): number {
    const bucket = Math.floor(address / BUCKET);
    if (bucket < 0 || bucket + 1 >= this.buckets.length) return -1;
    let i = this.buckets[bucket + 1]! - 1;
    while (i >= 0 && this.begins[i]! > address) i--;
    return i >= 0 && address < this.ends[i]! ? i : -1;
  }

  private stackOf(i: number): number[] {
    return readStack(this.image, readU32(this.image, this.records[i]! + abi.CHUNK_ALLOC_STACK));
  }

  private byte(at: number): number {
    return this.image.bytes[at] ?? 0;
  }
}

/** Records in use, by the address of their block. Address and record share a number, so that a plain sort does. */
function sortedRecords(image: MemoryImage): Uint32Array {
  const base = readU32(image, abi.HEADER_CHUNKS);
  const room = Math.floor((image.bytes.length - base) / abi.CHUNK_RECORD);
  const slots = base === 0 ? 0 : Math.min(readU32(image, abi.HEADER_CHUNK_COUNT), room);
  const factor = 2 ** Math.ceil(Math.log2(slots + 1));
  const keys = new Float64Array(slots);
  let used = 0;
  for (let slot = 0; slot < slots; slot++) {
    const record = base + slot * abi.CHUNK_RECORD;
    if (image.bytes[record + abi.CHUNK_STATE] === abi.CHUNK_UNUSED) continue;
    keys[used++] = readU32(image, record + abi.CHUNK_BEGIN) * factor + slot;
  }
  return Uint32Array.from(keys.subarray(0, used).sort(), (key) => base + (key % factor) * abi.CHUNK_RECORD);
}

function bucketsOf(begins: Float64Array, memoryBytes: number): Uint32Array {
  const buckets = new Uint32Array(Math.ceil(memoryBytes / BUCKET) + 1);
  let next = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    while (next < begins.length && begins[next]! < bucket * BUCKET) next++;
    buckets[bucket] = next;
  }
  return buckets;
}
