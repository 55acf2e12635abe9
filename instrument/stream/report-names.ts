// Names of the trap functions of a module that runs without wasan's host, by KIND_* number.

import * as abi from '../../runtime/abi.ts';

export const { REPORT_KIND, REPORT_ACCESS } = abi;

/** The kinds whose constant is an abbreviation, spelled as ASan's titles are. */
const SPELLED: Readonly<Record<string, string>> = {
  KIND_HEAP_OOB: 'heap_buffer_overflow',
  KIND_HEAP_UAF: 'heap_use_after_free',
  KIND_NULL: 'null_dereference',
  KIND_WILD: 'wild_access',
  KIND_STACK_UNDERFLOW: 'stack_buffer_underflow',
  KIND_STACK_OOB: 'stack_buffer_overflow',
  KIND_STACK_AFTER_RETURN: 'stack_use_after_return',
  KIND_STACK_AFTER_SCOPE: 'stack_use_after_scope',
  KIND_ALLOCA_OOB: 'dynamic_stack_buffer_overflow',
  KIND_GLOBAL_OOB: 'global_buffer_overflow',
  KIND_USER_POISON: 'use_after_poison',
  KIND_CONTAINER: 'container_overflow',
  KIND_INTRA_OBJECT: 'intra_object_overflow',
  KIND_PAGE_UAF: 'use_after_free',
  KIND_VMALLOC_OOB: 'vmalloc_out_of_bounds',
};

/** `heap_buffer_overflow`, `double_free`, ...: derived from the one list of kinds; index = kind number. */
export const KIND_NAMES: readonly string[] = kindNames();

function kindNames(): string[] {
  const names: string[] = [];
  for (const [key, value] of Object.entries(abi)) {
    if (key.startsWith('KIND_')) names[value as number] = SPELLED[key] ?? key.slice(5).toLowerCase();
  }
  return Array.from(names, (name, i) => name ?? `kind_${i}`);
}
