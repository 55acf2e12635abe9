// What becomes of a check, and the rules that keep that honest.
//
// The rules that make the elimination forget. Each has a name so that a test can switch it off and show that some program
// then loses a finding.

export const KILL_RULES = [
  'call', // a direct call that may poison
  'indirect call', // the same through a table
  'stack pointer', // a write of the stack pointer
  'atomic', // with shared memory, other threads may free up to the next synchronisation
  'loop', // a loop with any of those inside: its head follows its body
  'merge', // one of the paths into a merge met one of those
  'catch', // a handler: nothing is known of what ran before the throw
  'loop local', // a local that a loop sets is another value at the loop's head
  'merge local', // a local that one of the paths set is another value after the merge
  'store', // bytes that may be read need not be writable
  'wrap', // base + constant may wrap around where the access's own offset does not
  'neighbour', // a branch, a label or something that may poison ends a stretch of neighbours
  'back edge', // a second way back to a loop's head makes its rounds uncountable
  'window', // bytes found valid for one run of an inner loop stay so only within a loop that poisons nothing
  'index', // a table of constants is read at every place its index can name, not at its beginning alone
  'path', // what is known at a merge must be known on every path into it
] as const;
export type KillRule = (typeof KILL_RULES)[number];

/** What is done about an access. `Analysis.actions` holds these; all but CHECK have a reason of the same name below. */
export const ACTION = { CHECK: 0, REPEATED: 1, STATIC: 2, FRAME: 3, HOISTED: 4 } as const;

/** The reason of each action, as a key of SKIP_REASONS. */
export const ACTION_REASON = ['checked', 'repeated', 'static', 'frame', 'hoisted'] as const;

/** Whether an action leaves nothing of the check, and so no site. */
export function isRemoved(action: number): boolean {
  return action === ACTION.REPEATED || action === ACTION.STATIC || action === ACTION.FRAME;
}
