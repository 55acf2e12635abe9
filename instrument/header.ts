// The runtime's header as it stands in the instrumented file: options baked in before anything runs.

import {
  ABI_VERSION,
  FLAG_ALLOC_DEALLOC_MISMATCH,
  FLAG_ALLOCATOR_MAY_RETURN_NULL,
  FLAG_CONTAINERS,
  FLAG_DLMALLOC_HEADS,
  FLAG_EVERY_TIME,
  FLAG_HOOKS,
  FLAG_NEW_DELETE_TYPE_MISMATCH,
  FLAG_NO_SIZE_WORD,
  FLAG_POISON_HEAP,
  FLAG_REALLOC_ZERO_FREES,
  FLAG_RELEASES_SEEN,
  FLAG_REPLACE_INTRIN,
  FLAG_SHARED_HEAP,
  FLAG_STACK_AFTER_RETURN,
  FLAG_STACK_EXACT,
  FLAG_STACK_MAY_GROW,
  FLAG_TAIL_REDZONES,
  FLAG_USER_POISONING,
  HEADER,
  HEADER_ABI,
  HEADER_CONTEXT_SIZE,
  HEADER_EVENTS_LIMIT,
  HEADER_FLAGS,
  HEADER_HALT,
  HEADER_MAGIC,
  HEADER_MAX_ALLOCATION,
  HEADER_MAX_REDZONE,
  HEADER_MMAP_THRESHOLD,
  HEADER_NULL_LIMIT,
  HEADER_PROGRAM_POINTER,
  HEADER_QUARANTINE_LIMIT,
  HEADER_REDZONE,
  HEADER_SCHEME,
  HEADER_SPARE_FROM,
  HEADER_STACK_HIGH,
  HEADER_STACK_LOW,
  HEADER_STACK_SURE,
  MAGIC,
  SCHEME_ASAN,
  SCHEME_KASAN,
} from '../runtime/abi.ts';
import type { StackBounds } from './layout.ts';
import type { SpareStack } from './spare-stack.ts';

/** Options of the runtime; names and meanings are those of ASAN_OPTIONS. */
export interface RuntimeOptions {
  scheme?: 'asan' | 'kasan';
  /** halt_on_error */
  halt?: boolean;
  /** quarantine_size_mb, in bytes. 0 turns the quarantine off. */
  quarantineBytes?: number;
  /** malloc_context_size: frames kept per allocation stack. */
  contextSize?: number;
  redzone?: number;
  maxRedzone?: number;
  /** max_allocation_size_mb, in bytes. */
  maxAllocation?: number;
  /** mmap_threshold, in bytes. 0 leaves all of the heap to the program's allocator. */
  mmapThreshold?: number;
  allocatorMayReturnNull?: boolean;
  allocDeallocMismatch?: boolean;
  newDeleteTypeMismatch?: boolean;
  poisonHeap?: boolean;
  replaceIntrin?: boolean;
  /** allow_user_poisoning */
  userPoisoning?: boolean;
  /** detect_container_overflow */
  containers?: boolean;
  /** suppress_equal_pcs=0: report a site as often as it errs. */
  everyTime?: boolean;
  reallocZeroFrees?: boolean;
  /** detect_stack_use_after_return */
  stackAfterReturn?: boolean;
  /** Keep the last allocations and frees in order, for the HTML report's timeline. */
  heapHistory?: boolean;
}

interface Layout {
  nullLimit: number;
  is64: boolean;
  stack?: StackBounds | undefined;
  spare?: SpareStack | undefined;
  /** Not every function of the allocator is known: see Allocator.layout. */
  tailRedzones?: boolean;
  /** The word in front of a block does not tell its size: see Allocator.sizeWord. */
  noSizeWord?: boolean;
  /** See Allocator.dlmallocHeads. */
  dlmallocHeads?: boolean;
  /** See Allocator.releasesSeen. */
  releasesSeen?: boolean;
  /** The program has functions to be called at allocations. */
  hooks?: boolean;
  /** Code that no wrapper stands in for allocates from the same heap: what is given back must be addressable. */
  sharedHeap?: boolean;
  /** Whatever the options say: see Allocator.largestRedzone. */
  largestRedzone?: number | undefined;
}

/** A quarantine limit of 0 means "default" to the runtime: 1 byte holds nothing. */
const NO_QUARANTINE = 1;
/** Events of the heap kept: 3 MB of memory 1. */
const HISTORY = 1 << 18;
const DEFAULT_QUARANTINE = 16 << 20;

/** The data segment that presets the header: where it goes and its bytes. */
export function encodeHeader(options: RuntimeOptions & Layout): { address: number; bytes: Uint8Array } {
  // Up to here and no further: a shared memory holds the lock and the number of threads behind it before this is copied.
  const bytes = new Uint8Array(HEADER_STACK_SURE + 4 - HEADER);
  const view = new DataView(bytes.buffer);
  const set = (field: number, value: number) => view.setUint32(field - HEADER, value, true);
  set(HEADER_MAGIC, MAGIC);
  set(HEADER_ABI, ABI_VERSION);
  set(HEADER_SCHEME, options.scheme === 'kasan' ? SCHEME_KASAN : SCHEME_ASAN);
  set(HEADER_HALT, (options.halt ?? true) ? 1 : 0);
  set(HEADER_QUARANTINE_LIMIT, (options.quarantineBytes ?? DEFAULT_QUARANTINE) || NO_QUARANTINE);
  set(HEADER_CONTEXT_SIZE, options.contextSize ?? 30);
  const most = options.largestRedzone ?? options.maxRedzone ?? 2048;
  set(HEADER_REDZONE, Math.min(options.redzone ?? 16, most));
  set(HEADER_MAX_REDZONE, Math.min(options.maxRedzone ?? 2048, most));
  set(HEADER_NULL_LIMIT, options.nullLimit);
  set(HEADER_MAX_ALLOCATION, options.maxAllocation ?? 0);
  set(HEADER_MMAP_THRESHOLD, options.mmapThreshold ?? 0);
  set(HEADER_PROGRAM_POINTER, options.is64 ? 8 : 4);
  set(HEADER_EVENTS_LIMIT, options.heapHistory ? HISTORY : 0);
  set(HEADER_STACK_LOW, options.stack?.low ?? 0);
  set(HEADER_STACK_HIGH, options.stack?.high ?? 0);
  set(HEADER_STACK_SURE, options.stack?.sure ?? 0);
  set(HEADER_SPARE_FROM, options.spare?.from ?? 0);
  set(HEADER_FLAGS, flags(options));
  return { address: HEADER, bytes };
}

function flags(options: RuntimeOptions & Layout): number {
  const on: [boolean, number][] = [
    [options.allocatorMayReturnNull ?? true, FLAG_ALLOCATOR_MAY_RETURN_NULL],
    [options.allocDeallocMismatch ?? true, FLAG_ALLOC_DEALLOC_MISMATCH],
    [options.newDeleteTypeMismatch ?? true, FLAG_NEW_DELETE_TYPE_MISMATCH],
    [options.poisonHeap ?? true, FLAG_POISON_HEAP],
    [options.replaceIntrin ?? true, FLAG_REPLACE_INTRIN],
    [options.userPoisoning ?? true, FLAG_USER_POISONING],
    [options.containers ?? true, FLAG_CONTAINERS],
    [options.everyTime ?? false, FLAG_EVERY_TIME],
    [options.reallocZeroFrees ?? false, FLAG_REALLOC_ZERO_FREES],
    [options.stackAfterReturn ?? false, FLAG_STACK_AFTER_RETURN],
    [options.stack?.exact ?? false, FLAG_STACK_EXACT],
    [options.spare?.mayGrow ?? false, FLAG_STACK_MAY_GROW],
    [options.tailRedzones ?? false, FLAG_TAIL_REDZONES],
    [options.noSizeWord ?? false, FLAG_NO_SIZE_WORD],
    [options.dlmallocHeads ?? false, FLAG_DLMALLOC_HEADS],
    [options.sharedHeap ?? false, FLAG_SHARED_HEAP],
    [options.releasesSeen ?? false, FLAG_RELEASES_SEEN],
    [options.hooks ?? false, FLAG_HOOKS],
  ];
  return on.reduce((sum, [set, flag]) => sum | (set ? flag : 0), 0);
}
