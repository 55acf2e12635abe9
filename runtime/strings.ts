// Where strings in the program's memory end and differ: what the checks of libc calls must know before the call. Reads a
// word at a time, never past the end of memory; a string that runs off the end is as long as the memory.
import { Addr } from './addr';
import { memoryLast } from './poison';
import * as program from './program';

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;
export const ENDLESS: Addr = <Addr>-1;
export const WIDE: Addr = 4; // sizeof(wchar_t) in every C library for wasm

/** Bit 7 of the first zero byte (of little-endian memory) is the lowest one set; 0 if there is no zero byte. */
function zeroBytes(word: u64): u64 {
  return (word - ONES) & ~word & HIGHS;
}

/** The same bit of the first byte that is not zero, or lower. */
function firstBits(word: u64): u64 {
  return word & (0 - word);
}

/** How many bytes there are from `at` to the end of memory. */
function room(at: Addr): Addr {
  const last = memoryLast();
  return at > last ? 0 : last - at + 1;
}

/** memchr without a length's promise: bytes before the first `byte` in [at, at + most), or `most`. */
export function distanceToByte(at: Addr, byte: u32, most: Addr): Addr {
  const space = room(at);
  const end = most < space ? most : space;
  const pattern = <u64>(byte & 0xff) * ONES;
  let i: Addr = 0;
  for (; end - i >= 8; i += 8) {
    const hits = zeroBytes(program.load64(at + i) ^ pattern);
    if (hits) return i + <Addr>(ctz(hits) >> 3);
  }
  for (; i < end; i++) if (program.load8(at + i) == (byte & 0xff)) return i;
  return end;
}

/** strnlen. */
export function stringLength(at: Addr, most: Addr): Addr {
  return distanceToByte(at, 0, most);
}

/** Bytes that two strings share, up to the end of the shorter or `most`; with `fold`, letters of either case are equal. */
export function commonLength(a: Addr, b: Addr, most: Addr, fold: bool): Addr {
  const roomA = room(a);
  const roomB = room(b);
  const space = roomA < roomB ? roomA : roomB;
  const end = most < space ? most : space;
  let i: Addr = 0;
  for (; end - i >= 8; i += 8) {
    const word = program.load64(a + i);
    const differs = word ^ program.load64(b + i);
    const ends = zeroBytes(word);
    if (!(differs | ends)) continue;
    if (fold && differs) break;
    return i + <Addr>(ctz(firstBits(differs) | ends) >> 3);
  }
  for (; i < end; i++) {
    const x = program.load8(a + i);
    if (!x || (fold ? lower(x) != lower(program.load8(b + i)) : x != program.load8(b + i))) return i;
  }
  return end;
}

function lower(byte: u32): u32 {
  return byte - 65 < 26 ? byte + 32 : byte;
}

/** Wide characters before the first `unit` in [at, at + most), or `most`. */
export function distanceToWide(at: Addr, unit: u32, most: Addr): Addr {
  const space = room(at) / WIDE;
  const end = most < space ? most : space;
  for (let i: Addr = 0; i < end; i++) if (program.load32(at + i * WIDE) == unit) return i;
  return end;
}

/** Wide characters that two strings share. */
export function commonWide(a: Addr, b: Addr, most: Addr): Addr {
  const roomA = room(a) / WIDE;
  const roomB = room(b) / WIDE;
  const space = roomA < roomB ? roomA : roomB;
  const end = most < space ? most : space;
  for (let i: Addr = 0; i < end; i++) {
    const x = program.load32(a + i * WIDE);
    if (!x || x != program.load32(b + i * WIDE)) return i;
  }
  return end;
}

// A set of byte values, one bit each: those from 0 up, from 64, 128 and 192.
let set0: u64 = 0;
let set64: u64 = 0;
let set128: u64 = 0;
let set192: u64 = 0;

function isMember(byte: u32): bool {
  const bits = byte & 128 ? (byte & 64 ? set192 : set128) : byte & 64 ? set64 : set0;
  return ((bits >> (<u64>byte & 63)) & 1) != 0;
}

function addMember(byte: u32): void {
  const bit = (<u64>1) << (<u64>byte & 63);
  if (byte & 128) {
    if (byte & 64) set192 |= bit;
    else set128 |= bit;
  } else if (byte & 64) set64 |= bit;
  else set0 |= bit;
}

/** Bytes at the start of the string that are (or, with `inside` false, are not) members of the set. */
export function span(at: Addr, set: Addr, inside: bool): Addr {
  const members = stringLength(set, ENDLESS);
  const end = room(at);
  set0 = set64 = set128 = set192 = 0;
  for (let i: Addr = 0; i < members; i++) addMember(program.load8(set + i));
  if (!inside) addMember(0);
  let i: Addr = 0;
  while (i < end && isMember(program.load8(at + i)) == inside) i++;
  return i;
}

/** Where `needle` begins in `hay`, or -1. */
export function find(hay: Addr, length: Addr, needle: Addr, size: Addr, fold: bool): Addr {
  for (let i: Addr = 0; i + size <= length; i++) {
    let k: Addr = 0;
    for (; k < size; k++) {
      const x = program.load8(hay + i + k);
      const y = program.load8(needle + k);
      if (fold ? lower(x) != lower(y) : x != y) break;
    }
    if (k == size) return i;
  }
  return <Addr>-1;
}
