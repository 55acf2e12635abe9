// Chunk records and the index that finds them by user address. Records lie in one array, which the host walks; when it has
// to move, every reference moves by the same distance. The index is a table of tables, as page tables are: chunks begin at
// least 16 bytes apart (header or redzone), so each has a place of its own there, and finding one is two loads.
//
//   HEADER_INDEX    | table | 0 | table | ...     u32 each, by begin >> 16
//                   | number | number | ...       u32 each: chunks of late, by begin >> 5
//   a table         | number | 0 | ...            u32 each, by begin >> 4: 1 + the number of the chunk's record
import {
  CHUNK_BEGIN,
  CHUNK_NEXT,
  CHUNK_QUARANTINED,
  CHUNK_RECORD,
  CHUNK_SIZE,
  CHUNK_SIZE_HIGH,
  CHUNK_STATE,
  CHUNK_UNUSED,
  HEADER_CHUNK_COUNT,
  HEADER_CHUNK_FREE,
  HEADER_CHUNKS,
  HEADER_INDEX,
  HEADER_INDEX_USED,
  HEADER_MAPPED_FREED,
  HEADER_READY,
  QUARANTINE_HEADS,
  QUARANTINE_LANES,
  READY_CLASSES,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc, arenaExtend } from './arena';
import { count } from './header';

const FIRST_RECORDS: u32 = 1024;
const TABLE_SHIFT: u32 = 16; // program bytes a table covers
const TABLE_SLOTS: u32 = 1 << (TABLE_SHIFT - 4);
const RECENT: u32 = 32768;
const TABLES: u32 = sizeof<Addr>() == 4 ? 65536 : 262144; // 4 GiB, 16 GiB: what engines give a memory

export function chunkBegin(chunk: u32): Addr {
  return (<Addr>load<u32>(chunk, CHUNK_BEGIN)) << 3;
}

export function chunkSize(chunk: u32): Addr {
  if (sizeof<Addr>() == 4) return <Addr>load<u32>(chunk, CHUNK_SIZE);
  return <Addr>(((<u64>load<u8>(chunk, CHUNK_SIZE_HIGH)) << 32) | load<u32>(chunk, CHUNK_SIZE));
}

export function setChunkSize(chunk: u32, size: Addr): void {
  store<u32>(chunk, <u32>size, CHUNK_SIZE);
  store<u8>(chunk, <u32>(<u64>size >> 32), CHUNK_SIZE_HIGH);
}

/** A record for a chunk that begins at `begin`, indexed; 0 when memory 1 is full. */
export function addChunk(begin: Addr, size: Addr): u32 {
  const slot = slotFor(begin);
  if (!slot || load<u32>(slot)) return 0;
  const chunk = takeRecord();
  if (!chunk) return 0;
  store<u32>(chunk, <u32>(begin >> 3), CHUNK_BEGIN);
  setChunkSize(chunk, size);
  const number = numberOf(chunk);
  store<u32>(slot, number);
  store<u32>(recentSlot(load<u32>(HEADER_INDEX), begin), number);
  count(HEADER_INDEX_USED, 1);
  return chunk;
}

/** The record of the chunk that begins exactly here, or 0. */
export function findChunk(begin: Addr): u32 {
  const directory = load<u32>(HEADER_INDEX);
  if (!directory) return 0;
  const chunk = recordOf(load<u32>(recentSlot(directory, begin))); // it may be another's, or nobody's by now
  if (chunk && chunkBegin(chunk) == begin && load<u8>(chunk, CHUNK_STATE) != CHUNK_UNUSED) return chunk;
  const found = chunkInPlace(begin);
  return found && chunkBegin(found) == begin ? found : 0;
}

/** The record in the place for chunks that begin here, or 0: its chunk may begin 8 bytes off, but not be in use as well. */
export function chunkInPlace(begin: Addr): u32 {
  const slot = slotOf(begin);
  return slot ? recordOf(load<u32>(slot)) : 0;
}

/** Chunks are mostly freed soon: the newest are found in a table that stays in the cache, where the index does not. */
export function noteRecent(begin: Addr, chunk: u32): void {
  store<u32>(recentSlot(load<u32>(HEADER_INDEX), begin), numberOf(chunk));
}

function recordOf(number: u32): u32 {
  return number ? load<u32>(HEADER_CHUNKS) + (number - 1) * CHUNK_RECORD : 0;
}

function numberOf(chunk: u32): u32 {
  return (chunk - load<u32>(HEADER_CHUNKS)) / CHUNK_RECORD + 1;
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

/** The chunk that begins here, which may be empty, or the one around the address. */
export function chunkAt(addr: Addr): u32 {
  const exact = findChunk(addr);
  return exact ? exact : chunkAround(addr);
}

/** The chunk that begins here and is not freed, or 0. */
export function liveChunk(ptr: Addr): u32 {
  const chunk = findChunk(ptr);
  return chunk && load<u8>(chunk, CHUNK_STATE) != CHUNK_QUARANTINED ? chunk : 0;
}

/** Takes the record out of the index and gives its slot back. */
export function dropChunk(chunk: u32): void {
  store<u32>(slotOf(chunkBegin(chunk)), 0);
  count(HEADER_INDEX_USED, -1);
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
    const first = arenaAlloc(FIRST_RECORDS * CHUNK_RECORD, CHUNK_RECORD);
    store<u32>(HEADER_CHUNKS, first);
    return first != 0;
  }
  if (arenaExtend(old, bytes, bytes * 2)) return true;
  const moved = arenaAlloc(bytes * 2, CHUNK_RECORD);
  if (!moved) return false;
  memory.copy(moved, old, bytes);
  store<u32>(HEADER_CHUNKS, moved);
  shiftReferences(moved, count, moved - old);
  return true;
}

/** Every address of a record grows by `distance`: the links in the records, both ends of each lane, the header's, the lists'. */
function shiftReferences(records: u32, count: u32, distance: u32): void {
  for (let i: u32 = 0; i < count; i++) shift(records + i * CHUNK_RECORD + CHUNK_NEXT, distance);
  for (let end: u32 = 0; end < <u32>(QUARANTINE_LANES * 2); end++) shift(QUARANTINE_HEADS + (end << 2), distance);
  shift(HEADER_MAPPED_FREED, distance);
  const ready = load<u32>(HEADER_READY);
  for (let list: u32 = 0; ready && list < <u32>(READY_CLASSES * 2); list++) shift(ready + (list << 2), distance);
}

function shift(field: u32, distance: u32): void {
  const reference = load<u32>(field);
  if (reference) store<u32>(field, reference + distance);
}

// ------------------------------------------------------------------------------------------------ the index

/** The address of the slot for chunks that begin here, or 0 if no chunk near it ever was. */
function slotOf(begin: Addr): u32 {
  const directory = load<u32>(HEADER_INDEX);
  if (!directory || begin >> TABLE_SHIFT >= <Addr>TABLES) return 0;
  const table = load<u32>(directory + ((<u32>(begin >> TABLE_SHIFT)) << 2));
  return table ? table + ((<u32>(begin >> 4) & (TABLE_SLOTS - 1)) << 2) : 0;
}

function recentSlot(directory: u32, begin: Addr): u32 {
  return directory + (TABLES << 2) + ((<u32>(begin >> 5) & (RECENT - 1)) << 2);
}

/** The same, with a table for it; 0 when memory 1 is full. */
function slotFor(begin: Addr): u32 {
  const slot = slotOf(begin);
  if (slot || begin >> TABLE_SHIFT >= <Addr>TABLES) return slot;
  if (!load<u32>(HEADER_INDEX)) store<u32>(HEADER_INDEX, arenaAlloc((TABLES + RECENT) << 2));
  const directory = load<u32>(HEADER_INDEX);
  const table = directory ? arenaAlloc(TABLE_SLOTS << 2) : 0;
  if (!table) return 0;
  store<u32>(directory + ((<u32>(begin >> TABLE_SHIFT)) << 2), table);
  return slotOf(begin);
}
