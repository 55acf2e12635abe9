// Asked in front of a loop: how many rounds it will run, and whether every byte its accesses may touch in them is valid.
// A "no" costs nothing but the checks of the loop itself, so whatever is not certain is answered with 0.
import { Addr } from './addr';
import { findBadByte } from './check';
import { isReadOnly } from './globals';
import { isPlainlyValid, shadowOf, skipClean } from './mapping';
import { memoryLast } from './poison';

// The numbers of LOOP_TEST in instrument/elide/loops.ts.
const TEST_NE: u32 = 0;
const TEST_LT_S: u32 = 2;
const TEST_LE_U: u32 = 3;
const TEST_LE_S: u32 = 4;
const TEST_GT_U: u32 = 5;
const TEST_GT_S: u32 = 6;
const TEST_GE_U: u32 = 7;
const TEST_GE_S: u32 = 8;
const SIGN: u32 = 0x80000000;
const MOST_ROUNDS: u64 = 0x7fffffff;

/** Rounds of a loop that goes on while `tested + step * k` (k = 0, 1, ...) passes the test against `bound`; 0: unknown. */
export function check_rounds(test: u32, tested: u32, bound: u32, step: i32): u32 {
  if (!step) return 0;
  const stride = step < 0 ? <u32>-step : <u32>step;
  if (test == TEST_NE) {
    const distance = step < 0 ? tested - bound : bound - tested;
    if (!(stride & (stride - 1))) return distance & (stride - 1) ? 0 : few(<u64>(distance >> ctz(stride)) + 1);
    return distance % stride ? 0 : few(<u64>(distance / stride) + 1);
  }
  if (test < TEST_GT_U != step > 0) return 0; // it moves away from the bound
  let from = tested;
  let to = bound;
  if (test == TEST_LT_S || test == TEST_LE_S || test == TEST_GT_S || test == TEST_GE_S) {
    from ^= SIGN; // signed order is unsigned order with the sign bit turned
    to ^= SIGN;
  }
  if (test >= TEST_GT_U) {
    from = ~from; // falling towards a bound is rising towards its complement
    to = ~to;
  }
  let end = <u64>to;
  if (test == TEST_LE_U || test == TEST_LE_S || test == TEST_GE_U || test == TEST_GE_S) end++;
  if (<u64>from >= end) return 1;
  const way = end - from + stride - 1;
  const rounds = stride & (stride - 1) ? way / stride : way >> ctz(<u64>stride);
  if (from + rounds * stride > 0xffffffff) return 0; // the counter wraps around before it passes the bound
  return few(rounds + 1);
}

function few(rounds: u64): u32 {
  return rounds > MOST_ROUNDS ? 0 : <u32>rounds;
}

/**
 * Whether [address + from, address + to) is valid in every round, where address grows by `stride` from round to round.
 * An address below `reach` may be one that `address + constant` wrapped around to.
 */
export function check_span(address: Addr, from: i32, to: i32, stride: i32, rounds: u32, reach: u32, write: u32): i32 {
  if (!rounds) return 0;
  let low = <i64>address + from;
  let high = <i64>address + to - 1;
  const way = <i64>stride * <i64>(rounds - 1);
  if (way < 0) low += way;
  else high += way;
  if (low < <i64>reach || high > <i64>memoryLast()) return 0;
  if (write && isReadOnly(<Addr>low, <Addr>(high - low + 1))) return 0;
  // Objects often end inside a granule, and neighbours are then asked about each time.
  return isPlainlyValid(<Addr>low, <Addr>high) || !findBadByte(<Addr>low, <Addr>high) ? 1 : 0;
}

/** What check_window answered besides: bytes known to be valid, from the caller's window or a new one. */
export let window_begin: i64 = 0;
export let window_end: i64 = 0;

/** Looked at beyond what is asked for, at most: as much again, up to this many bytes. */
const MOST_AHEAD: i64 = 65536;

/**
 * Whether [low, high) is valid, where [begin, end) is known to be. Walking on from there looks at the new bytes alone, so
 * that a loop nest looks at every byte about once.
 */
export function check_window(low: i64, high: i64, begin: i64, end: i64, reach: u32, write: u32): i32 {
  window_begin = begin;
  window_end = end;
  const last = <i64>memoryLast();
  if (low < <i64>reach || high - 1 > last || high <= low) return 0;
  const goesOn = low >= begin && low <= end && high > end;
  const from = goesOn ? end : low;
  if (write && isReadOnly(<Addr>from, <Addr>(high - from))) return 0;
  if (findBadByte(<Addr>from, <Addr>(high - 1))) return 0;
  if (!goesOn) window_begin = low;
  window_end = high + ahead(high, min(high - window_begin, MOST_AHEAD), last, write);
  return 1;
}

/** How many bytes from `at` on are valid, at most `most`. */
function ahead(at: i64, most: i64, last: i64, write: u32): i64 {
  if (at & 7 && shadowOf(<Addr>at >> 3)) return 0;
  const stop = min(at + most, last);
  const first = (<Addr>at + 7) >> 3;
  const limit = <Addr>stop >> 3;
  if (first >= limit) return 0;
  const end = <i64>(skipClean(first, limit - 1) << 3);
  return end <= at || (write && isReadOnly(<Addr>at, <Addr>(end - at))) ? 0 : end - at;
}
