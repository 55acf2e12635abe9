// Many instances of one program share memory 1 as they share the program's memory. What is one thread's own lies in wasm
// globals, of which every instance has its own; everything else is behind one lock, in memory 1 itself.
//
//   HEADER_LOCK: 0 = free, else thread + 1 of the owner
//   HEADER_ATTACHED: ATTACHED_NOT -> ATTACHED_FILLING (the first instance writes the initial data) -> ATTACHED_READY
//   shadow call stacks: | thread 0 | thread 1 | ... | of CALL_STACK_SHARE bytes each; the numbers wrap around
import {
  ATTACHED_FILLING,
  ATTACHED_NOT,
  ATTACHED_READY,
  CALL_STACK_BASE,
  CALL_STACK_BYTES,
  CALL_STACK_SHARE,
  HEADER_ATTACHED,
  HEADER_LOCK,
  HEADER_THREADS,
} from './abi';
import { prepare } from './arena';
import { moveCallStack } from './call-stack';

/** Whether another thread may have changed the shadow since it was looked at. */
export const SHARED: bool = true;

const STACKS: u32 = CALL_STACK_BYTES / CALL_STACK_SHARE;
/** Attempts in a row before the thread sleeps, if it may. */
const SPINS: u32 = 64;
const NAP: i64 = 50000; // nanoseconds; nobody notifies, so that the common case costs one store

/** This thread's number in reports: 0 is the one that came first. */
export let __wasan_thread: u32 = 0;
/** The host sets it where sleeping is allowed: not on a browser's main thread. */
// biome-ignore lint/style/useConst: the host writes it; asc would export a const as immutable
export let __wasan_may_wait: u32 = 0;
/** How often this thread has taken the lock without giving it back. */
let held: u32 = 0;
let depth: u32 = 0;
let leaksOffTimes: u32 = 0;

/** Before anything else in an instance. Answers 1 if memory 1 is empty and this instance is to fill it. */
export function thread_attach(): u32 {
  __wasan_thread = atomic.add<u32>(HEADER_THREADS, 1);
  moveCallStack(CALL_STACK_BASE + (__wasan_thread % STACKS) * CALL_STACK_SHARE);
  if (atomic.cmpxchg<u32>(HEADER_ATTACHED, ATTACHED_NOT, ATTACHED_FILLING) == ATTACHED_NOT) return 1;
  for (let i: u32 = 1; atomic.load<u32>(HEADER_ATTACHED) != ATTACHED_READY; i++)
    pause(i, HEADER_ATTACHED, ATTACHED_FILLING);
  return 0;
}

/** The initial data is in place. */
export function thread_filled(): void {
  prepare();
  atomic.store<u32>(HEADER_ATTACHED, ATTACHED_READY);
}

function pause(round: u32, field: u32, expected: u32): void {
  if (round % SPINS == 0 && __wasan_may_wait) atomic.wait<i32>(field, <i32>expected, NAP);
}

/** Around everything that reads or changes chunks, index, quarantine, depot and arena. Nests. */
export function lock(): void {
  const me = __wasan_thread + 1;
  // A host that threw out of a report has taken the lock away from us: then what we remember is out of date.
  if (held && atomic.load<u32>(HEADER_LOCK) == me) {
    held++;
    return;
  }
  for (let i: u32 = 1; ; i++) {
    const owner = atomic.cmpxchg<u32>(HEADER_LOCK, 0, me);
    if (!owner) break;
    pause(i, HEADER_LOCK, owner);
  }
  held = 1;
}

export function unlock(): void {
  held--;
  if (!held) atomic.store<u32>(HEADER_LOCK, 0);
}

/** Before a trap: whoever waits must not wait forever. */
export function abandonLock(): void {
  held = 0;
  atomic.store<u32>(HEADER_LOCK, 0);
}

export function thread(): u32 {
  return __wasan_thread;
}

/** Whether reports are off, because the allocator or the runtime is running. */
export function suppressed(): bool {
  return depth != 0;
}

export function suppress(): void {
  depth++;
}

export function allow(): void {
  depth--;
}

/** How often leaks have been switched off in this thread and not on again. */
export function leaksOff(): u32 {
  return leaksOffTimes;
}

export function setLeaksOff(times: u32): void {
  leaksOffTimes = times;
}

/** Where the shadow call stack with this top begins: a share is aligned to its size, and its last entries stay unused. */
export function stackBase(top: u32): u32 {
  return top & ~(CALL_STACK_SHARE - 1);
}

export function stackTop(top: u32): u32 {
  return top;
}
