// Chunk records and the index that finds them by user address. Records lie in one array (the host walks it); when it
// has to move, every reference moves by the same distance. The index is open addressing with linear probing and
// backward-shift deletion, so it never fills with tombstones. Keys lie beside the references, because a probe that had
// to look into records would miss the cache once per record.
//
//   HEADER_INDEX    | key, record | 0, 0 | key, record | ...     u32 each; key = begin >> 3, slot = hash(key) or a later one
import {
  CHUNK_BEGIN,
  CHUNK_NEXT,
  CHUNK_RECORD,
  CHUNK_SIZE,
  CHUNK_SIZE_HIGH,
  CHUNK_STATE,
  CHUNK_UNUSED,
  HEADER_CHUNK_COUNT,
  HEADER_CHUNK_FREE,
  HEADER_CHUNKS,
  HEADER_INDEX,
  HEADER_INDEX_MASK,
  HEADER_INDEX_USED,
  HEADER_MAPPED_FREED,
  HEADER_QUARANTINE_HEAD,
  HEADER_QUARANTINE_TAIL,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc, arenaExtend } from './arena';

const RECORD: u32 = 4; // of an index entry; the key is at 0, and no chunk begins in granule 0
const FIRST_RECORDS: u32 = 1024;
const FIRST_SLOTS: u32 = 2048; // at most half full, so probes stay short

export function chunkBegin(chunk: u32): Addr {
  return (<Addr>load<u32>(chunk, CHUNK_BEGIN)) << 3;
}

export function chunkSize(chunk: u32): Addr {
  return <Addr>(((<u64>load<u8>(chunk, CHUNK_SIZE_HIGH)) << 32) | load<u32>(chunk, CHUNK_SIZE));
}

export function setChunkSize(chunk: u32, size: Addr): void {
  store<u32>(chunk, <u32>size, CHUNK_SIZE);
  store<u8>(chunk, <u32>(<u64>size >> 32), CHUNK_SIZE_HIGH);
}

/** A record for a chunk that begins at `begin`, indexed; 0 when memory 1 is full. */
export function addChunk(begin: Addr, size: Addr): u32 {
  if (!roomInIndex()) return 0;
  const chunk = takeRecord();
  if (!chunk) return 0;
  store<u32>(chunk, <u32>(begin >> 3), CHUNK_BEGIN);
  setChunkSize(chunk, size);
  insert(<u32>(begin >> 3), chunk);
  return chunk;
}

/** The record of the chunk that begins exactly here, or 0. */
export function findChunk(begin: Addr): u32 {
  const table = load<u32>(HEADER_INDEX);
  if (!table || <u32>begin & 7) return 0;
  const key = <u32>(begin >> 3);
  const mask = load<u32>(HEADER_INDEX_MASK);
  let slot = home(key, mask);
  while (true) {
    const entry = table + (slot << 3);
    const found = load<u32>(entry);
    if (found == key || !found) return load<u32>(entry, RECORD);
    slot = (slot + 1) & mask;
  }
}

/** The chunk whose user region contains the address. Slow: for reports. */
export function chunkAround(addr: Addr): u32 {
  const end = load<u32>(HEADER_CHUNKS) + load<u32>(HEADER_CHUNK_COUNT) * CHUNK_RECORD;
  for (let chunk = load<u32>(HEADER_CHUNKS); chunk < end; chunk += CHUNK_RECORD) {
    if (load<u8>(chunk, CHUNK_STATE) == CHUNK_UNUSED) continue;
    const begin = chunkBegin(chunk);
    if (addr >= begin && addr - begin < chunkSize(chunk)) return chunk;
  }
  return 0;
}

/** Takes the record out of the index and gives its slot back. */
export function dropChunk(chunk: u32): void {
  remove(load<u32>(chunk, CHUNK_BEGIN));
  store<u8>(chunk, CHUNK_UNUSED, CHUNK_STATE);
  store<u32>(chunk, load<u32>(HEADER_CHUNK_FREE), CHUNK_NEXT);
  store<u32>(HEADER_CHUNK_FREE, chunk);
}

// ------------------------------------------------------------------------------------------------ records

/** How many records the array can hold: it doubles, so its size follows from the count. */
function capacity(count: u32): u32 {
  let room = FIRST_RECORDS;
  while (room < count) room <<= 1;
  return room;
}

function takeRecord(): u32 {
  const free = load<u32>(HEADER_CHUNK_FREE);
  if (free) {
    store<u32>(HEADER_CHUNK_FREE, load<u32>(free, CHUNK_NEXT));
    return free;
  }
  const count = load<u32>(HEADER_CHUNK_COUNT);
  if ((!count || count == capacity(count)) && !growRecords(count)) return 0;
  store<u32>(HEADER_CHUNK_COUNT, count + 1);
  return load<u32>(HEADER_CHUNKS) + count * CHUNK_RECORD;
}

function growRecords(count: u32): bool {
  const old = load<u32>(HEADER_CHUNKS);
  const bytes = count * CHUNK_RECORD;
  if (!old) {
    const first = arenaAlloc(FIRST_RECORDS * CHUNK_RECORD);
    store<u32>(HEADER_CHUNKS, first);
    return first != 0;
  }
  if (arenaExtend(old, bytes, bytes * 2)) return true;
  const moved = arenaAlloc(bytes * 2);
  if (!moved) return false;
  memory.copy(moved, old, bytes);
  store<u32>(HEADER_CHUNKS, moved);
  shiftReferences(moved, count, moved - old);
  return true;
}

/** Every address of a record grows by `distance`: the links in the records, the header's and the index's. */
function shiftReferences(records: u32, count: u32, distance: u32): void {
  for (let i: u32 = 0; i < count; i++) shift(records + i * CHUNK_RECORD + CHUNK_NEXT, distance);
  shift(HEADER_QUARANTINE_HEAD, distance);
  shift(HEADER_QUARANTINE_TAIL, distance);
  shift(HEADER_MAPPED_FREED, distance);
  const table = load<u32>(HEADER_INDEX);
  const slots = load<u32>(HEADER_INDEX_MASK) + 1;
  for (let slot: u32 = 0; slot < slots; slot++) shift(table + (slot << 3) + RECORD, distance);
}

function shift(field: u32, distance: u32): void {
  const reference = load<u32>(field);
  if (reference) store<u32>(field, reference + distance);
}

// ------------------------------------------------------------------------------------------------ the index

/**
 * Neighbours in memory are neighbours here, since programs work on chunks in the order they lie: chunks begin at least 32
 * bytes apart (header and redzones), so key >> 2 is another number for each, and 2 KiB of memory share eight cache lines in
 * a row, which the processor fetches ahead. Those blocks are scattered: were they in order too, dense stretches of memory
 * that fall on each other would make one long run of them, and every probe would walk it.
 */
function home(key: u32, mask: u32): u32 {
  let block = key >> 8;
  block = (block ^ (block >> 15)) * 0x9e3779b1;
  return (((block ^ (block >> 15)) << 6) | ((key >> 2) & 63)) & mask;
}

function insert(key: u32, chunk: u32): void {
  const table = load<u32>(HEADER_INDEX);
  const mask = load<u32>(HEADER_INDEX_MASK);
  let slot = home(key, mask);
  while (load<u32>(table + (slot << 3))) slot = (slot + 1) & mask;
  store<u32>(table + (slot << 3), key);
  store<u32>(table + (slot << 3), chunk, RECORD);
  store<u32>(HEADER_INDEX_USED, load<u32>(HEADER_INDEX_USED) + 1);
}

function remove(key: u32): void {
  const table = load<u32>(HEADER_INDEX);
  const mask = load<u32>(HEADER_INDEX_MASK);
  let hole = home(key, mask);
  while (load<u32>(table + (hole << 3)) != key) hole = (hole + 1) & mask;
  for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
    const other = load<u32>(table + (slot << 3));
    if (!other) break;
    // `other` may move into the hole unless its home lies behind the hole, on its way to `slot`.
    if (((slot - home(other, mask)) & mask) < ((slot - hole) & mask)) continue;
    store<u64>(table + (hole << 3), load<u64>(table + (slot << 3)));
    hole = slot;
  }
  store<u64>(table + (hole << 3), 0);
  store<u32>(HEADER_INDEX_USED, load<u32>(HEADER_INDEX_USED) - 1);
}

/** Makes sure that one more entry leaves the table at most half full. */
function roomInIndex(): bool {
  const old = load<u32>(HEADER_INDEX);
  const oldSlots = old ? load<u32>(HEADER_INDEX_MASK) + 1 : 0;
  if (load<u32>(HEADER_INDEX_USED) << 1 < oldSlots) return true;
  const slots = old ? oldSlots << 1 : FIRST_SLOTS;
  const table = arenaAlloc(slots << 3);
  if (!table) return false;
  store<u32>(HEADER_INDEX, table);
  store<u32>(HEADER_INDEX_MASK, slots - 1);
  store<u32>(HEADER_INDEX_USED, 0);
  for (let slot: u32 = 0; slot < oldSlots; slot++) {
    const key = load<u32>(old + (slot << 3));
    if (key) insert(key, load<u32>(old + (slot << 3), RECORD));
  }
  return true;
}
