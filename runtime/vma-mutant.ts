// No rule is wrong here. Tests compile vma-mutant-on.ts in the place of this file, which can switch one rule at a time
// to a wrong one, to prove that the differential would notice.
export function isMutant(_rule: u32): bool {
  return false;
}
