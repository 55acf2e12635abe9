// What a program may ask of the finding that is being told, and of addresses; and who is to be told of findings. The names and
// texts that are answered lie in blocks of the program's own allocator, made once each.
import {
  ACCESS_READ,
  ACCESS_WRITE,
  ALLOC_MALLOC,
  ASK_ANSWER1,
  ASK_ANSWER2,
  ASK_DESCRIBE,
  ASK_MODULE,
  ASK_OFFSET,
  ASK_PLACE,
  ASK_PRINT_STATS,
  ASK_TEXT,
  ASK_WORD,
  CALLBACK_DEATH,
  CALLBACK_REPORT,
  CHUNK_ALLOC_STACK,
  CHUNK_ALLOC_THREAD,
  CHUNK_FREE_STACK,
  CHUNK_FREE_THREAD,
  CHUNK_QUARANTINED,
  CHUNK_STATE,
  DEPOT_COUNT,
  DEPOT_SITES,
  GRANULE_SHIFT,
  HEADER_SHADOW_BASE,
  REPORT_ACCESS,
  REPORT_ADDR,
  REPORT_KIND,
  REPORT_SITE,
  REPORT_SIZE,
  WORD_ADDRESSES,
  WORD_NOTHING,
  WORDS,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc, prepare } from './arena';
import { ask, takeText } from './ask';
import { captureStack } from './call-stack';
import { isTelling } from './callbacks';
import { reportAccess } from './check';
import { chunkAround, liveChunk } from './chunks';
import { rawAlloc } from './original';
import * as program from './program';
import { lock, unlock } from './thread';

// ------------------------------------------------------------------------------------------------ the finding

export function __asan_report_present(): i32 {
  return isTelling() ? 1 : 0;
}

/** The offset of the access in the module as it was before it was instrumented, as reports print it. */
export function __asan_get_report_pc(): Addr {
  return isTelling() ? offsetOf(load<u32>(REPORT_SITE)) : 0;
}

export function __asan_get_report_bp(): Addr {
  return 0;
}

export function __asan_get_report_sp(): Addr {
  return 0;
}

export function __asan_get_report_address(): Addr {
  return isTelling() ? <Addr>load<u64>(REPORT_ADDR) : 0;
}

export function __asan_get_report_access_type(): i32 {
  return isTelling() && load<u32>(REPORT_ACCESS) & ACCESS_WRITE ? 1 : 0;
}

export function __asan_get_report_access_size(): Addr {
  return isTelling() ? <Addr>load<u64>(REPORT_SIZE) : 0;
}

export function __asan_get_report_description(): Addr {
  return word(isTelling() ? load<u32>(REPORT_KIND) : WORD_NOTHING);
}

export function __asan_report_error(_pc: Addr, _bp: Addr, _sp: Addr, addr: Addr, isWrite: i32, size: Addr): void {
  reportAccess(addr, size, isWrite ? ACCESS_WRITE : ACCESS_READ, 0);
}

function offsetOf(site: u32): Addr {
  if (!site) return 0;
  lock();
  const offset = ask(ASK_OFFSET, site);
  unlock();
  return <Addr>offset;
}

/** Where the program finds a text: an empty one for what nobody has a word for, 0 without an allocator. */
function word(number: u32): Addr {
  lock();
  prepare();
  if (!load<u32>(WORD_ADDRESSES)) store<u32>(WORD_ADDRESSES, arenaAlloc(WORDS * sizeof<Addr>()));
  const words = load<u32>(WORD_ADDRESSES);
  const slot = words + number * sizeof<Addr>();
  if (words && number < <u32>WORDS && !load<Addr>(slot)) {
    const length = ask(ASK_WORD, number);
    const text = rawAlloc(<Addr>length + 1, 8, ALLOC_MALLOC);
    takeText(text, <Addr>length + 1, length);
    store<Addr>(slot, text);
  }
  const text = words && number < <u32>WORDS ? load<Addr>(slot) : 0;
  unlock();
  return text;
}

// ------------------------------------------------------------------------------------------------ who is told

export function __asan_set_death_callback(callback: Addr): void {
  store<u32>(CALLBACK_DEATH, <u32>callback);
}

export function __sanitizer_set_death_callback(callback: Addr): void {
  store<u32>(CALLBACK_DEATH, <u32>callback);
}

export function __asan_set_error_report_callback(callback: Addr): void {
  store<u32>(CALLBACK_REPORT, <u32>callback);
}

// ------------------------------------------------------------------------------------------------ addresses

export function __asan_describe_address(addr: Addr): void {
  lock();
  ask(ASK_DESCRIBE, addr);
  unlock();
}

export function __asan_locate_address(addr: Addr, name: Addr, nameSize: Addr, beginOut: Addr, sizeOut: Addr): Addr {
  lock();
  const place = <u32>ask(ASK_PLACE, addr);
  takeText(name, nameSize, textLength());
  if (beginOut) program.store_ptr(beginOut, <Addr>load<u64>(ASK_ANSWER1));
  if (sizeOut) program.store_ptr(sizeOut, <Addr>load<u64>(ASK_ANSWER2));
  const kind = word(place);
  unlock();
  return kind;
}

/** Of the host's text, which ends in 0. */
function textLength(): u64 {
  const text = load<u32>(ASK_TEXT);
  let length: u32 = 0;
  while (text && load<u8>(text + length)) length++;
  return length;
}

export function __asan_get_alloc_stack(addr: Addr, trace: Addr, size: Addr, threadOut: Addr): Addr {
  lock();
  const chunk = chunkAround(addr);
  const frames = chunk ? copyStack(chunk, CHUNK_ALLOC_STACK, CHUNK_ALLOC_THREAD, trace, size, threadOut) : 0;
  unlock();
  return frames;
}

export function __asan_get_free_stack(addr: Addr, trace: Addr, size: Addr, threadOut: Addr): Addr {
  lock();
  const chunk = chunkAround(addr);
  const isFreed = chunk && load<u8>(chunk, CHUNK_STATE) == CHUNK_QUARANTINED;
  const frames = isFreed ? copyStack(chunk, CHUNK_FREE_STACK, CHUNK_FREE_THREAD, trace, size, threadOut) : 0;
  unlock();
  return frames;
}

/** Offsets in the original module, innermost first. Answers how many were written. */
function copyStack(chunk: u32, stackField: u32, threadField: u32, trace: Addr, size: Addr, threadOut: Addr): Addr {
  const stack = load<u32>(chunk + stackField);
  const count = stack ? <Addr>load<u32>(stack, DEPOT_COUNT) : 0;
  const frames = count < size ? count : size;
  for (let i: Addr = 0; i < frames; i++) {
    const site = load<u32>(stack + DEPOT_SITES + ((<u32>i) << 2));
    program.store_ptr(trace + i * sizeof<Addr>(), offsetOf(site));
  }
  if (threadOut) program.store32(threadOut, load<u8>(chunk + threadField));
  return frames;
}

export function __asan_update_allocation_context(addr: Addr): i32 {
  lock();
  const chunk = liveChunk(addr);
  if (chunk) store<u32>(chunk, captureStack(), CHUNK_ALLOC_STACK);
  unlock();
  return chunk ? 1 : 0;
}

/** The offset is one in memory 1, where the program cannot look. */
export function __asan_get_shadow_mapping(scaleOut: Addr, offsetOut: Addr): void {
  if (scaleOut) program.store_ptr(scaleOut, GRANULE_SHIFT);
  if (offsetOut) program.store_ptr(offsetOut, <Addr>load<u32>(HEADER_SHADOW_BASE));
}

export function __asan_get_current_fake_stack(): Addr {
  return 0;
}

export function __asan_addr_is_in_fake_stack(_stack: Addr, _addr: Addr, _begin: Addr, _end: Addr): Addr {
  return 0;
}

export function __asan_print_accumulated_stats(): void {
  lock();
  ask(ASK_PRINT_STATS, 0);
  unlock();
}

/** A "pc" is an offset in the module, and there is one module. */
export function __sanitizer_get_module_and_offset_for_pc(pc: Addr, path: Addr, size: Addr, offsetOut: Addr): i32 {
  lock();
  takeText(path, size, ask(ASK_MODULE, 0));
  unlock();
  if (offsetOut) program.store_ptr(offsetOut, pc);
  return 1;
}
