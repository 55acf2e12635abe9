// KASAN's 76 own tests (mm/kasan/kasan_test_c.c), row by row: what shows each of them here, or why it means nothing to a
// WebAssembly program. What a row does and reports stands in the program itself.

export interface KasanRow {
  /** "K01" */
  readonly row: string;
  /** The kernel's name of the test. */
  readonly name: string;
  /** The file, from test/: a program of conformance/kasan, or a test with one of that number. */
  readonly shown?: string;
  /** Why there is none. */
  readonly not?: string;
}

const VMA = 'vma/program.test.ts';
const TAGS = 'for the modes that tag pointers';

/** Rows whose program is not a file of conformance/kasan. */
const ELSEWHERE: Readonly<Record<string, Partial<KasanRow>>> = {
  K09: { shown: VMA },
  K10: { shown: VMA },
  K35: { shown: VMA },
  K68: { shown: VMA },
  K74: { shown: 'conformance/host-copies.test.ts' },
  K75: { shown: 'conformance/assemblyscript.test.ts' },
  ...Object.fromEntries([28, 65, 67, 69, 70, 71, 72, 73].map((n) => [`K${n}`, { not: TAGS }])),
};

const NAMES =
  `kmalloc_oob_right kmalloc_oob_left kmalloc_node_oob_right kmalloc_track_caller_oob_right kmalloc_big_oob_right
  kmalloc_large_oob_right kmalloc_large_uaf kmalloc_large_invalid_free page_alloc_oob_right page_alloc_uaf krealloc_more_oob
  krealloc_less_oob krealloc_large_more_oob krealloc_large_less_oob krealloc_uaf kmalloc_oob_16 kmalloc_uaf_16
  kmalloc_oob_in_memset kmalloc_oob_memset_2 kmalloc_oob_memset_4 kmalloc_oob_memset_8 kmalloc_oob_memset_16
  kmalloc_memmove_negative_size kmalloc_memmove_invalid_size kmalloc_uaf kmalloc_uaf_memset kmalloc_uaf2 kmalloc_uaf3
  kmalloc_double_kzfree ksize_unpoisons_memory ksize_uaf rcu_uaf workqueue_uaf kfree_via_page kfree_via_phys kmem_cache_oob
  kmem_cache_double_free kmem_cache_invalid_free kmem_cache_rcu_uaf kmem_cache_rcu_reuse kmem_cache_double_destroy
  kmem_cache_accounted kmem_cache_bulk mempool_kmalloc_oob_right mempool_kmalloc_large_oob_right mempool_slab_oob_right
  mempool_kmalloc_uaf mempool_kmalloc_large_uaf mempool_slab_uaf mempool_page_alloc_uaf mempool_kmalloc_double_free
  mempool_kmalloc_large_double_free mempool_page_alloc_double_free mempool_kmalloc_invalid_free
  mempool_kmalloc_large_invalid_free kasan_global_oob_right kasan_global_oob_left kasan_stack_oob kasan_alloca_oob_left
  kasan_alloca_oob_right kasan_memchr kasan_memcmp kasan_strings kasan_bitops_generic kasan_bitops_tags kasan_atomics
  vmalloc_helpers_tags vmalloc_oob vmap_tags vm_map_ram_tags match_all_not_assigned match_all_ptr_tag match_all_mem_tag
  copy_to_kernel_nofault_oob rust_uaf copy_user_test_oob`.split(/\s+/);

/** All rows, in order. */
export const KASAN_ROWS: readonly KasanRow[] = NAMES.map((name, i) => {
  const row = `K${String(i + 1).padStart(2, '0')}`;
  const file = `${row}-${name.replaceAll('_', '-')}.c`.toLowerCase();
  return { row, name, ...(ELSEWHERE[row] ?? { shown: `conformance/kasan/${file}` }) };
});
