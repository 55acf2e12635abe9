// The reference the runtime is compared with: one status per program byte, no shadow encoding, no index, no lists in
// memory. It owns an allocator of its own that answers as the runtime's does, so it predicts addresses as well.
import * as abi from '../../runtime/abi.ts';
import { FirstFit } from './first-fit.ts';

export interface ModelReport {
  kind: number;
  access: number;
  addr: number;
  size: number;
  firstBad: number;
}

interface Chunk {
  raw: number;
  begin: number;
  size: number;
  right: number;
  align: number;
  kind: number;
  freed: boolean;
}

export interface ModelOptions {
  heapStart: number;
  pages: number;
  nullLimit: number;
  quarantineLimit: number;
  scheme: number;
  alignment?: number;
}

const PAGE = 65536;
/** Object size up to (inclusive) -> gap between neighbours. */
const LADDER: readonly [number, number][] = [
  [48, 16],
  [96, 32],
  [448, 64],
  [3968, 128],
  [16128, 256],
  [32256, 512],
  [64512, 1024],
  [Number.POSITIVE_INFINITY, 2048],
];

/** Each neighbour brings half of the gap, at least 16 bytes. */
export function sideRedzone(size: number): number {
  const [, gap] = LADDER.find(([limit]) => size <= limit)!;
  return Math.max(16, gap / 2);
}

const up = (value: number, to: number) => Math.ceil(value / to) * to;

/** Even an empty chunk takes up a granule. */
const body = (size: number) => Math.max(8, up(size, 8));

/** Granules of a small chunk with its redzones. */
const total8 = (size: number) => (body(size) + 2 * sideRedzone(size)) / 8;

export class AsanModel {
  /** Why each byte may not be touched; 0 where it may. */
  readonly status: Uint8Array;
  readonly reports: ModelReport[] = [];
  readonly chunks = new Map<number, Chunk>();
  readonly #queue: Chunk[] = [];
  /** Out of the quarantine, to be handed out again, by size: the newest of each first. */
  readonly #ready: Chunk[] = [];
  readonly #options: ModelOptions;
  readonly #allocator: FirstFit;
  depth = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#allocator = new FirstFit(options.heapStart, options.pages * PAGE, options.alignment);
    this.status = new Uint8Array(options.pages * PAGE);
    this.status.fill(abi.NULL_PAGE, 0, options.nullLimit);
  }

  get #kasan(): boolean {
    return this.#options.scheme === abi.SCHEME_KASAN;
  }

  get quarantineBytes(): number {
    return this.#queue.reduce((sum, chunk) => sum + this.#held(chunk), 0);
  }

  /** The two redzones count as alike: a large alignment makes the first one larger. */
  #held(chunk: Chunk): number {
    return chunk.size + 2 * (chunk.begin - chunk.raw);
  }

  // ---------------------------------------------------------------------------------------------- heap

  allocate(size: number, align: number, kind: number): number {
    const again = align === 8 ? this.#takeReady(size) : undefined;
    if (again) return this.#layOut({ ...again, size, kind, freed: false });
    const right = sideRedzone(size);
    const left = up(right, align);
    const total = left + body(size) + right + (align > 8 ? align : 0);
    let raw = this.#allocator.malloc(total);
    if (!raw && this.#queue.length + this.#ready.length > 0) {
      while (this.#queue.length > 0) this.#evict();
      this.#dropReady();
      raw = this.#allocator.malloc(total);
    }
    if (!raw) return 0;
    return this.#layOut({ raw, begin: up(raw + left, align), size, right, align, kind, freed: false });
  }

  #layOut(chunk: Chunk): number {
    const { raw, begin, size, right, align } = chunk;
    const end = raw + up(right, align) + body(size) + right + (align > 8 ? align : 0);
    const large = size > abi.KASAN_MAX_CACHE_SIZE;
    const kasanRedzone = large ? abi.KASAN_PAGE_REDZONE : abi.KASAN_SLAB_REDZONE;
    this.#mark(up(raw, 8), begin, this.#kasan ? kasanRedzone : abi.ASAN_HEAP_LEFT_REDZONE);
    this.#mark(begin, begin + size, 0);
    const rightCode = this.#kasan ? kasanRedzone : abi.ASAN_HEAP_RIGHT_REDZONE;
    this.#mark(begin + size, Math.floor(end / 8) * 8, rightCode);
    this.chunks.set(begin, chunk);
    return begin;
  }

  #takeReady(size: number): Chunk | undefined {
    const granules = total8(size);
    const index = this.#ready.findLastIndex((c) => total8(c.size) === granules);
    return index < 0 ? undefined : this.#ready.splice(index, 1)[0];
  }

  /** Where its redzones are alike, and all of them together hold no more than a sixteenth of the quarantine. */
  #keepReady(chunk: Chunk): boolean {
    const limit = this.#options.quarantineLimit >> 4;
    const alike = chunk.align === 8 && chunk.begin - chunk.raw === chunk.right;
    if (this.#held(chunk) > limit || !alike || total8(chunk.size) >= abi.READY_CLASSES) return false;
    if (this.#ready.reduce((sum, c) => sum + this.#held(c), this.#held(chunk)) > limit) this.#dropReady();
    this.#ready.push(chunk);
    return true;
  }

  /** Back to the allocator: the smallest first, of one size the newest first. */
  #dropReady(): void {
    const order = this.#ready.splice(0).reverse();
    for (const chunk of order.sort((a, b) => total8(a.size) - total8(b.size))) this.#giveBack(chunk);
  }

  free(ptr: number, kind: number): void {
    if (ptr === 0) return;
    const chunk = this.chunks.get(ptr);
    if (!chunk) {
      this.#heapReport(this.#lookedLikeChunk(ptr) ? abi.KIND_DOUBLE_FREE : abi.KIND_BAD_FREE, ptr);
      return;
    }
    if (chunk.freed) {
      this.#heapReport(abi.KIND_DOUBLE_FREE, ptr);
      return;
    }
    if (chunk.kind !== kind) this.#heapReport(abi.KIND_ALLOC_DEALLOC_MISMATCH, ptr);
    this.#release(chunk);
  }

  realloc(ptr: number, size: number): number {
    if (ptr === 0) return this.allocate(size, 8, abi.ALLOC_MALLOC);
    const chunk = this.chunks.get(ptr);
    if (!chunk) {
      this.#heapReport(abi.KIND_BAD_FREE, ptr);
      return 0;
    }
    if (chunk.freed) {
      if (this.#kasan) this.#staleRead(ptr);
      else this.#heapReport(abi.KIND_DOUBLE_FREE, ptr);
      return 0;
    }
    const moved = this.allocate(size, 8, abi.ALLOC_MALLOC);
    if (moved) this.free(ptr, abi.ALLOC_MALLOC);
    return moved;
  }

  #release(chunk: Chunk): void {
    chunk.freed = true;
    const end = chunk.begin + body(chunk.size);
    if (!this.#kasan) {
      this.#mark(chunk.begin, end, abi.ASAN_HEAP_FREED);
    } else if (chunk.size > abi.KASAN_MAX_CACHE_SIZE) {
      this.#mark(chunk.begin, end, abi.KASAN_PAGE_FREE);
    } else {
      this.#mark(chunk.begin, end, abi.KASAN_SLAB_FREE);
      this.#mark(chunk.begin, Math.min(chunk.begin + 8, end), abi.KASAN_SLAB_FREE_META);
    }
    this.#queue.push(chunk);
    while (this.quarantineBytes > this.#options.quarantineLimit) this.#evict();
  }

  #evict(): void {
    const chunk = this.#queue.shift()!;
    if (!this.#keepReady(chunk)) this.#giveBack(chunk);
  }

  #giveBack(chunk: Chunk): void {
    this.chunks.delete(chunk.begin);
    this.#allocator.free(chunk.raw);
  }

  /** Freed memory right behind a left redzone: what is left of a chunk once its record is gone. */
  #lookedLikeChunk(ptr: number): boolean {
    if (ptr % 8 !== 0) return false;
    const [before, at] = [this.status[ptr - 1], this.status[ptr]];
    if (!this.#kasan) return before === abi.ASAN_HEAP_LEFT_REDZONE && at === abi.ASAN_HEAP_FREED;
    return before === abi.KASAN_SLAB_REDZONE && at === abi.KASAN_SLAB_FREE_META;
  }

  #mark(from: number, to: number, status: number): void {
    if (to > from) this.status.fill(status, from, to);
  }

  // ---------------------------------------------------------------------------------------------- accesses

  /** An access or a range: its first bad byte decides, whatever the width. */
  access(addr: number, size: number, access: number): void {
    if (this.depth > 0) return;
    for (let at = addr; at < addr + size; at++) {
      const status = at < this.status.length ? this.status[at]! : -1;
      if (status === 0) continue;
      this.reports.push({ kind: this.#kindOf(status), access, addr, size, firstBad: at });
      return;
    }
  }

  #kindOf(status: number): number {
    if (status === -1) return abi.KIND_WILD;
    if (status === abi.NULL_PAGE) return abi.KIND_NULL;
    const freed = this.#kasan ? [abi.KASAN_SLAB_FREE, abi.KASAN_SLAB_FREE_META] : [abi.ASAN_HEAP_FREED];
    if (freed.includes(status)) return abi.KIND_HEAP_UAF;
    return this.#kasan && status === abi.KASAN_PAGE_FREE ? abi.KIND_PAGE_UAF : abi.KIND_HEAP_OOB;
  }

  #heapReport(kind: number, addr: number): void {
    this.reports.push({ kind, access: abi.ACCESS_FREE, addr, size: 0, firstBad: addr });
  }

  #staleRead(addr: number): void {
    if (this.depth > 0) return;
    const kind = this.#kindOf(this.status[addr]!);
    this.reports.push({ kind, access: abi.ACCESS_READ, addr, size: 1, firstBad: addr });
  }
}
