// The wrong rules a test build can switch on (runtime/vma-*.ts, isMutant), by number.
export const MUTANTS: ReadonlyMap<number, string> = new Map([
  [1, 'flags are not compared'],
  [2, 'anon_vmas are not compared'],
  [3, 'written memory never joins unwritten memory'],
  [4, 'a changed fork child may hand out its anon_vma'],
  [5, 'a copied fork child may hand out its anon_vma'],
  [6, 'unwritten memory may join a fork child'],
  [7, 'page offsets are not compared'],
  [8, 'nothing joins the previous area'],
  [9, 'nothing joins the next area'],
  [10, 'previous and next may join although their anon_vmas differ'],
  [11, 'a new range never joins both sides'],
  [12, 'a previous area that grows takes no anon_vma over'],
  [13, 'a next area that grows down keeps its page offset'],
  [14, 'an extension is checked for a fork'],
  [15, 'a changed range never joins both sides'],
  [16, 'a changed range hands no anon_vma to the previous area'],
  [17, 'a changed range hands no anon_vma to the next area'],
  [18, 'the upper half of a split keeps the page offset of the lower'],
  [19, 'a fault borrows an anon_vma without comparing page offsets'],
  [20, 'a fault borrows the anon_vma of a fork child'],
  [21, 'a fault does not look at the next area'],
  [22, 'a fault does not look at the previous area'],
  [23, 'a fault looks at the previous area first'],
  [24, 'a read fault makes an anon_vma'],
  [25, 'a fork child is taken for a root'],
  [26, 'writable memory is not accounted'],
  [27, 'read-only memory always loses its accounting'],
  [28, 'DONTUNMAP keeps the anon_vma of what it emptied'],
  [29, 'unwritten memory keeps its page offset when it moves'],
  [30, 'merge-friendly: shared pages are given a new page offset'],
  [31, 'merge-friendly: shared pages are given another anon_vma'],
  [32, 'relocate: shared pages are relocated'],
  [33, 'relocate: a relocated area does not merge'],
]);

/** The wrong rule that is right for a kernel without a zero page. */
export const READ_FAULT_WRITES = 24;

/** Only the scenario table speaks about the rules no kernel has. */
export const POLICY_ONLY = 30;
