// VmaSpace: one window of a program's linear memory, managed as Linux manages anonymous memory. Everything the model can
// do from TypeScript; the model itself is runtime/vma-*.ts, compiled to the module whose bytes are handed in.
import {
  ANON_SERIAL,
  ANON_STATE,
  AREA_ANON,
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_NEXT,
  AREA_PGOFF,
  AREA_SERIAL,
  AREA_STACK,
  AREA_START,
  AREA_TAIL,
  COUNT_ANONS,
  COUNT_COPIED,
  COUNT_FAULTS,
  COUNT_MERGES,
  COUNT_PEAK_AREAS,
  COUNT_REFUSED_ANON,
  COUNT_REFUSED_PGOFF,
  DEFAULT_MAX_MAP_COUNT,
  PAGE_GUARD,
  PAGE_PRESENT,
  PAGE_ZERO,
  PAST_END,
  PAST_KIND,
  PAST_MAP_STACK,
  PAST_START,
  PAST_UNMAP_STACK,
  POLICY_LINUX,
  POLICY_MERGE_FRIENDLY,
  POLICY_RELOCATE,
} from '../../runtime/vma-layout.ts';

export const PAGE_SIZE = 4096;
const WASM_PAGE = 65536;
const NO_LIMIT = 0xffffffff;

export const POLICIES = { linux: POLICY_LINUX, relocate: POLICY_RELOCATE, 'merge-friendly': POLICY_MERGE_FRIENDLY };
export type Policy = keyof typeof POLICIES;

export interface VmaOptions {
  /** build/vma.wasm: its bytes, or already compiled. */
  module: Uint8Array | WebAssembly.Module;
  /** The program's memory; without one the window gets a memory of its own, with null it has no bytes at all. */
  memory?: WebAssembly.Memory | null;
  /** First page of the window (4 KiB pages). Default 16, so that page 0 stays a null page. */
  startPage?: number;
  /** Pages of the window, at most 16,777,215 (just under 64 GiB). */
  pages: number;
  policy?: Policy;
  /** 32 when addresses are those of a memory32 program: their sums wrap at 4 GiB. */
  pointerBits?: 32 | 64;
  maxMapCount?: number;
  /** RLIMIT_MEMLOCK in pages; no limit without it. */
  lockedPages?: number;
  /** Told whenever the accessibility of pages changes: STATE_* of runtime/vma-layout.ts. */
  onPageState?: (page: number, count: number, state: number, tail: number) => void;
}

/** One area, in pages. */
export interface Area {
  start: number;
  end: number;
  flags: number;
  pgoff: number;
  /** Identity of its anon_vma, 0 when nothing was written to it. */
  anon: number;
  anonState: number;
  isShared: boolean;
  tail: number;
  stack: number;
  serial: number;
}

export interface Counters {
  merges: number;
  refusedByOffset: number;
  refusedByAnonVma: number;
  faults: number;
  copiedPages: number;
  peakAreas: number;
  anonVmas: number;
}

export interface PastUnmap {
  start: number;
  end: number;
  mapStack: number;
  unmapStack: number;
  /** OP_* of the call. */
  kind: number;
}

type Num = number | bigint;

interface VmaExports {
  memory: WebAssembly.Memory;
  vma_open(startPage: number, pages: number, isNarrow: number): number;
  vma_mmap(addr: bigint, length: bigint, prot: number, flags: number): bigint;
  vma_munmap(addr: bigint, length: bigint): bigint;
  vma_mprotect(addr: bigint, length: bigint, prot: number): bigint;
  vma_madvise(addr: bigint, length: bigint, advice: number): bigint;
  vma_mremap(addr: bigint, oldLength: bigint, newLength: bigint, flags: number, target: bigint): bigint;
  vma_mlock(addr: bigint, length: bigint, flags: number): bigint;
  vma_munlock(addr: bigint, length: bigint): bigint;
  vma_mseal(addr: bigint, length: bigint, flags: number): bigint;
  vma_brk(addr: bigint): bigint;
  vma_set_brk(addr: bigint): void;
  vma_fork(isParent: number): bigint;
  vma_map_bytes(length: bigint): bigint;
  vma_resize_bytes(addr: bigint, length: bigint): bigint;
  vma_fault(addr: bigint, isWrite: number): number;
  vma_set_policy(policy: number): void;
  vma_set_limits(maxMapCount: number, otherMaps: number, lockedPages: number): void;
  vma_set_stack(id: number): void;
  vma_set_choice(page: number): void;
  vma_set_fail_after(records: number): void;
  vma_set_mutant?(rule: number): void;
  vma_watch(on: number): void;
  vma_first(): number;
  vma_area_at(page: number): number;
  vma_area_count(): number;
  vma_page(page: number): number;
  vma_unmapped_by(page: number): number;
  vma_counters(): number;
  vma_reset(): void;
  vma_batch_room(entries: number): number;
  vma_batch(entry: number, entries: number): void;
}

export class VmaSpace {
  readonly startPage: number;
  readonly pages: number;
  readonly memory: WebAssembly.Memory | null;
  /** The model's exports, for those who count nanoseconds. */
  readonly raw: VmaExports;
  #limits = { maxMapCount: DEFAULT_MAX_MAP_COUNT, otherMaps: 0, lockedPages: NO_LIMIT };

  constructor(options: VmaOptions) {
    this.startPage = options.startPage ?? 16;
    this.pages = options.pages;
    this.memory = options.memory === undefined ? memoryFor(this.startPage + this.pages) : options.memory;
    const module = options.module instanceof WebAssembly.Module ? options.module : compile(options.module);
    this.raw = instantiate(module, this.memory, options.onPageState);
    const error = this.raw.vma_open(this.startPage, this.pages, options.pointerBits === 32 ? 1 : 0);
    if (error) throw new RangeError(`a window of ${this.pages} pages at page ${this.startPage} cannot be managed`);
    this.raw.vma_set_policy(POLICIES[options.policy ?? 'linux']);
    this.setLimits({ maxMapCount: options.maxMapCount, lockedPages: options.lockedPages });
    if (options.onPageState) this.raw.vma_watch(1);
  }

  // -------------------------------------------------------------------------------------------- the kernel's calls
  // Addresses and lengths are bytes. Each answers an address, 0, or -errno, as the system call would.

  mmap(addr: Num, length: Num, prot: number, flags: number): number {
    return Number(this.raw.vma_mmap(word(addr), word(length), prot, flags));
  }

  munmap(addr: Num, length: Num): number {
    return Number(this.raw.vma_munmap(word(addr), word(length)));
  }

  mprotect(addr: Num, length: Num, prot: number): number {
    return Number(this.raw.vma_mprotect(word(addr), word(length), prot));
  }

  madvise(addr: Num, length: Num, advice: number): number {
    return Number(this.raw.vma_madvise(word(addr), word(length), advice));
  }

  mremap(addr: Num, oldLength: Num, newLength: Num, flags: number, target: Num = 0): number {
    return Number(this.raw.vma_mremap(word(addr), word(oldLength), word(newLength), flags, word(target)));
  }

  mlock(addr: Num, length: Num, flags = 0): number {
    return Number(this.raw.vma_mlock(word(addr), word(length), flags));
  }

  munlock(addr: Num, length: Num): number {
    return Number(this.raw.vma_munlock(word(addr), word(length)));
  }

  mseal(addr: Num, length: Num, flags = 0): number {
    return Number(this.raw.vma_mseal(word(addr), word(length), flags));
  }

  /** The new break, or the old one when it could not be moved. */
  brk(addr: Num): number {
    return Number(this.raw.vma_brk(word(addr)));
  }

  /** Goes on as the child of a fork, or as the parent while the child lives. */
  fork(as: 'child' | 'parent' = 'child'): number {
    return Number(this.raw.vma_fork(as === 'parent' ? 1 : 0));
  }

  /** A mapping of exactly so many bytes (vmalloc): the rest of its last page is out of bounds. */
  mapBytes(length: Num): number {
    return Number(this.raw.vma_map_bytes(word(length)));
  }

  resizeBytes(addr: Num, length: Num): number {
    return Number(this.raw.vma_resize_bytes(word(addr), word(length)));
  }

  // -------------------------------------------------------------------------------------------- memory accesses

  /** Faults a page in: FAULT_DONE (0) or the reason why not. */
  fault(addr: Num, isWrite: boolean): number {
    return this.raw.vma_fault(word(addr), isWrite ? 1 : 0);
  }

  /** The bytes, after read faults on every page; null when one of them may not be read. */
  read(addr: number, length: number): Uint8Array | null {
    if (!this.#faultRange(addr, length, false)) return null;
    return new Uint8Array(this.memory!.buffer).slice(addr, addr + length);
  }

  /** Stores bytes after write faults on every page; false, with nothing stored, when one of them may not be written. */
  write(addr: number, bytes: Uint8Array): boolean {
    if (!this.#faultRange(addr, bytes.length, true)) return false;
    new Uint8Array(this.memory!.buffer).set(bytes, addr);
    return true;
  }

  #faultRange(addr: number, length: number, isWrite: boolean): boolean {
    if (!this.memory) throw new Error('this window has no memory');
    const last = Math.floor((addr + Math.max(length, 1) - 1) / PAGE_SIZE);
    for (let page = Math.floor(addr / PAGE_SIZE); page <= last; page++) {
      if (this.fault(page * PAGE_SIZE, isWrite)) return false;
    }
    return true;
  }

  // -------------------------------------------------------------------------------------------- settings

  setPolicy(policy: Policy): void {
    this.raw.vma_set_policy(POLICIES[policy]);
  }

  setLimits(limits: { maxMapCount?: number | undefined; otherMaps?: number; lockedPages?: number | undefined }): void {
    const set = this.#limits;
    set.maxMapCount = limits.maxMapCount ?? set.maxMapCount;
    set.otherMaps = limits.otherMaps ?? set.otherMaps;
    set.lockedPages = limits.lockedPages ?? set.lockedPages;
    this.raw.vma_set_limits(set.maxMapCount, set.otherMaps, set.lockedPages);
  }

  /** Call stack id recorded with what the following calls map and unmap. */
  setStack(id: number): void {
    this.raw.vma_set_stack(id);
  }

  /** Unmaps everything. */
  reset(): void {
    this.raw.vma_reset();
  }

  // -------------------------------------------------------------------------------------------- views

  get areaCount(): number {
    return this.raw.vma_area_count();
  }

  areas(): Area[] {
    const view = new DataView(this.raw.memory.buffer);
    const list: Area[] = [];
    const count = this.areaCount;
    for (let at = this.raw.vma_first(); list.length < count; at = view.getUint32(at + AREA_NEXT, true)) {
      list.push(areaFrom(view, at));
    }
    return list;
  }

  areaAt(page: number): Area | null {
    const at = this.raw.vma_area_at(page);
    return at ? areaFrom(new DataView(this.raw.memory.buffer), at) : null;
  }

  /** What a page is: bytes of its own, the zero page, a guard, or nothing yet. */
  page(page: number): 'present' | 'zero' | 'guard' | 'none' {
    const state = this.raw.vma_page(page);
    if (state & PAGE_PRESENT) return 'present';
    if (state & PAGE_GUARD) return 'guard';
    return state & PAGE_ZERO ? 'zero' : 'none';
  }

  /** Who unmapped the page last; null when it never was, or long ago. */
  unmappedBy(page: number): PastUnmap | null {
    const at = this.raw.vma_unmapped_by(page);
    if (!at) return null;
    const field = (offset: number) => new DataView(this.raw.memory.buffer).getUint32(at + offset, true);
    return {
      start: field(PAST_START),
      end: field(PAST_END),
      mapStack: field(PAST_MAP_STACK),
      unmapStack: field(PAST_UNMAP_STACK),
      kind: field(PAST_KIND),
    };
  }

  counters(): Counters {
    const at = this.raw.vma_counters();
    const field = (offset: number) => new DataView(this.raw.memory.buffer).getUint32(at + offset, true);
    return {
      merges: field(COUNT_MERGES),
      refusedByOffset: field(COUNT_REFUSED_PGOFF),
      refusedByAnonVma: field(COUNT_REFUSED_ANON),
      faults: field(COUNT_FAULTS),
      copiedPages: field(COUNT_COPIED),
      peakAreas: field(COUNT_PEAK_AREAS),
      anonVmas: field(COUNT_ANONS),
    };
  }
}

function word(value: Num): bigint {
  return BigInt.asUintN(64, BigInt(value));
}

function memoryFor(pages: number): WebAssembly.Memory {
  const initial = Math.ceil((pages * PAGE_SIZE) / WASM_PAGE);
  if (initial > 65536) throw new RangeError(`a window that ends at page ${pages} needs a memory64 of its own`);
  return new WebAssembly.Memory({ initial });
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory | null,
  onPageState: VmaOptions['onPageState'],
): VmaExports {
  const bytes = () => (memory ? new Uint8Array(memory.buffer) : new Uint8Array());
  const at = (page: number) => (page >>> 0) * PAGE_SIZE;
  const seam = {
    zero_pages: (page: number, count: number) => void bytes().fill(0, at(page), at(page) + at(count)),
    copy_pages: (target: number, source: number, count: number) =>
      void bytes().copyWithin(at(target), at(source), at(source) + at(count)),
    load_word: (page: number, offset: number) =>
      memory ? new DataView(memory.buffer).getBigUint64(at(page) + offset, true) : 0n,
    store_word: (page: number, offset: number, value: bigint) => {
      if (memory) new DataView(memory.buffer).setBigUint64(at(page) + offset, value, true);
    },
    page_state: (page: number, count: number, state: number, tail: number) => onPageState?.(page, count, state, tail),
  };
  const instance = new WebAssembly.Instance(module, { 'vma-seam': seam, env: { abort: trap } });
  return instance.exports as unknown as VmaExports;
}

function trap(): never {
  throw new Error('the VMA model broke an invariant: this is a bug in it');
}

function areaFrom(view: DataView, at: number): Area {
  const field = (offset: number) => view.getUint32(at + offset, true);
  const anon = field(AREA_ANON);
  return {
    start: field(AREA_START),
    end: field(AREA_END),
    flags: field(AREA_FLAGS),
    pgoff: field(AREA_PGOFF),
    anon: anon ? view.getUint32(anon + ANON_SERIAL, true) : 0,
    anonState: anon ? view.getUint32(anon + ANON_STATE, true) : 0,
    isShared: field(AREA_FILE) !== 0,
    tail: field(AREA_TAIL),
    stack: field(AREA_STACK),
    serial: field(AREA_SERIAL),
  };
}
