// Test builds only: one merge rule at a time can be made wrong. See vma-mutant.ts.
let active: u32 = 0;

export function isMutant(rule: u32): bool {
  return active == rule;
}

export function vma_set_mutant(rule: u32): void {
  active = rule;
}
