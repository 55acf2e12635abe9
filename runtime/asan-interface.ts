// The __asan_* functions that compilers and <sanitizer/asan_interface.h> name, so that a module which imports them (built
// with -fsanitize=address or -fsanitize=kernel-address) is bound to this runtime. They carry no site: the shadow call
// stack tells where the program is.
import {
  ACCESS_RANGE,
  ACCESS_READ,
  ACCESS_WRITE,
  ASAN_ALLOCA_LEFT,
  ASAN_ALLOCA_RIGHT,
  ASAN_GLOBAL_REDZONE,
  ASAN_USER_POISON,
  FLAG_USER_POISONING,
} from './abi';
import { Addr } from './addr';
import { findBadByte, firstBadByte, rangeIsBad } from './check';
import { flag } from './header';
import { init } from './init';
import { poisonInside, poisonRegion, unpoison, unpoisonRegion, writeShadow } from './poison';
import * as program from './program';

export function __asan_init(): void {
  init();
}

export function __asan_version_mismatch_check_v8(): void {
  // The name is the check: another version would not link.
}

// ------------------------------------------------------------------------------------------------ regions

export function __asan_poison_memory_region(addr: Addr, size: Addr): void {
  if (flag(FLAG_USER_POISONING)) poisonRegion(addr, size, ASAN_USER_POISON);
}

export function __asan_unpoison_memory_region(addr: Addr, size: Addr): void {
  if (flag(FLAG_USER_POISONING)) unpoisonRegion(addr, size);
}

export function __asan_address_is_poisoned(addr: Addr): i32 {
  return findBadByte(addr, addr) ? 1 : 0;
}

/** The first poisoned byte of the region, or 0. */
export function __asan_region_is_poisoned(addr: Addr, size: Addr): Addr {
  if (!size || addr + (size - 1) < addr) return 0;
  return findBadByte(addr, addr + (size - 1)) ? firstBadByte() : 0;
}

/** Poison for the passes that lay out stacks and globals: whole granules inside the range. */
export function poison_range(addr: Addr, size: Addr, code: u32): void {
  poisonInside(addr, size, code);
}

/** Makes a granule-aligned object valid, the last granule as far as it reaches. */
export function unpoison_range(addr: Addr, size: Addr): void {
  unpoison(addr, size);
}

// ------------------------------------------------------------------------------------------------ stack, globals

const ALLOCA_REDZONE: Addr = 32;

/** addr is 32-aligned: 32 bytes of CA before it, CB behind it up to 32 bytes past the padding. */
export function __asan_alloca_poison(addr: Addr, size: Addr): void {
  const padded = (size + 31) & ~31;
  poisonInside(addr - ALLOCA_REDZONE, ALLOCA_REDZONE, ASAN_ALLOCA_LEFT);
  unpoison(addr, size);
  const body = (size + 7) & ~7;
  poisonInside(addr + body, padded - body + ALLOCA_REDZONE, ASAN_ALLOCA_RIGHT);
}

export function __asan_allocas_unpoison(top: Addr, bottom: Addr): void {
  if (!top || top > bottom) return;
  writeShadow(top >> 3, (bottom - top) >> 3, 0);
}

export function __asan_handle_no_return(): void {
  // What lies below the stack pointer is repoisoned when the pointer is next written.
}

/** Descriptors in program memory, 8 words each: begin, size, size with redzone, name, module, dynamic init, ... */
export function __asan_register_globals(descriptors: Addr, count: Addr): void {
  for (let i: Addr = 0; i < count; i++) {
    const at = descriptors + i * 8 * sizeof<Addr>();
    const begin = word(at, 0);
    const size = word(at, 1);
    unpoison(begin, size);
    const body = (size + 7) & ~7;
    poisonInside(begin + body, word(at, 2) - body, ASAN_GLOBAL_REDZONE);
  }
}

export function __asan_unregister_globals(descriptors: Addr, count: Addr): void {
  for (let i: Addr = 0; i < count; i++) {
    const at = descriptors + i * 8 * sizeof<Addr>();
    writeShadow(word(at, 0) >> 3, word(at, 2) >> 3, 0);
  }
}

function word(at: Addr, index: Addr): Addr {
  at += index * sizeof<Addr>();
  const low = <u64>program.load32(at);
  if (sizeof<Addr>() == 4) return <Addr>low;
  return <Addr>(low | ((<u64>program.load32(at + 4)) << 32));
}

// ------------------------------------------------------------------------------------------------ memory functions

export function __asan_memset(target: Addr, value: i32, size: Addr): Addr {
  rangeIsBad(target, size, ACCESS_WRITE | ACCESS_RANGE, 0);
  program.fill(target, value, size);
  return target;
}

export function __asan_memcpy(target: Addr, source: Addr, size: Addr): Addr {
  return __asan_memmove(target, source, size);
}

/** The source is judged first, as a read, then the destination. */
export function __asan_memmove(target: Addr, source: Addr, size: Addr): Addr {
  rangeIsBad(source, size, ACCESS_READ | ACCESS_RANGE, 0);
  rangeIsBad(target, size, ACCESS_WRITE | ACCESS_RANGE, 0);
  program.copy(target, source, size);
  return target;
}
