// Which function's frame an address of the program's stack lies in, and where that function's variables are now.
// Reads the custom section "wasan.frames" (drawn in instrument/frames/frame-section.ts) and the map of frames that the
// runtime keeps: one u32 per 16 bytes of stack, the frame's number at its left redzone. Numbers of frames that are gone stay
// until something else overwrites them, so a live frame is told by its redzone.

import {
  ASAN_ALLOCA_LEFT,
  ASAN_ALLOCA_RIGHT,
  ASAN_STACK_LEFT,
  GRANULE,
  HEADER_STACK_HIGH,
  HEADER_STACK_LOW,
  HEADER_STACK_MAP,
  STACK_LEFT_REDZONE,
} from '../runtime/abi.ts';
import { type MemoryImage, openImage, readU32, shadowOf } from './report/memory-image.ts';
import type { FrameDescription, StackObject } from './report/place.ts';
import { ByteReader } from './symbols/byte-reader.ts';
import type { Symbolizer } from './symbols/index.ts';
import { readWasmModule } from './symbols/wasm-module.ts';

const SUPPORTED_VERSION = 1;
/** Dynamic allocations of a frame lie below it: as far as this, an address may be one of them. */
const ALLOCA_REACH = 1 << 20;

interface Placement {
  readonly from: number;
  readonly bytes: number;
  readonly moved: number;
}

/** One function's frame. */
export interface FrameRecord {
  readonly func: number;
  readonly size: number;
  readonly right: number;
  readonly placements: readonly Placement[];
}

/** Frames by number - 1; none if the module was not instrumented with them. */
export function readFrameTable(instrumented: Uint8Array): FrameRecord[] {
  const section = readWasmModule(instrumented).custom('wasan.frames');
  if (!section) return [];
  const reader = new ByteReader(section);
  if (reader.uleb() !== SUPPORTED_VERSION) return [];
  const next = () => reader.uleb();
  return Array.from({ length: next() }, () => ({
    func: next(),
    size: next(),
    right: next(),
    placements: Array.from({ length: next() }, () => ({ from: next(), bytes: next(), moved: next() })),
  }));
}

/** A frame on the stack, live or left: `base` is what its function takes for its lowest address. */
interface FoundFrame {
  readonly record: FrameRecord;
  readonly base: number;
}

/** The frame an address lies in, with its variables at the offsets they have now; from the start of its left redzone. */
export function describeFrame(
  table: readonly FrameRecord[],
  memory1: Uint8Array,
  symbols: Symbolizer,
  address: number,
): FrameDescription | undefined {
  const found = findFrame(table, openImage(memory1), address);
  if (!found) return undefined;
  const { record, base } = found;
  const debug = symbols.stackFrame(record.func);
  const objects: StackObject[] = [];
  for (const { name, offset, size, line } of debug?.variables ?? []) {
    const moved = place(record, offset);
    if (moved === undefined || size === 0) continue;
    objects.push({ name, begin: moved + STACK_LEFT_REDZONE, size, ...(line !== undefined && { line }) });
  }
  const { file, line } = debug ?? {};
  return {
    frame: {
      function: symbols.functionName(record.func),
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
    },
    offset: address - base + STACK_LEFT_REDZONE,
    objects,
  };
}

function place({ placements, size }: FrameRecord, offset: number): number | undefined {
  if (placements.length === 0) return offset < size ? offset : undefined;
  const found = placements.find((p) => offset >= p.from && offset < p.from + p.bytes);
  return found && found.moved + offset - found.from;
}

function findFrame(table: readonly FrameRecord[], image: MemoryImage, address: number): FoundFrame | undefined {
  const map = readU32(image, HEADER_STACK_MAP);
  const low = readU32(image, HEADER_STACK_LOW);
  const high = readU32(image, HEADER_STACK_HIGH);
  if (map === 0 || address < low || address >= high) return undefined;
  const frameAt = (at: number): FoundFrame | undefined => {
    const record = table[readU32(image, map + Math.floor((at - low) / 16) * 4) - 1];
    return record && { record, base: at + STACK_LEFT_REDZONE };
  };
  const isLive = (at: number) => shadowOf(image, at / GRANULE) === ASAN_STACK_LEFT;
  let left: FoundFrame | undefined;
  const from = address - (address % 16);
  for (let at = from; at >= low; at -= 16) {
    const found = frameAt(at);
    if (!found || address >= found.base + found.record.size + found.record.right) continue;
    if (isLive(at)) return found;
    left ??= found;
  }
  return isAlloca(image, address) ? (frameAbove(from, high, frameAt, isLive) ?? left) : left;
}

function isAlloca(image: MemoryImage, address: number): boolean {
  const code = shadowOf(image, Math.floor(address / GRANULE));
  const next = shadowOf(image, Math.floor(address / GRANULE) + 1);
  return [code, next].some((c) => c === ASAN_ALLOCA_LEFT || c === ASAN_ALLOCA_RIGHT);
}

/** The frame whose dynamic allocation an address below it belongs to. */
function frameAbove(
  from: number,
  high: number,
  frameAt: (at: number) => FoundFrame | undefined,
  isLive: (at: number) => boolean,
): FoundFrame | undefined {
  for (let at = from; at < Math.min(high, from + ALLOCA_REACH); at += 16) {
    const found = frameAt(at);
    if (found && isLive(at)) return found;
  }
  return undefined;
}
