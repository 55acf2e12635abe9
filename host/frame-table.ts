// Which function's frame an address of the program's stack lies in, and where that function's variables are now.
// Reads the custom section "wasan.frames" (drawn in instrument/frames/frame-section.ts) and the map of frames that the
// runtime keeps: one u32 per 16 bytes of stack, the frame's number at its left redzone. Numbers of frames that are gone stay
// until something else overwrites them, so a live frame is told by its redzone, all of it: a number that was left behind
// may lie in the middle of another frame's.

import {
  ASAN_ALLOCA_LEFT,
  ASAN_STACK_LEFT,
  FRAME_ALLOCA,
  FRAME_NUMBER,
  GRANULE,
  STACK_LEFT_REDZONE,
} from '../runtime/abi.ts';
import { type MemoryImage, openImage, readU32, shadowOf } from './report/memory-image.ts';
import type { FrameDescription, StackFrame, StackObject } from './report/place.ts';
import { stackRegions } from './stack-regions.ts';
import { ByteReader } from './symbols/byte-reader.ts';
import type { Symbolizer } from './symbols/index.ts';
import { perModule, readWasmModule } from './symbols/wasm-module.ts';

const SUPPORTED_VERSION = 1;

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
export const readFrameTable = perModule(decodeFrames);

function decodeFrames(instrumented: Uint8Array): readonly FrameRecord[] {
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
  entryOf: (func: number) => Pick<StackFrame, 'offset' | 'module'>,
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
      ...entryOf(record.func),
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
  const stack = stackRegions(image).find((s) => address >= s.low && address < s.high);
  if (!stack || stack.map === 0) return undefined;
  const { low, high, map } = stack;
  const numberAt = (at: number) => readU32(image, map + Math.floor((at - low) / 16) * 4);
  const codeAt = (at: number) => shadowOf(image, at / GRANULE);
  const beginsFrame = (at: number) => {
    const redzone = Array.from({ length: STACK_LEFT_REDZONE / GRANULE }, (_, i) => codeAt(at + i * GRANULE));
    return redzone.every((code) => code === ASAN_STACK_LEFT) && codeAt(at + STACK_LEFT_REDZONE) !== ASAN_STACK_LEFT;
  };
  let left: FoundFrame | undefined;
  for (let at = address - (address % 16); at >= low; at -= 16) {
    const number = numberAt(at);
    if (number === 0) continue;
    if (number & FRAME_ALLOCA && codeAt(at) === ASAN_ALLOCA_LEFT) {
      return owner(table, number & FRAME_NUMBER, at, high, numberAt);
    }
    const record = number & FRAME_ALLOCA ? undefined : table[(number & FRAME_NUMBER) - 1];
    const base = at + STACK_LEFT_REDZONE;
    if (!record || address >= base + record.size + record.right) continue;
    if (beginsFrame(at)) return { record, base };
    left ??= { record, base };
  }
  return left;
}

/** The frame that made an allocation: the next of that number above it. */
function owner(
  table: readonly FrameRecord[],
  number: number,
  from: number,
  high: number,
  numberAt: (at: number) => number,
): FoundFrame | undefined {
  const record = table[number - 1];
  if (!record) return undefined;
  for (let at = from + 16; at < high; at += 16) {
    const there = numberAt(at);
    if ((there & FRAME_NUMBER) === number && !(there & FRAME_ALLOCA)) return { record, base: at + STACK_LEFT_REDZONE };
  }
  return { record, base: from + STACK_LEFT_REDZONE };
}
