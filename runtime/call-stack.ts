// The shadow call stack and the depot that keeps copies of it.
//
//   CALL_STACK_BASE                         __wasan_cs
//   | site | site | ... | site (innermost) | free ...      u32 each; instrumented code pushes, the runtime only reads
import {
  CALL_STACK_BASE,
  DEPOT_COUNT,
  DEPOT_HASH,
  DEPOT_NEXT,
  DEPOT_SITES,
  HEADER_CONTEXT_SIZE,
  HEADER_DEPOT,
  HEADER_DEPOT_LIMIT,
  HEADER_DEPOT_MASK,
  HEADER_DEPOT_TOP,
  HEADER_SNAPSHOT_FULL,
} from './abi';
import { arenaAlloc } from './arena';
import { stackBase, stackTop } from './thread';

const BUCKETS: u32 = 16384;
/** Behind the buckets: the stack last met with the same innermost frames. */
const RECENT: u32 = 2048;
const EVEN_FACTOR: u64 = 0x9e3779b97f4a7c15;
const ODD_FACTOR: u64 = 0xc2b2ae3d27d4eb4f;

/** Top of the shadow call stack; instrumented code saves it on entry and moves it around calls it records. */
export let __wasan_cs: u32 = CALL_STACK_BASE;

export function moveCallStack(top: u32): void {
  __wasan_cs = top;
}

/** The site of the innermost recorded call, 0 when none is. */
export function innermostSite(): u32 {
  const end = stackTop(__wasan_cs);
  return end > stackBase(__wasan_cs) ? load<u32>(end - 4) : 0;
}

/** Depot id of the innermost frames, at most HEADER_CONTEXT_SIZE; 0 when there are none or no room. */
export function captureStack(): u32 {
  const end = stackTop(__wasan_cs);
  let count = (end - stackBase(__wasan_cs)) >> 2;
  const most = load<u32>(HEADER_CONTEXT_SIZE);
  if (count > most) count = most;
  if (!count) return 0;
  if (!load<u32>(HEADER_DEPOT) && !openDepot()) return 0;
  // A program allocates mostly where it did so before, and in the same way: one comparison then, and no hash.
  const recent = load<u32>(HEADER_DEPOT) + ((BUCKETS + (fourInnermost(end) & (RECENT - 1))) << 2);
  let id = load<u32>(recent);
  if (id && sameFrames(id, count, end)) return id;
  id = lookUp(count, end);
  if (id) store<u32>(recent, id);
  return id;
}

/**
 * A number made of the innermost four frames and the depth; where there are fewer, of what lies below, which does no harm. Read
 * as they were written, one by one: a wider load of words just stored would wait until they have left the store buffer.
 */
function fourInnermost(end: u32): u32 {
  const first = ((<u64>load<u32>(end - 4)) << 32) | load<u32>(end - 8);
  const second = ((<u64>load<u32>(end - 12)) << 32) | load<u32>(end - 16);
  return <u32>((((first ^ (second * ODD_FACTOR)) + end) * EVEN_FACTOR) >> 40);
}

function lookUp(count: u32, end: u32): u32 {
  const hash = hashFrames(end - (count << 2), end);
  const bucket = load<u32>(HEADER_DEPOT) + ((hash & load<u32>(HEADER_DEPOT_MASK)) << 2);
  for (let id = load<u32>(bucket); id; id = load<u32>(id, DEPOT_NEXT)) {
    if (load<u32>(id, DEPOT_HASH) == hash && sameFrames(id, count, end)) return id;
  }
  return remember(bucket, hash, count, end);
}

/** Where runs are undone by snapshots, the depot stays, in a place of its own. */
function depotAlloc(size: u32): u32 {
  const top = load<u32>(HEADER_DEPOT_TOP);
  if (!top) return arenaAlloc(size);
  const end = top + ((size + 7) & ~7);
  if (end > load<u32>(HEADER_DEPOT_LIMIT)) {
    store<u32>(HEADER_SNAPSHOT_FULL, 1); // the host makes a new instance
    return 0;
  }
  store<u32>(HEADER_DEPOT_TOP, end);
  return top;
}

function openDepot(): bool {
  const table = depotAlloc((BUCKETS + RECENT) << 2);
  if (!table) return false;
  store<u32>(HEADER_DEPOT, table);
  store<u32>(HEADER_DEPOT_MASK, BUCKETS - 1);
  return true;
}

/** Two words side by side: this runs on every allocation and every free, and waits for its multiplications. */
function hashFrames(begin: u32, end: u32): u32 {
  let even: u64 = <u64>(end - begin);
  let odd: u64 = ODD_FACTOR;
  for (; begin + 16 <= end; begin += 16) {
    even = (rotl(even, 29) ^ load<u64>(begin)) * EVEN_FACTOR;
    odd = (rotl(odd, 31) ^ load<u64>(begin, 8)) * ODD_FACTOR;
  }
  if (end - begin >= 8) {
    even = (rotl(even, 29) ^ load<u64>(begin)) * EVEN_FACTOR;
    begin += 8;
  }
  if (begin < end) odd = (rotl(odd, 31) ^ load<u32>(begin)) * ODD_FACTOR;
  return <u32>(((even ^ rotl(odd, 17)) * EVEN_FACTOR) >> 32);
}

/** The two innermost as they were written (fourInnermost), then four frames a step. The depot has them in the other order. */
function sameFrames(id: u32, count: u32, end: u32): bool {
  if (load<u32>(id, DEPOT_COUNT) != count || load<u32>(id, DEPOT_SITES) != load<u32>(end - 4)) return false;
  if (count == 1) return true;
  if (load<u32>(id, DEPOT_SITES + 4) != load<u32>(end - 8)) return false;
  for (count -= 2; count > 3; count -= 4) {
    id += 16;
    end -= 16;
    if (differAt(id, end) | differAt(id - 8, end + 8)) return false;
  }
  if (count > 1) {
    id += 8;
    end -= 8;
    count -= 2;
    if (differAt(id, end)) return false;
  }
  return !count || load<u32>(id, DEPOT_SITES + 8) == load<u32>(end - 12);
}

/** 0 if two frames are the same. */
function differAt(id: u32, end: u32): u64 {
  return load<u64>(id, DEPOT_SITES) ^ rotl(load<u64>(end - 8), 32);
}

function remember(bucket: u32, hash: u32, count: u32, end: u32): u32 {
  const id = depotAlloc(DEPOT_SITES + (count << 2));
  if (!id) return 0;
  store<u32>(id, hash, DEPOT_HASH);
  store<u32>(id, load<u32>(bucket), DEPOT_NEXT);
  store<u32>(id, count, DEPOT_COUNT);
  for (let i: u32 = 0; i < count; i++) store<u32>(id + (i << 2), load<u32>(end - 4 - (i << 2)), DEPOT_SITES);
  store<u32>(bucket, id);
  return id;
}
