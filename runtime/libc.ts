// Checks in front of calls to memory and string functions, as ASan's interceptors make them: whole ranges, sources before
// destinations, strings as far as the function is entitled to read. Each takes the arguments of its function and the
// call's site; the function itself is then called as it is. instrument/libc.ts lists which function gets which check.
//
// With scheme=kasan the string functions report the first bad byte alone: the kernel's are loops over single bytes.
import {
  ACCESS_RANGE,
  ACCESS_READ,
  ACCESS_WRITE,
  FLAG_REPLACE_INTRIN,
  HEADER_SCHEME,
  KIND_NEGATIVE_SIZE,
  KIND_PARAM_OVERLAP,
  SCHEME_KASAN,
} from './abi';
import { Addr } from './addr';
import { findBadByte, firstBadByte, isHarmless, judgeRange } from './check';
import { flag } from './header';
import { memoryLast } from './poison';
import { accessesReported, finding } from './report';
import {
  commonLength,
  commonWide,
  distanceToByte,
  distanceToWide,
  ENDLESS,
  find,
  span,
  stringLength,
  WIDE,
} from './strings';

function off(): bool {
  return !accessesReported() || !flag(FLAG_REPLACE_INTRIN);
}

function smaller(a: Addr, b: Addr): Addr {
  return a < b ? a : b;
}

// ------------------------------------------------------------------------------------------------ ranges

/** A size with its top bit set that no memory could satisfy is a negative number. */
function negative(addr: Addr, size: Addr): bool {
  if (!(size >> (sizeof<Addr>() * 8 - 1))) return false;
  const last = addr + (size - 1);
  return last < addr || last > memoryLast();
}

function rangeBad(addr: Addr, size: Addr, access: u32, site: u32): bool {
  if (isHarmless(addr, size, access)) return false;
  if (negative(addr, size)) {
    finding(KIND_NEGATIVE_SIZE, access | ACCESS_RANGE, addr, size, addr, site, 0, 0, 0, 0);
    return true;
  }
  return judgeRange(addr, size, access | ACCESS_RANGE, site);
}

function reads(addr: Addr, size: Addr, site: u32): bool {
  return rangeBad(addr, size, ACCESS_READ, site);
}

function writes(addr: Addr, size: Addr, site: u32): bool {
  return rangeBad(addr, size, ACCESS_WRITE, site);
}

/** A range that a loop over bytes reads. */
function readsString(addr: Addr, size: Addr, site: u32): bool {
  if (isHarmless(addr, size, ACCESS_READ)) return false;
  if (byteByByte() && size && !negative(addr, size) && findBadByte(addr, addr + (size - 1))) {
    if (judgeRange(firstBadByte(), 1, ACCESS_READ, site)) return true;
  }
  return reads(addr, size, site);
}

function byteByByte(): bool {
  return load<u32>(HEADER_SCHEME) == SCHEME_KASAN;
}

/** Asked last, of ranges that are valid: what runs out of its object often runs into the other range as well. */
function overlap(to: Addr, toSize: Addr, from: Addr, fromSize: Addr, site: u32): void {
  if (!toSize || !fromSize || to + toSize <= from || from + fromSize <= to) return;
  const size = toSize > fromSize ? toSize : fromSize;
  finding(KIND_PARAM_OVERLAP, ACCESS_WRITE | ACCESS_RANGE, to, size, to, site, 0, 0, from, 0);
}

function copies(to: Addr, from: Addr, size: Addr, site: u32): bool {
  return reads(from, size, site) || writes(to, size, site);
}

// ------------------------------------------------------------------------------------------------ mem*

export function libc_memcpy(to: Addr, from: Addr, size: Addr, site: u32): void {
  if (off()) return;
  // Compilers copy an object onto itself, which every implementation allows.
  if (!copies(to, from, size, site) && to != from) overlap(to, size, from, size, site);
}

export function libc_memmove(to: Addr, from: Addr, size: Addr, site: u32): void {
  if (!off()) copies(to, from, size, site);
}

export function libc_bcopy(from: Addr, to: Addr, size: Addr, site: u32): void {
  libc_memmove(to, from, size, site);
}

export function libc_memset(to: Addr, _value: i32, size: Addr, site: u32): void {
  if (!off()) writes(to, size, site);
}

export function libc_bzero(to: Addr, size: Addr, site: u32): void {
  if (!off()) writes(to, size, site);
}

/** Both ranges whole, equal or not. */
export function libc_memcmp(a: Addr, b: Addr, size: Addr, site: u32): void {
  if (off()) return;
  if (!readsString(a, size, site)) readsString(b, size, site);
}

export function libc_memchr(at: Addr, byte: i32, size: Addr, site: u32): void {
  if (off()) return;
  const distance = distanceToByte(at, byte, size);
  readsString(at, distance < size ? smaller(distance + 1, size) : size, site);
}

export function libc_memrchr(at: Addr, _byte: i32, size: Addr, site: u32): void {
  if (!off()) readsString(at, size, site);
}

export function libc_memccpy(to: Addr, from: Addr, byte: i32, size: Addr, site: u32): void {
  if (off()) return;
  const distance = distanceToByte(from, byte, size);
  copies(to, from, distance < size ? distance + 1 : size, site);
}

export function libc_memmem(hay: Addr, length: Addr, needle: Addr, size: Addr, site: u32): void {
  if (off()) return;
  if (!reads(hay, length, site)) reads(needle, size, site);
}

// ------------------------------------------------------------------------------------------------ str*

export function libc_strlen(at: Addr, site: u32): void {
  if (!off()) readsString(at, stringLength(at, ENDLESS) + 1, site);
}

export function libc_strnlen(at: Addr, most: Addr, site: u32): void {
  if (!off()) readsString(at, smaller(stringLength(at, most) + 1, most), site);
}

export function libc_strcpy(to: Addr, from: Addr, site: u32): void {
  if (off()) return;
  const size = stringLength(from, ENDLESS) + 1;
  if (!readsString(from, size, site) && !writes(to, size, site)) overlap(to, size, from, size, site);
}

export function libc_strncpy(to: Addr, from: Addr, most: Addr, site: u32): void {
  if (off()) return;
  const size = smaller(stringLength(from, most) + 1, most);
  if (!readsString(from, size, site) && !writes(to, most, site)) overlap(to, size, from, size, site);
}

export function libc_strlcpy(to: Addr, from: Addr, size: Addr, site: u32): void {
  if (off()) return;
  const length = stringLength(from, ENDLESS);
  if (!readsString(from, length + 1, site)) writes(to, smaller(length + 1, size), site);
}

export function libc_strcat(to: Addr, from: Addr, site: u32): void {
  if (off()) return;
  appends(to, from, stringLength(from, ENDLESS), 1, site);
}

export function libc_strncat(to: Addr, from: Addr, most: Addr, site: u32): void {
  if (off()) return;
  const length = stringLength(from, most);
  appends(to, from, length, length < most ? 1 : 0, site);
}

/** `length` characters of `from`, and `end` of its terminator, are read; a terminator is always written. */
function appends(to: Addr, from: Addr, length: Addr, end: Addr, site: u32): void {
  const before = stringLength(to, ENDLESS);
  if (readsString(from, length + end, site) || readsString(to, before + 1, site)) return;
  if (!writes(to + before, length + 1, site) && length) overlap(to, before + length + 1, from, length + end, site);
}

export function libc_strcmp(a: Addr, b: Addr, site: u32): void {
  compares(a, b, ENDLESS, false, site);
}

export function libc_strncmp(a: Addr, b: Addr, most: Addr, site: u32): void {
  compares(a, b, most, false, site);
}

export function libc_strcasecmp(a: Addr, b: Addr, site: u32): void {
  compares(a, b, ENDLESS, true, site);
}

export function libc_strncasecmp(a: Addr, b: Addr, most: Addr, site: u32): void {
  compares(a, b, most, true, site);
}

/** Up to and including the first difference. */
function compares(a: Addr, b: Addr, most: Addr, fold: bool, site: u32): void {
  if (off()) return;
  const size = smaller(commonLength(a, b, most, fold) + 1, most);
  if (!readsString(a, size, site)) readsString(b, size, site);
}

/** Up to the character found, or the whole string. */
export function libc_strchr(at: Addr, byte: i32, site: u32): void {
  if (off()) return;
  const length = stringLength(at, ENDLESS);
  readsString(at, distanceToByte(at, byte, length) + 1, site);
}

export function libc_strrchr(at: Addr, _byte: i32, site: u32): void {
  libc_strlen(at, site);
}

export function libc_strstr(hay: Addr, needle: Addr, site: u32): void {
  searches(hay, needle, false, site);
}

export function libc_strcasestr(hay: Addr, needle: Addr, site: u32): void {
  searches(hay, needle, true, site);
}

function searches(hay: Addr, needle: Addr, fold: bool, site: u32): void {
  if (off()) return;
  const length = stringLength(hay, ENDLESS);
  const size = stringLength(needle, ENDLESS);
  if (readsString(needle, size + 1, site)) return;
  const found = find(hay, length, needle, size, fold);
  readsString(hay, found != ENDLESS ? found + size : length + 1, site);
}

export function libc_strspn(at: Addr, set: Addr, site: u32): void {
  spans(at, set, true, site);
}

/** strcspn and strpbrk. */
export function libc_strcspn(at: Addr, set: Addr, site: u32): void {
  spans(at, set, false, site);
}

function spans(at: Addr, set: Addr, inside: bool, site: u32): void {
  if (off()) return;
  if (readsString(set, stringLength(set, ENDLESS) + 1, site)) return;
  readsString(at, span(at, set, inside) + 1, site);
}

// ------------------------------------------------------------------------------------------------ wide characters

export function libc_wmemcpy(to: Addr, from: Addr, count: Addr, site: u32): void {
  libc_memcpy(to, from, count * WIDE, site);
}

export function libc_wmemmove(to: Addr, from: Addr, count: Addr, site: u32): void {
  libc_memmove(to, from, count * WIDE, site);
}

export function libc_wmemset(to: Addr, _unit: i32, count: Addr, site: u32): void {
  libc_bzero(to, count * WIDE, site);
}

export function libc_wmemcmp(a: Addr, b: Addr, count: Addr, site: u32): void {
  libc_memcmp(a, b, count * WIDE, site);
}

export function libc_wmemchr(at: Addr, unit: i32, count: Addr, site: u32): void {
  if (off()) return;
  const distance = distanceToWide(at, unit, count);
  reads(at, (distance < count ? distance + 1 : count) * WIDE, site);
}

export function libc_wcslen(at: Addr, site: u32): void {
  if (!off()) reads(at, (distanceToWide(at, 0, ENDLESS) + 1) * WIDE, site);
}

export function libc_wcsnlen(at: Addr, most: Addr, site: u32): void {
  if (!off()) reads(at, smaller(distanceToWide(at, 0, most) + 1, most) * WIDE, site);
}

export function libc_wcscpy(to: Addr, from: Addr, site: u32): void {
  if (off()) return;
  const size = (distanceToWide(from, 0, ENDLESS) + 1) * WIDE;
  if (!copies(to, from, size, site)) overlap(to, size, from, size, site);
}

export function libc_wcsncpy(to: Addr, from: Addr, most: Addr, site: u32): void {
  if (off()) return;
  const size = smaller(distanceToWide(from, 0, most) + 1, most) * WIDE;
  if (!reads(from, size, site) && !writes(to, most * WIDE, site)) overlap(to, size, from, size, site);
}

export function libc_wcscat(to: Addr, from: Addr, site: u32): void {
  if (off()) return;
  const length = distanceToWide(from, 0, ENDLESS);
  appendsWide(to, from, length, 1, site);
}

export function libc_wcsncat(to: Addr, from: Addr, most: Addr, site: u32): void {
  if (off()) return;
  const length = distanceToWide(from, 0, most);
  appendsWide(to, from, length, length < most ? 1 : 0, site);
}

function appendsWide(to: Addr, from: Addr, length: Addr, end: Addr, site: u32): void {
  const before = distanceToWide(to, 0, ENDLESS);
  if (reads(from, (length + end) * WIDE, site) || reads(to, (before + 1) * WIDE, site)) return;
  if (writes(to + before * WIDE, (length + 1) * WIDE, site) || !length) return;
  overlap(to, (before + length + 1) * WIDE, from, (length + end) * WIDE, site);
}

export function libc_wcscmp(a: Addr, b: Addr, site: u32): void {
  libc_wcsncmp(a, b, ENDLESS, site);
}

export function libc_wcsncmp(a: Addr, b: Addr, most: Addr, site: u32): void {
  if (off()) return;
  const size = smaller(commonWide(a, b, most) + 1, most) * WIDE;
  if (!reads(a, size, site)) reads(b, size, site);
}

export function libc_wcschr(at: Addr, unit: i32, site: u32): void {
  if (off()) return;
  const length = distanceToWide(at, 0, ENDLESS);
  reads(at, (distanceToWide(at, unit, length) + 1) * WIDE, site);
}

export function libc_wcsrchr(at: Addr, _unit: i32, site: u32): void {
  libc_wcslen(at, site);
}
