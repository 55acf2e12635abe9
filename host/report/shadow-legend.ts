// What every shadow byte means, per scheme: the one table behind the legend of a report, its colours, the HTML shadow map
// and the documentation. The values themselves live in runtime/abi.ts.
import * as abi from '../../runtime/abi.ts';

export type Scheme = 'asan' | 'kasan';

/** How a byte is painted: what is out of bounds, what is gone, what somebody poisoned on purpose. */
export type ShadowTone = 'valid' | 'partial' | 'redzone' | 'freed' | 'poisoned' | 'internal';

export interface ShadowMeaning {
  readonly label: string;
  readonly tone: ShadowTone;
  readonly asan?: number;
  readonly kasan?: number;
}

/** In legend order. A row without a value for a scheme does not exist there. */
export const SHADOW_LEGEND: readonly ShadowMeaning[] = [
  { label: 'Heap left redzone', tone: 'redzone', asan: abi.ASAN_HEAP_LEFT_REDZONE },
  { label: 'Heap right redzone', tone: 'redzone', asan: abi.ASAN_HEAP_RIGHT_REDZONE },
  { label: 'Freed heap region', tone: 'freed', asan: abi.ASAN_HEAP_FREED },
  { label: 'Slab redzone', tone: 'redzone', kasan: abi.KASAN_SLAB_REDZONE },
  { label: 'Page redzone', tone: 'redzone', kasan: abi.KASAN_PAGE_REDZONE },
  { label: 'Freed slab object', tone: 'freed', kasan: abi.KASAN_SLAB_FREE },
  { label: 'Freed slab, with track', tone: 'freed', kasan: abi.KASAN_SLAB_FREE_META },
  { label: 'Freed page', tone: 'freed', kasan: abi.KASAN_PAGE_FREE },
  { label: 'Unused mapping tail', tone: 'redzone', asan: abi.VMA_TAIL, kasan: abi.KASAN_VMALLOC_INVALID },
  { label: 'Stack left redzone', tone: 'redzone', asan: abi.ASAN_STACK_LEFT, kasan: abi.ASAN_STACK_LEFT },
  { label: 'Stack mid redzone', tone: 'redzone', asan: abi.ASAN_STACK_MID, kasan: abi.ASAN_STACK_MID },
  { label: 'Stack right redzone', tone: 'redzone', asan: abi.ASAN_STACK_RIGHT, kasan: abi.ASAN_STACK_RIGHT },
  { label: 'Stack after return', tone: 'freed', asan: abi.ASAN_STACK_AFTER_RETURN, kasan: abi.ASAN_STACK_AFTER_RETURN },
  {
    label: 'Stack use after scope',
    tone: 'freed',
    asan: abi.ASAN_STACK_AFTER_SCOPE,
    kasan: abi.KASAN_STACK_AFTER_SCOPE,
  },
  { label: 'Global redzone', tone: 'redzone', asan: abi.ASAN_GLOBAL_REDZONE, kasan: abi.KASAN_GLOBAL_REDZONE },
  { label: 'Global init order', tone: 'poisoned', asan: abi.ASAN_INIT_ORDER, kasan: abi.ASAN_INIT_ORDER },
  { label: 'Poisoned by user', tone: 'poisoned', asan: abi.ASAN_USER_POISON, kasan: abi.ASAN_USER_POISON },
  { label: 'Container overflow', tone: 'poisoned', asan: abi.ASAN_CONTAINER, kasan: abi.KASAN_CONTAINER },
  { label: 'Array cookie', tone: 'redzone', asan: abi.ASAN_ARRAY_COOKIE, kasan: abi.ASAN_ARRAY_COOKIE },
  { label: 'Intra object redzone', tone: 'poisoned', asan: abi.ASAN_INTRA_OBJECT, kasan: abi.ASAN_INTRA_OBJECT },
  { label: 'ASan internal', tone: 'internal', asan: abi.ASAN_INTERNAL },
  { label: 'Left alloca redzone', tone: 'redzone', asan: abi.ASAN_ALLOCA_LEFT, kasan: abi.ASAN_ALLOCA_LEFT },
  { label: 'Right alloca redzone', tone: 'redzone', asan: abi.ASAN_ALLOCA_RIGHT, kasan: abi.ASAN_ALLOCA_RIGHT },
  { label: 'Null page', tone: 'internal', asan: abi.NULL_PAGE, kasan: abi.NULL_PAGE },
  { label: 'Mapped, not yet touched', tone: 'poisoned', asan: abi.VMA_UNFAULTED, kasan: abi.VMA_UNFAULTED },
  { label: 'Unmapped', tone: 'freed', asan: abi.VMA_UNMAPPED, kasan: abi.VMA_UNMAPPED },
  { label: 'No access', tone: 'poisoned', asan: abi.VMA_NO_ACCESS, kasan: abi.VMA_NO_ACCESS },
  { label: 'Read-only mapping', tone: 'poisoned', asan: abi.VMA_READ_ONLY, kasan: abi.VMA_READ_ONLY },
  { label: 'Read-only data', tone: 'poisoned', asan: abi.READ_ONLY_DATA, kasan: abi.READ_ONLY_DATA },
  { label: 'Past the end of memory', tone: 'internal', asan: abi.WILD },
];

/** The legend of one scheme, in order. */
export function legendOf(scheme: Scheme): { label: string; tone: ShadowTone; value: number }[] {
  return SHADOW_LEGEND.flatMap(({ label, tone, [scheme]: value }) =>
    value === undefined ? [] : [{ label, tone, value }],
  );
}

/** What one shadow byte means in a scheme; values of no meaning are said to be so. */
export function meaningOf(value: number, scheme: Scheme): { label: string; tone: ShadowTone } {
  if (value === 0) return { label: 'Addressable', tone: 'valid' };
  if (value < abi.GRANULE)
    return { label: `Partially addressable (${value} of ${abi.GRANULE} bytes)`, tone: 'partial' };
  return SHADOW_LEGEND.find((row) => row[scheme] === value) ?? { label: 'Unknown', tone: 'internal' };
}

/** The byte that stands for memory the program does not have. */
export function wildByte(scheme: Scheme): number {
  return scheme === 'kasan' ? abi.KASAN_PAGE_FREE : abi.WILD;
}
