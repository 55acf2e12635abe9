// What a fuzzer learns from a run besides the edge counters, which instrumented code increments by itself: the operands of
// comparisons, and that a loop has gone round often.
//
//   HEADER_COVERAGE              HEADER_COMPARE_USES        HEADER_COMPARES                        HEADER_COMPARES_LIMIT
//   | u8 per edge, wrapping ...  | u8 per comparison ...    | record | record ... up to COMPARES_TOP | arena
//   | hit u32 ...
//
//   hit:     number of a counter that is not 0 << 8 | its value; behind the counters, with room for all of them
//
//   record:  comparison << 8 | flags u32    bytes of each operand u32    first operand ...    second ...    (padded to 8)
import {
  ALLOC_MALLOC,
  CALL_STACK_BASE,
  CHUNK_ALLOC_KIND,
  COVERAGE_DEPTHS,
  COVERAGE_STEP,
  HEADER_COMPARE_USES,
  HEADER_COMPARES_LIMIT,
  HEADER_COMPARES_TOP,
  HEADER_COVERAGE,
  HEADER_COVERAGE_COUNT,
  HEADER_COVERAGE_DEPTH,
  HEADER_PATIENCE,
} from './abi';
import { Addr } from './addr';
import { findChunk } from './chunks';
import { asan_rust_alloc } from './families';
import { depth_enter, depth_leave } from './init';
import { asan_malloc } from './malloc';
import * as program from './program';
import { release } from './release';
import { __wasan_touch } from './snapshot';
import { tick } from './tick';

const MAX_USES: u32 = 24; // records per comparison and run: a loop must not fill the log
const MAX_OPERAND: Addr = 64; // as many as libFuzzer keeps
const FULL: u32 = 128; // the highest bucket a counter can be in

/** A loop's counter has wrapped: it stays in the highest bucket, and now and then the host is asked whether to go on. */
export function coverage_full(counter: u32): void {
  store<u8>(counter, FULL);
  const patience = load<u32>(HEADER_PATIENCE);
  if (!patience) return;
  if (patience > 1) store<u32>(HEADER_PATIENCE, patience - 1);
  else tick();
}

/** Lists the counters that are not 0 and how deep calls went, and clears them; how many entries these are. */
export function __wasan_hits(): u32 {
  const counters = load<u32>(HEADER_COVERAGE);
  const end = counters + ((load<u32>(HEADER_COVERAGE_COUNT) + COVERAGE_STEP - 1) & -COVERAGE_STEP);
  let hit = end;
  for (let at = counters; at < end; at += COVERAGE_STEP) {
    if (!(load<u64>(at) | load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24))) continue;
    for (let i = at; i < at + COVERAGE_STEP; i += 8) {
      let left = load<u64>(i);
      if (!left) continue;
      store<u64>(i, 0);
      do {
        const shift = ctz(left) & ~7;
        const value = (left >> shift) & 255;
        store<u32>(hit, ((i - counters + <u32>(shift >> 3)) << 8) | <u32>value);
        hit += 4;
        left ^= value << shift;
      } while (left);
    }
  }
  const top = load<u32>(HEADER_COVERAGE_DEPTH);
  if (top) {
    store<u32>(HEADER_COVERAGE_DEPTH, 0);
    store<u32>(hit, ((load<u32>(HEADER_COVERAGE_COUNT) + depthStep((top - CALL_STACK_BASE) >> 2)) << 8) | 1);
    hit += 4;
  }
  return (hit - end) >> 2;
}

/** Eight steps from each power of two to the next, as libFuzzer has them. */
function depthStep(calls: u32): u32 {
  if (calls < 8) return calls;
  const power = 28 - clz(calls);
  const step = ((power + 1) << 3) + ((calls >> power) & 7);
  return step < COVERAGE_DEPTHS ? step : COVERAGE_DEPTHS - 1;
}

/** Room for a record, or 0. */
function record(id: u32, size: u32): u32 {
  const uses = load<u32>(HEADER_COMPARE_USES);
  if (!uses) return 0;
  const at = load<u32>(HEADER_COMPARES_TOP);
  const next = at + 8 + 2 * ((size + 7) & ~7);
  const use = uses + (id >> 8);
  if (<u32>load<u8>(use) >= MAX_USES || next > load<u32>(HEADER_COMPARES_LIMIT)) return 0;
  store<u8>(use, <u32>load<u8>(use) + 1);
  store<u32>(HEADER_COMPARES_TOP, next);
  store<u32>(at, id);
  store<u32>(at, size, 4);
  return at;
}

export function trace_compare4(a: u32, b: u32, id: u32): void {
  const at = record(id, 4);
  if (!at) return;
  store<u64>(at, a, 8);
  store<u64>(at, b, 16);
}

export function trace_compare8(a: u64, b: u64, id: u32): void {
  const at = record(id, 8);
  if (!at) return;
  store<u64>(at, a, 8);
  store<u64>(at, b, 16);
}

/** A call through a table. */
export function trace_callee(index: u32, id: u32): void {
  trace_compare4(index, 0, id);
}

/** memcmp. */
export function trace_memory(a: Addr, b: Addr, size: Addr, id: u32): void {
  const n = <u32>(size < MAX_OPERAND ? size : MAX_OPERAND);
  if (!inside(a, n) || !inside(b, n)) return;
  const at = n ? record(id, n) : 0;
  if (!at) return;
  const second = at + 8 + ((n + 7) & ~7);
  for (let i: u32 = 0; i < n; i++) {
    store<u8>(at + i, program.load8(a + i), 8);
    store<u8>(second + i, program.load8(b + i));
  }
}

/** strcmp: up to the end of the longer string, so that the shorter one can grow into it. */
export function trace_string(a: Addr, b: Addr, limit: Addr, id: u32): void {
  const first = stringSize(a, limit);
  const second = stringSize(b, limit);
  trace_memory(a, b, first > second ? first : second, id);
}

/** memmem: the beginning of what is searched, which may become what is searched for. */
export function trace_search(hay: Addr, length: Addr, needle: Addr, size: Addr, id: u32): void {
  trace_memory(hay, needle, length < size ? length : size, id);
}

function stringSize(at: Addr, limit: Addr): Addr {
  let n: Addr = 0;
  const most = limit < MAX_OPERAND ? limit : MAX_OPERAND;
  while (n < most && inside(at + n, 1) && program.load8(at + n)) n++;
  return n;
}

function inside(at: Addr, size: u32): bool {
  const end = program.pages() << 16;
  return at < end && <Addr>size <= end - at;
}

/**
 * Memory for a run's input: a heap block of its exact size, so that reading past it is found; 0 without an allocator. Rust
 * has no malloc where no C is linked to it.
 */
export function __wasan_input_alloc(size: Addr): Addr {
  depth_enter();
  let input = asan_malloc(size);
  if (!input) input = asan_rust_alloc(size, 8);
  depth_leave();
  if (input) __wasan_touch(<u32>input, <u32>size);
  return input;
}

export function __wasan_input_free(input: Addr): void {
  const chunk = findChunk(input);
  release(input, chunk ? <u32>load<u8>(chunk, CHUNK_ALLOC_KIND) : ALLOC_MALLOC);
}
