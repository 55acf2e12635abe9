// The runtime's exports: what the linker may bind a program to.

export * from './allocator-interface';
export * from './as-blocks';
export * from './asan-compiler';
export * from './asan-interface';
export { __wasan_cs } from './call-stack';
export {
  check_load1,
  check_load2,
  check_load4,
  check_load8,
  check_load16,
  check_loadR4,
  check_loadR8,
  check_loadR16,
  check_range_load,
  check_range_store,
  check_store1,
  check_store2,
  check_store4,
  check_store8,
  check_store16,
} from './check';
export * from './common-interface';
export * from './container-interface';
export {
  __wasan_hits,
  __wasan_input_alloc,
  __wasan_input_free,
  coverage_full,
  trace_callee,
  trace_compare4,
  trace_compare8,
  trace_memory,
  trace_search,
  trace_string,
} from './coverage';
export * from './families';
export { global_exact, global_slot } from './globals';
export { __wasan_check_host } from './host-call';
export { null_call } from './indirect-calls';
export { abi_version, depth_enter, depth_leave, init } from './init';
export * from './libc';
export { check_rounds, check_span, check_window, window_begin, window_end } from './loops';
export * from './lsan-interface';
export {
  asan_aligned_alloc,
  asan_calloc,
  asan_free,
  asan_malloc,
  asan_malloc_usable_size,
  asan_memalign,
  asan_posix_memalign,
  asan_realloc,
  asan_reallocarray,
} from './malloc';
export * from './report-interface';
export {
  __wasan_reset,
  __wasan_snapshot,
  __wasan_touch,
  snapshot_grow,
  snapshot_mark,
  snapshot_mark_own,
  snapshot_range,
  snapshot_range_own,
} from './snapshot';
export {
  stack_alloca,
  stack_borrowed,
  stack_enter,
  stack_enter_drawn,
  stack_floor,
  stack_leave,
  stack_map,
  stack_moved,
  stack_room_below,
  stack_scope_begin,
  stack_scope_end,
  stack_span,
} from './stack';
export * from './tinygo';
export {
  __sanitizer_madvise,
  __sanitizer_mmap,
  __sanitizer_mprotect,
  __sanitizer_mremap,
  __sanitizer_munmap,
  __sanitizer_vfree,
  __sanitizer_vma_errno,
  __sanitizer_vma_policy,
  __sanitizer_vmalloc,
  __sanitizer_vrealloc,
  vma_mremap_variadic,
} from './vma-bound';
