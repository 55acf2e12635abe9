// Instantiates one variant of the runtime with a stand-in for the program: a memory, and a first-fit allocator written in
// TypeScript. Addresses are numbers on this side whatever the variant's width; every report lands in a list.
import { readFileSync } from 'node:fs';
import * as abi from '../../runtime/abi.ts';
import { runtimePath, type Variant } from '../../runtime/build.mts';
import { FirstFit } from '../model/first-fit.ts';

export const PAGE = 65536;
export const HEAP_START = 0x8000;

export interface Report {
  kind: number;
  access: number;
  addr: number;
  size: number;
  firstBad: number;
  site: number;
  stack: number[];
  chunk: number;
  shadowByte: number;
  extra0: number;
  extra1: number;
}

export interface HarnessOptions {
  variant?: Variant;
  /** The original writes dlmalloc's word in front of its blocks: their size, in use as the one before them. */
  sizeWords?: boolean;
  pages?: number;
  maxPages?: number;
  /** Header fields to preset, by address. */
  header?: Record<number, number>;
  /** Leave phase E to the test. */
  early?: boolean;
  halt?: boolean;
  /** Alignment of the original malloc's pointers. */
  alignment?: number;
  /** Runs inside program.pages(): lets a test look at the runtime while init() is under way. */
  onPages?: () => void;
}

/** Parameters (p address or size, i 32-bit) and result of every export the tests call. */
const SIGNATURES: Record<string, string> = {
  init: ':i',
  depth_enter: ':',
  depth_leave: ':',
  check_range_load: 'ppi:',
  check_range_store: 'ppi:',
  libc_strspn: 'ppi:',
  libc_strcspn: 'ppi:',
  poison_range: 'ppi:',
  unpoison_range: 'pp:',
  asan_malloc: 'p:p',
  asan_free: 'p:',
  asan_calloc: 'pp:p',
  asan_realloc: 'pp:p',
  asan_reallocarray: 'ppp:p',
  asan_memalign: 'pp:p',
  asan_aligned_alloc: 'pp:p',
  asan_posix_memalign: 'ppp:i',
  asan_malloc_usable_size: 'p:p',
  asan_new: 'p:p',
  asan_new_array: 'p:p',
  asan_new_aligned: 'pp:p',
  asan_delete: 'p:',
  asan_delete_array: 'p:',
  asan_delete_sized: 'pp:',
  asan_rust_alloc: 'pp:p',
  asan_rust_alloc_zeroed: 'pp:p',
  asan_rust_alloc_behind: 'pp:p',
  asan_rust_dealloc: 'ppp:',
  asan_rust_realloc: 'pppp:p',
  asan_wbindgen_malloc: 'pp:p',
  asan_wbindgen_free: 'ppp:',
  asan_wbindgen_realloc: 'pppp:p',
  asan_tinygo_alloc: 'pp:p',
  asan_tinygo_alloc_by_size: 'p:p',
  asan_as_allocate_block: 'pp:p',
  asan_as_insert_block: 'pp:',
  asan_as_remove_block: 'pp:',
  asan_as_prepare_block: 'ppp:',
  asan_as_move_block: 'ppp:p',
  __asan_poison_memory_region: 'pp:',
  __asan_unpoison_memory_region: 'pp:',
  __asan_address_is_poisoned: 'p:i',
  __asan_region_is_poisoned: 'pp:p',
  __asan_alloca_poison: 'pp:',
  __asan_allocas_unpoison: 'pp:',
  __asan_register_globals: 'pp:',
  __asan_unregister_globals: 'pp:',
  __sanitizer_annotate_contiguous_container: 'pppp:',
  __sanitizer_annotate_double_ended_contiguous_container: 'pppppp:',
  __sanitizer_verify_contiguous_container: 'ppp:i',
  __sanitizer_verify_double_ended_contiguous_container: 'pppp:i',
  __sanitizer_contiguous_container_find_bad_address: 'ppp:p',
  __sanitizer_double_ended_contiguous_container_find_bad_address: 'pppp:p',
  __sanitizer_get_allocated_size: 'p:p',
  __asan_memset: 'pip:p',
  __asan_memcpy: 'ppp:p',
  __asan_memmove: 'ppp:p',
  __asan_init: ':',
  __asan_loadN: 'pp:',
  __asan_storeN_noabort: 'pp:',
  __asan_report_load_n: 'pp:',
};
for (const access of ['load', 'store']) {
  for (const size of [1, 2, 4, 8, 16]) {
    SIGNATURES[`check_${access}${size}`] = 'ppi:';
    SIGNATURES[`check_${access}R${size}`] = 'ppi:';
    SIGNATURES[`__asan_${access}${size}`] = 'p:';
    SIGNATURES[`__asan_${access}${size}_noabort`] = 'p:';
    SIGNATURES[`__asan_report_${access}${size}`] = 'p:';
  }
}

const modules = new Map<Variant, WebAssembly.Module>();

function compiled(variant: Variant): WebAssembly.Module {
  const known = modules.get(variant) ?? new WebAssembly.Module(readFileSync(runtimePath(variant)));
  modules.set(variant, known);
  return known;
}

/** What only the linker of a build with snapshots provides (runtime/snapshot.ts): test/fuzz-engine/snapshot.test.ts runs those. */
const SNAPSHOT_IMPORTS = ['real_pages', 'real_grow', 'save', 'restore', 'clear', 'globals_save', 'globals_restore'];
/** Functions of the program that there are none of here. */
const CALLBACKS = ['on_error', 'malloc_hook', 'free_hook', 'ignore_free_hook', 'call0', 'call1', 'call2'];
const unlinked = () => {
  throw new Error('no snapshots here');
};

export class Harness {
  readonly variant: Variant;
  readonly wide: boolean;
  readonly program: WebAssembly.Memory;
  readonly allocator: FirstFit;
  readonly reports: Report[] = [];
  /** Raw calls in order, such as "malloc 48" and "free 32784". */
  readonly originals: string[] = [];
  /** While set, every original allocator fails. */
  exhausted = false;
  readonly #exports: WebAssembly.Exports;
  readonly #options: HarnessOptions;
  #pages: number;
  readonly #maxPages: number;

  constructor(options: HarnessOptions = {}) {
    this.#options = options;
    this.variant = options.variant ?? 'flat32';
    this.wide = this.variant.endsWith('64');
    this.#pages = options.pages ?? 4;
    this.#maxPages = options.maxPages ?? this.#pages;
    this.program = new WebAssembly.Memory({ initial: this.#maxPages });
    this.allocator = new FirstFit(HEAP_START, this.#pages * PAGE, options.alignment);
    const instance = new WebAssembly.Instance(compiled(this.variant), this.#imports());
    this.#exports = instance.exports;
    (instance.exports.memory as WebAssembly.Memory).grow(8); // the linker sees to it that the call stack is there
    const header = {
      [abi.HEADER_NULL_LIMIT]: 1024,
      [abi.HEADER_SITE_COUNT]: 100000,
      [abi.HEADER_CONTEXT_SIZE]: 30,
      ...options.header,
    };
    for (const [field, value] of Object.entries(header)) this.set(Number(field), value);
    this.set(abi.HEADER_MAGIC, abi.MAGIC);
    if (!options.header?.[abi.HEADER_FLAGS]) this.set(abi.HEADER_FLAGS, ALL_FLAGS);
    if (!options.early) this.call('init');
  }

  // ---------------------------------------------------------------------------------------------- memory 1

  get runtimeMemory(): DataView {
    return new DataView((this.#exports.memory as WebAssembly.Memory).buffer);
  }

  get(field: number): number {
    return this.runtimeMemory.getUint32(field, true);
  }

  set(field: number, value: number): void {
    this.runtimeMemory.setUint32(field, value, true);
  }

  /** The shadow byte of a program address, read as instrumented code would. */
  shadow(address: number): number {
    return this.shadows(address, 1)[0]!;
  }

  shadows(address: number, granules: number): number[] {
    const memory = this.runtimeMemory;
    const base = this.get(abi.HEADER_SHADOW_BASE);
    const flat = this.get(abi.HEADER_MAPPING) === abi.MAPPING_FLAT;
    return Array.from({ length: granules }, (_, i) => {
      const granule = Math.floor(address / 8) + i;
      if (flat) return memory.getUint8(base + granule);
      return memory.getUint8(memory.getUint32(base + (granule >> 13) * 4, true) + (granule & 8191));
    });
  }

  /** The site ids of a stack in the depot, innermost first. */
  stack(id: number): number[] {
    if (!id) return [];
    return Array.from({ length: this.get(id + abi.DEPOT_COUNT) }, (_, i) => this.get(id + abi.DEPOT_SITES + 4 * i));
  }

  /** Sets the shadow call stack: site ids, outermost first. */
  callStack(...sites: number[]): void {
    sites.forEach((site, i) => this.set(abi.CALL_STACK_BASE + 4 * i, site));
    (this.#exports.__wasan_cs as WebAssembly.Global).value = abi.CALL_STACK_BASE + 4 * sites.length;
  }

  // ---------------------------------------------------------------------------------------------- calls

  /** Calls an export with plain numbers, whatever the address width. */
  call(name: string, ...args: number[]): number {
    const [params, result] = SIGNATURES[name]!.split(':') as [string, string];
    const converted = args.map((arg, i) => (params[i] === 'p' && this.wide ? BigInt.asUintN(64, BigInt(arg)) : arg));
    const answer = (this.#exports[name] as (...a: (number | bigint)[]) => number | bigint)(...converted);
    return result === 'p' ? this.#address(answer) : Number(answer ?? 0);
  }

  load(size: number, address: number, site = 0, offset = 0): void {
    this.call(`check_load${size}`, address, offset, site);
  }

  store(size: number, address: number, site = 0, offset = 0): void {
    this.call(`check_store${size}`, address, offset, site);
  }

  /** Runs the action and answers the reports it made, which the list then no longer holds. */
  reported(action: () => void): Report[] {
    const before = this.reports.splice(0);
    action();
    const made = this.reports.splice(0);
    this.reports.push(...before);
    return made;
  }

  kinds(action: () => void): number[] {
    return this.reported(action).map((report) => report.kind);
  }

  grow(pages: number): void {
    if (this.#pages + pages > this.#maxPages) throw new Error('the test asked for more than maxPages');
    this.#pages += pages;
  }

  get pages(): number {
    return this.#pages;
  }

  #address(value: number | bigint): number {
    return typeof value === 'bigint' ? Number(BigInt.asUintN(64, value)) : value >>> 0;
  }

  #out(address: number): number | bigint {
    return this.wide ? BigInt(address) : address;
  }

  #imports(): WebAssembly.Imports {
    const at = (value: number | bigint) => this.#address(value);
    const bytes = () => new Uint8Array(this.program.buffer);
    const view = () => new DataView(this.program.buffer);
    const raw = (name: string) => (size: number | bigint, align?: number | bigint) => {
      this.originals.push(`${name} ${at(size)}${align === undefined ? '' : ` ${at(align)}`}`);
      if (this.exhausted || at(size) > 2 ** 31) return this.#out(0);
      const block = this.allocator.malloc(at(size), align === undefined ? undefined : Math.max(16, at(align)));
      if (block && this.#options.sizeWords) view().setUint32(block - 4, (((at(size) + 7) & ~7) + 8) | 3, true);
      return this.#out(block);
    };
    const release = (name: string) => (ptr: number | bigint, size?: number | bigint, align?: number | bigint) => {
      const rest = size === undefined ? '' : ` ${at(size)} ${at(align!)}`;
      this.originals.push(`${name} ${at(ptr)}${rest}`);
      this.allocator.free(at(ptr));
    };
    return {
      program: {
        load8: (a: number | bigint) => bytes()[at(a)]!,
        load32: (a: number | bigint) => view().getUint32(at(a), true),
        load64: (a: number | bigint) => view().getBigUint64(at(a), true),
        store8: (a: number | bigint, value: number) => view().setUint8(at(a), value & 255),
        store32: (a: number | bigint, value: number) => view().setUint32(at(a), value, true),
        store_ptr: (a: number | bigint, value: number | bigint) =>
          this.wide ? view().setBigUint64(at(a), BigInt(value), true) : view().setUint32(at(a), Number(value), true),
        fill: (a: number | bigint, value: number, n: number | bigint) => bytes().fill(value, at(a), at(a) + at(n)),
        copy: (to: number | bigint, from: number | bigint, n: number | bigint) =>
          bytes().copyWithin(at(to), at(from), at(from) + at(n)),
        pages: () => {
          this.#options.onPages?.();
          return this.#out(this.#pages);
        },
        grow: () => this.#out(this.wide ? -1 : 0xffffffff),
        malloc: raw('malloc'),
        free: release('free'),
        realloc: (ptr: number | bigint, size: number | bigint) => {
          this.originals.push(`realloc ${at(ptr)} ${at(size)}`);
          const moved = this.allocator.malloc(at(size));
          bytes().copyWithin(moved, at(ptr), at(ptr) + at(size));
          this.allocator.free(at(ptr));
          return this.#out(moved);
        },
        operator_new: (size: number | bigint) => {
          this.originals.push(`operator_new ${at(size)}`);
          return this.#out(0);
        },
        usable_size: (ptr: number | bigint) => {
          this.originals.push(`usable_size ${at(ptr)}`);
          return this.#out(0);
        },
        tinygo_alloc: raw('tinygo_alloc'),
        tinygo_alloc_by_size: raw('tinygo_alloc_by_size'),
        rust_alloc: raw('rust_alloc'),
        rust_alloc_behind: raw('rust_alloc_behind'),
        memalign: raw('memalign'),
        rust_dealloc: release('rust_dealloc'),
        // Blocks as TLSF's: their header, the size of the payload, in the word in front of it.
        as_allocate_block: (root: number | bigint, size: number | bigint) => {
          this.originals.push(`as_allocate_block ${at(root)} ${at(size)}`);
          const block = this.allocator.malloc(at(size) + 32, 16) + 12;
          view().setUint32(block, ((at(size) + 19) & ~15) - 4, true);
          return this.#out(block);
        },
        as_insert_block: (root: number | bigint, block: number | bigint) => {
          this.originals.push(`as_insert_block ${at(root)} ${at(block)}`);
          if (at(block) >= HEAP_START) this.allocator.free(at(block) - 12);
        },
        as_remove_block: () => undefined,
        as_prepare_block: (_: number | bigint, block: number | bigint, size: number | bigint) => {
          this.originals.push(`as_prepare_block ${at(size)}`);
          view().setUint32(at(block), at(size), true);
        },
        wbindgen_malloc: raw('wbindgen_malloc'),
        wbindgen_free: release('wbindgen_free'),
        mmap: () => this.#out(0),
        munmap: () => 0,
        ...Object.fromEntries(CALLBACKS.map((name) => [name, () => 0])),
        ...Object.fromEntries(SNAPSHOT_IMPORTS.map((name) => [name, unlinked])),
      },
      host: { report: () => this.#record(), ask: () => 0 },
    };
  }

  #record(): number {
    const memory = this.runtimeMemory;
    const long = (field: number) => Number(memory.getBigUint64(field, true));
    this.reports.push({
      kind: this.get(abi.REPORT_KIND),
      access: this.get(abi.REPORT_ACCESS),
      addr: long(abi.REPORT_ADDR),
      size: long(abi.REPORT_SIZE),
      firstBad: long(abi.REPORT_FIRST_BAD),
      site: this.get(abi.REPORT_SITE),
      stack: this.stack(this.get(abi.REPORT_STACK)),
      chunk: this.get(abi.REPORT_CHUNK),
      shadowByte: this.get(abi.REPORT_SHADOW_BYTE),
      extra0: long(abi.REPORT_EXTRA0),
      extra1: long(abi.REPORT_EXTRA1),
    });
    return this.#options.halt ? 1 : 0;
  }
}

export const ALL_FLAGS =
  abi.FLAG_ALLOCATOR_MAY_RETURN_NULL |
  abi.FLAG_ALLOC_DEALLOC_MISMATCH |
  abi.FLAG_POISON_HEAP |
  abi.FLAG_REPLACE_INTRIN |
  abi.FLAG_NEW_DELETE_TYPE_MISMATCH |
  abi.FLAG_USER_POISONING |
  abi.FLAG_CONTAINERS;
