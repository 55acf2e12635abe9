// Everything the VMA model needs from outside, inside an instrumented program: records come from the runtime's arena,
// bytes are the program's, and what a page may be used for goes into the shadow. build-vma.mts reads vma-seam-alone.ts,
// which answers the same calls, in the place of this file for the stand-alone module.
import {
  HEADER_SCHEME,
  KASAN_VMALLOC_INVALID,
  SCHEME_KASAN,
  VMA_NO_ACCESS,
  VMA_READ_ONLY,
  VMA_TAIL,
  VMA_UNFAULTED,
  VMA_UNMAPPED,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { poisonRegion, unpoison, writeShadow } from './poison';
import * as program from './program';
import { redzoneCode } from './redzone';
import { STATE_NO_ACCESS, STATE_OK, STATE_READ_ONLY, STATE_UNFAULTED, VM_HEAP } from './vma-layout';

const SHIFT: Addr = 12;
const PAGE: Addr = 4096;
const LARGE: Addr = 16384; // no chunk on pages of its own is smaller

/** Zeroed bytes at an 8-byte boundary, or 0 when there is no more memory. */
export function claim(size: u32): u32 {
  return arenaAlloc(size);
}

/** The window's pages [page, page + count) become zero. */
export function clearPages(page: u32, count: u32): void {
  program.fill((<Addr>page) << SHIFT, 0, (<Addr>count) << SHIFT);
}

export function copyPages(target: u32, source: u32, count: u32): void {
  program.copy((<Addr>target) << SHIFT, (<Addr>source) << SHIFT, (<Addr>count) << SHIFT);
}

export function loadWord(page: u32, offset: u32): u64 {
  const at = ((<Addr>page) << SHIFT) + offset;
  return ((<u64>program.load32(at + 4)) << 32) | program.load32(at);
}

/** Batches are for the stand-alone module: a program stores by itself. */
export function storeWord(_page: u32, _offset: u32, _value: u64): void {}

/** What the pages may be used for now; of the last one only `tail` bytes, unless 0; VM_HEAP beside it. */
export function tellState(page: u32, count: u32, state: u32, tail: u32): void {
  const at = (<Addr>page) << SHIFT;
  const size = (<Addr>count) << SHIFT;
  if (state != STATE_OK) {
    writeShadow(at >> 3, size >> 3, codeOf(state));
    return;
  }
  unpoison(at, size);
  const rest = tail & 4095;
  if (rest) poisonRegion(at + size - PAGE + rest, PAGE - rest, tailCode(tail));
}

function codeOf(state: u32): u32 {
  if (state == STATE_UNFAULTED) return VMA_UNFAULTED;
  if (state == STATE_READ_ONLY) return VMA_READ_ONLY;
  return state == STATE_NO_ACCESS ? VMA_NO_ACCESS : VMA_UNMAPPED;
}

function tailCode(tail: u32): u32 {
  if (tail & VM_HEAP) return redzoneCode(LARGE, false);
  return load<u32>(HEADER_SCHEME) == SCHEME_KASAN ? KASAN_VMALLOC_INVALID : VMA_TAIL;
}
