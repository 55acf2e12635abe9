// One instance, one thread: nothing to lock and nothing to share. build.mts reads thread-shared.ts, which answers the same
// calls, in the place of this file for programs whose memory is shared.
import { CALL_STACK_BASE, CALL_STACK_BYTES, HEADER_DEPTH, LEAKS_OFF } from './abi';

/** Whether another thread may have changed the shadow since it was looked at. */
export const SHARED: bool = false;

/** Around everything that reads or changes chunks, index, quarantine, depot and arena. Nests. */
export function lock(): void {}

export function unlock(): void {}

/** Before a trap: whoever waits must not wait forever. */
export function abandonLock(): void {}

/** This thread's number in reports: 0 is the one that came first. */
export function thread(): u32 {
  return 0;
}

/** Whether reports are off, because the allocator or the runtime is running. */
export function suppressed(): bool {
  return load<u32>(HEADER_DEPTH) != 0;
}

export function suppress(): void {
  store<u32>(HEADER_DEPTH, load<u32>(HEADER_DEPTH) + 1);
}

export function allow(): void {
  store<u32>(HEADER_DEPTH, load<u32>(HEADER_DEPTH) - 1);
}

/** How often leaks have been switched off in this thread and not on again. */
export function leaksOff(): u32 {
  return load<u32>(LEAKS_OFF);
}

export function setLeaksOff(times: u32): void {
  store<u32>(LEAKS_OFF, times);
}

/** Where the shadow call stack with this top begins. */
export function stackBase(_top: u32): u32 {
  return CALL_STACK_BASE;
}

/** The top, or the end of the stack's room when the recursion was deeper than that. */
export function stackTop(top: u32): u32 {
  const end: u32 = CALL_STACK_BASE + CALL_STACK_BYTES;
  return top < end ? top : end;
}
