// <sanitizer/common_interface_defs.h>, but for containers and what reports are about: stacks and symbols in words, unaligned
// accesses, and what a WebAssembly program has no use for.
import { ACCESS_READ, ACCESS_WRITE, ASK_FRAMES, ASK_GLOBAL, ASK_PRINT, ASK_PRINT_STACK, CRASH_STATE } from './abi';
import { Addr } from './addr';
import { ask, showText, takeText } from './ask';
import { rangeIsBad } from './check';
import * as program from './program';
import { lock, unlock } from './thread';

export function __sanitizer_print_stack_trace(): void {
  lock();
  ask(ASK_PRINT_STACK, 0);
  unlock();
}

export function __sanitizer_symbolize_pc(pc: Addr, format: Addr, out: Addr, size: Addr): void {
  describeInto(ASK_FRAMES, pc, format, out, size);
}

export function __sanitizer_symbolize_global(addr: Addr, format: Addr, out: Addr, size: Addr): void {
  describeInto(ASK_GLOBAL, addr, format, out, size);
}

function describeInto(what: u32, about: Addr, format: Addr, out: Addr, size: Addr): void {
  lock();
  showText(format);
  takeText(out, size, ask(what, about));
  unlock();
}

export function __sanitizer_report_error_summary(text: Addr): void {
  lock();
  showText(text);
  ask(ASK_PRINT, 0);
  unlock();
}

/** 1 for whoever comes first. */
export function __sanitizer_acquire_crash_state(): i32 {
  lock();
  const isFirst = !load<u32>(CRASH_STATE);
  store<u32>(CRASH_STATE, 1);
  unlock();
  return isFirst ? 1 : 0;
}

// ------------------------------------------------------------------------------------------------ unaligned accesses

export function __sanitizer_unaligned_load16(addr: Addr): u32 {
  rangeIsBad(addr, 2, ACCESS_READ, 0);
  return program.load8(addr) | (program.load8(addr + 1) << 8);
}

export function __sanitizer_unaligned_load32(addr: Addr): u32 {
  rangeIsBad(addr, 4, ACCESS_READ, 0);
  return program.load32(addr);
}

export function __sanitizer_unaligned_load64(addr: Addr): u64 {
  rangeIsBad(addr, 8, ACCESS_READ, 0);
  return program.load64(addr);
}

export function __sanitizer_unaligned_store16(addr: Addr, value: u32): void {
  rangeIsBad(addr, 2, ACCESS_WRITE, 0);
  program.store8(addr, value);
  program.store8(addr + 1, value >> 8);
}

export function __sanitizer_unaligned_store32(addr: Addr, value: u32): void {
  rangeIsBad(addr, 4, ACCESS_WRITE, 0);
  program.store32(addr, value);
}

export function __sanitizer_unaligned_store64(addr: Addr, value: u64): void {
  rangeIsBad(addr, 8, ACCESS_WRITE, 0);
  program.store32(addr, <u32>value);
  program.store32(addr + 4, <u32>(value >> 32));
}

// ------------------------------------------------------------------------------------------------ without effect

/** A program may not write files that its host has not given it: log_path decides. */
export function __sanitizer_set_report_path(_path: Addr): void {}

export function __sanitizer_set_report_fd(_fd: Addr): void {}

export function __sanitizer_get_report_path(): Addr {
  return 0;
}

export function __sanitizer_sandbox_on_notify(_args: Addr): void {}

/** Stacks are told by where the stack pointer is: nobody has to announce another. */
export function __sanitizer_start_switch_fiber(saveOut: Addr, _bottom: Addr, _size: Addr): void {
  if (saveOut) program.store_ptr(saveOut, 0);
}

export function __sanitizer_finish_switch_fiber(_saved: Addr, bottomOut: Addr, sizeOut: Addr): void {
  if (bottomOut) program.store_ptr(bottomOut, 0);
  if (sizeOut) program.store_ptr(sizeOut, 0);
}
