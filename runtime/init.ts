// The bootstrap, after the kernel's: E early (every shadow byte reads 00, requests are logged, reports are off), I init
// (the log is replayed while reports are still off, so every look-up answers as before), P on (one store switches).
import {
  ABI_VERSION,
  HEADER_NULL_LIMIT,
  HEADER_PHASE,
  HEADER_WILD_FROM,
  NULL_PAGE,
  PHASE_EARLY,
  PHASE_INIT,
  PHASE_ON,
} from './abi';
import { Addr } from './addr';
import { prepare } from './arena';
import { poisonGaps } from './globals';
import { fillShadow, markBeyond } from './mapping';
import { memoryGranules, replayLog } from './poison';
import { openStack } from './stack';
import { allow, lock, suppress, suppressed, unlock } from './thread';

/** Answers 1, or 0 when the runtime is already up: a second call changes nothing. */
export function init(): u32 {
  lock();
  const first = load<u32>(HEADER_PHASE) == PHASE_EARLY;
  if (first) open();
  unlock();
  return first ? 1 : 0;
}

function open(): void {
  prepare();
  store<u32>(HEADER_PHASE, PHASE_INIT);
  const end = memoryGranules();
  store<u32>(HEADER_WILD_FROM, <u32>end);
  markBeyond(end);
  // Rounded down: the granule that the first owned byte shares stays valid.
  fillShadow(0, <Addr>(load<u32>(HEADER_NULL_LIMIT) >> 3), NULL_PAGE);
  poisonGaps();
  replayLog();
  openStack();
  store<u32>(HEADER_PHASE, PHASE_ON);
}

export function abi_version(): u32 {
  return ABI_VERSION;
}

/** Suppress and allow reports, as kasan_depth does; they nest. */
export function depth_enter(): void {
  suppress();
}

export function depth_leave(): void {
  if (suppressed()) allow();
}
