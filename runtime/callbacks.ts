// Functions of the program that the runtime calls: around a finding, before the end, at allocations. Nothing that they do is
// judged, and while one of them runs a finding calls none.
import {
  ALLOC_MALLOC,
  ASK_REPORT,
  CALLBACK_DEATH,
  CALLBACK_REPORT,
  FLAG_HOOKS,
  HOOK_COUNT,
  HOOKS,
  MOST_HOOKS,
  REPORT_PRESENT,
} from './abi';
import { Addr } from './addr';
import { ask, takeText } from './ask';
import { raiseFlag } from './header';
import { rawAlloc, rawFree } from './original';
import * as program from './program';
import { allow, suppress } from './thread';

/** Before the host tells of a finding: __asan_on_error. */
export function findingBegins(): void {
  store<u32>(REPORT_PRESENT, 1);
  suppress();
  program.on_error();
  allow();
}

/** The host has told: the callback gets the text. A program without an allocator has no room for it. */
export function findingTold(): void {
  const callback = load<u32>(CALLBACK_REPORT);
  if (!callback) return;
  const length = ask(ASK_REPORT, 0);
  const text = length ? rawAlloc(<Addr>length + 1, 8, ALLOC_MALLOC) : 0;
  if (!text) return;
  takeText(text, <Addr>length + 1, length);
  suppress();
  program.call1(callback, text);
  allow();
  rawFree(text, <Addr>length + 1, 8, ALLOC_MALLOC);
}

export function findingEnds(): void {
  store<u32>(REPORT_PRESENT, 0);
}

export function isTelling(): bool {
  return load<u32>(REPORT_PRESENT) != 0;
}

/** The program is about to be stopped. The callback is called once. */
export function died(): void {
  const callback = load<u32>(CALLBACK_DEATH);
  if (!callback) return;
  store<u32>(CALLBACK_DEATH, 0);
  suppress();
  program.call0(callback);
  allow();
}

// ------------------------------------------------------------------------------------------------ malloc and free

/** How many pairs there are now, or 0 if there is no room for another. */
export function addHooks(mallocHook: Addr, freeHook: Addr): i32 {
  const count = load<u32>(HOOK_COUNT);
  if (count == <u32>MOST_HOOKS || (!mallocHook && !freeHook)) return 0;
  const pair: u32 = HOOKS + (count << 3);
  store<u32>(pair, <u32>mallocHook);
  store<u32>(pair + 4, <u32>freeHook);
  store<u32>(HOOK_COUNT, count + 1);
  raiseFlag(FLAG_HOOKS);
  return count + 1;
}

export function allocated(ptr: Addr, size: Addr): void {
  program.malloc_hook(ptr, size);
  const end: u32 = HOOKS + (load<u32>(HOOK_COUNT) << 3);
  for (let pair: u32 = HOOKS; pair < end; pair += 8) {
    if (load<u32>(pair)) program.call2(load<u32>(pair), ptr, size);
  }
}

/** Whether the program wants the free not to happen. */
export function ignoresFree(ptr: Addr): bool {
  if (program.ignore_free_hook(ptr)) return true;
  program.free_hook(ptr);
  const end: u32 = HOOKS + (load<u32>(HOOK_COUNT) << 3);
  for (let pair: u32 = HOOKS; pair < end; pair += 8) {
    if (load<u32>(pair, 4)) program.call1(load<u32>(pair, 4), ptr);
  }
  return false;
}
