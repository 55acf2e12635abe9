// The one table of findings: for every KIND_* of the contract its stable name, its title in both schemes, the shape of its
// report and a sentence for the documentation. A test holds it against runtime/abi.ts.
import * as abi from '../../runtime/abi.ts';
import type { Scheme } from './shadow-legend.ts';

/**
 * The shape of a report.
 * access: READ/WRITE of size n, place, shadow. segv: an address that is nobody's. free: a pointer that may not be released.
 * parameter: a call with impossible arguments. leak: found at exit.
 */
export type Layout = 'access' | 'segv' | 'free' | 'parameter' | 'leak';

/** Where the address of such a finding lies, so that the place is searched there first. */
export type Area = 'heap' | 'stack' | 'global' | 'mapping' | 'none' | 'any';

export interface Kind {
  readonly code: number;
  /** Stable and scheme-independent: JSON, SARIF rules, suppressions. */
  readonly name: string;
  readonly asan: string;
  readonly kasan: string;
  readonly layout: Layout;
  readonly area: Area;
  readonly sentence: string;
}

type Row = readonly [
  code: number,
  layout: Layout,
  area: Area,
  name: string,
  asan: string,
  kasan: string,
  sentence: string,
];

// biome-ignore format: one row per kind
const ROWS: readonly Row[] = [
  [abi.KIND_HEAP_OOB, 'access', 'heap', 'heap-out-of-bounds', 'heap-buffer-overflow', 'slab-out-of-bounds', 'An access before or after a heap block.'],
  [abi.KIND_HEAP_UAF, 'access', 'heap', 'heap-use-after-free', 'heap-use-after-free', 'slab-use-after-free', 'An access to a heap block that was freed.'],
  [abi.KIND_DOUBLE_FREE, 'free', 'heap', 'double-free', 'double-free', 'double-free', 'A heap block was freed a second time.'],
  [abi.KIND_BAD_FREE, 'free', 'any', 'invalid-free', 'bad-free', 'invalid-free', 'A pointer was freed that no allocation returned.'],
  [abi.KIND_ALLOC_DEALLOC_MISMATCH, 'free', 'heap', 'alloc-dealloc-mismatch', 'alloc-dealloc-mismatch', 'alloc-dealloc-mismatch', 'A block was released by another family than the one that allocated it.'],
  [abi.KIND_NULL, 'segv', 'none', 'null-dereference', 'SEGV', 'null-ptr-deref', 'An access through a null pointer or a small offset from one.'],
  [abi.KIND_WILD, 'segv', 'none', 'wild-access', 'SEGV', 'wild-memory-access', 'An access past the end of memory.'],
  [abi.KIND_NEGATIVE_SIZE, 'parameter', 'any', 'negative-size', 'negative-size-param', 'out-of-bounds', 'A memory function was given a negative size: the range wraps around.'],
  [abi.KIND_PARAM_OVERLAP, 'parameter', 'any', 'parameter-overlap', 'param-overlap', 'param-overlap', 'A copy whose ranges may not overlap was given ranges that do.'],
  [abi.KIND_STACK_UNDERFLOW, 'access', 'stack', 'stack-underflow', 'stack-buffer-underflow', 'stack-out-of-bounds', 'An access before the first variable of a stack frame.'],
  [abi.KIND_STACK_OOB, 'access', 'stack', 'stack-out-of-bounds', 'stack-buffer-overflow', 'stack-out-of-bounds', 'An access past a variable of a stack frame.'],
  [abi.KIND_STACK_AFTER_RETURN, 'access', 'stack', 'stack-use-after-return', 'stack-use-after-return', 'stack-use-after-return', 'An access to the frame of a function that has returned.'],
  [abi.KIND_STACK_AFTER_SCOPE, 'access', 'stack', 'stack-use-after-scope', 'stack-use-after-scope', 'stack-use-after-scope', 'An access to a variable whose block has ended.'],
  [abi.KIND_ALLOCA_OOB, 'access', 'stack', 'alloca-out-of-bounds', 'dynamic-stack-buffer-overflow', 'alloca-out-of-bounds', 'An access before or after a variable-length array.'],
  [abi.KIND_GLOBAL_OOB, 'access', 'global', 'global-out-of-bounds', 'global-buffer-overflow', 'global-out-of-bounds', 'An access before or after a global variable.'],
  [abi.KIND_USER_POISON, 'access', 'any', 'use-after-poison', 'use-after-poison', 'use-after-poison', 'An access to memory the program itself poisoned.'],
  [abi.KIND_CONTAINER, 'access', 'any', 'container-overflow', 'container-overflow', 'container-overflow', 'An access to the unused capacity of a container.'],
  [abi.KIND_INTRA_OBJECT, 'access', 'any', 'intra-object-overflow', 'intra-object-overflow', 'intra-object-overflow', 'An access to the padding between members of one object.'],
  [abi.KIND_INIT_ORDER, 'access', 'global', 'initialization-order', 'initialization-order-fiasco', 'initialization-order-fiasco', 'A global was used before it was initialised.'],
  [abi.KIND_CALLOC_OVERFLOW, 'parameter', 'none', 'calloc-overflow', 'calloc-overflow', 'calloc-overflow', 'The product of the arguments of calloc does not fit into a size.'],
  [abi.KIND_ALLOCATION_TOO_BIG, 'parameter', 'none', 'allocation-size-too-big', 'allocation-size-too-big', 'allocation-size-too-big', 'More was requested than an allocation may have.'],
  [abi.KIND_BAD_ALIGNMENT, 'parameter', 'none', 'invalid-alignment', 'invalid-allocation-alignment', 'invalid-allocation-alignment', 'An alignment was requested that is not a power of two.'],
  [abi.KIND_BAD_USABLE_SIZE, 'parameter', 'any', 'bad-usable-size', 'bad-malloc_usable_size', 'bad-malloc_usable_size', 'The size of something was asked that is not a live heap block.'],
  [abi.KIND_NEW_DELETE_SIZE_MISMATCH, 'free', 'heap', 'new-delete-type-mismatch', 'new-delete-type-mismatch', 'new-delete-type-mismatch', 'The size given to operator delete is not the size given to operator new.'],
  [abi.KIND_OUT_OF_MEMORY, 'parameter', 'none', 'out-of-memory', 'out-of-memory', 'out-of-memory', 'The allocator could not satisfy a request.'],
  [abi.KIND_STACK_OVERFLOW, 'segv', 'none', 'stack-overflow', 'stack-overflow', 'stack-overflow', 'The program stack grew past its limit.'],
  [abi.KIND_RODATA_WRITE, 'access', 'global', 'read-only-data-write', 'write-to-read-only-data', 'write-to-read-only-data', 'A store into constant data.'],
  [abi.KIND_BAD_INDIRECT_CALL, 'parameter', 'none', 'bad-indirect-call', 'bad-indirect-call', 'bad-indirect-call', 'A call through a function pointer that is null, stale or of another type.'],
  [abi.KIND_PAGE_UAF, 'access', 'heap', 'large-use-after-free', 'heap-use-after-free', 'use-after-free', 'An access to a freed block that was too large for a slab.'],
  [abi.KIND_VMALLOC_OOB, 'access', 'mapping', 'mapping-out-of-bounds', 'mapping-buffer-overflow', 'vmalloc-out-of-bounds', 'An access past the requested size of a mapping.'],
  [abi.KIND_USE_AFTER_MUNMAP, 'access', 'mapping', 'use-after-munmap', 'use-after-munmap', 'use-after-free', 'An access to memory that was unmapped.'],
  [abi.KIND_PROT_NONE, 'access', 'mapping', 'no-access-mapping', 'access-to-prot-none', 'access-to-prot-none', 'An access to a mapping without any permission.'],
  [abi.KIND_WRITE_TO_READ_ONLY, 'access', 'mapping', 'read-only-mapping-write', 'write-to-read-only-mapping', 'write-to-read-only-mapping', 'A store into a mapping without write permission.'],
  [abi.KIND_UNKNOWN, 'access', 'any', 'unknown', 'unknown-crash', 'unknown-crash', 'An access to poisoned memory whose shadow byte has no title.'],
  [abi.KIND_BAD_CONTIGUOUS_CONTAINER, 'parameter', 'none', 'bad-container-annotation', 'bad-__sanitizer_annotate_contiguous_container', 'bad-__sanitizer_annotate_contiguous_container', 'A container annotation whose bounds contradict each other.'],
  [abi.KIND_REALLOCARRAY_OVERFLOW, 'parameter', 'none', 'reallocarray-overflow', 'reallocarray-overflow', 'reallocarray-overflow', 'The product of the arguments of reallocarray does not fit into a size.'],
  [abi.KIND_BAD_ALLOCATED_SIZE, 'parameter', 'any', 'bad-allocated-size', 'bad-__sanitizer_get_allocated_size', 'bad-__sanitizer_get_allocated_size', 'The allocated size of something was asked that is no live heap block.'],
  [abi.KIND_BAD_DOUBLE_ENDED_CONTAINER, 'parameter', 'none', 'bad-double-ended-container-annotation', 'bad-__sanitizer_annotate_double_ended_contiguous_container', 'bad-__sanitizer_annotate_double_ended_contiguous_container', 'An annotation of a double-ended container whose bounds contradict each other.'],
  [abi.KIND_LEAK, 'leak', 'none', 'leak', 'detected memory leaks', 'detected memory leaks', 'A heap block that nothing points to any more.'],
];

export const KINDS: readonly Kind[] = ROWS.map(([code, layout, area, name, asan, kasan, sentence]) => ({
  code,
  layout,
  area,
  name,
  asan,
  kasan,
  sentence,
}));

const BY_CODE: ReadonlyMap<number, Kind> = new Map(KINDS.map((kind) => [kind.code, kind]));

/** The kind with this code; a code from a newer runtime is shown as the unknown kind rather than lost. */
export function kindOf(code: number): Kind {
  return BY_CODE.get(code) ?? BY_CODE.get(abi.KIND_UNKNOWN)!;
}

export function titleOf(kind: Kind, scheme: Scheme): string {
  return kind[scheme];
}
