// What reports must know of the frames: the custom section "wasan.frames". host/frame-table.ts reads it.
//
//   section:   version | frame count | frames, numbered from 1
//   frame:     function index | bytes of the frame | bytes of the redzone above it | placement count | placements
//   placement: first byte in the original frame | bytes | first byte now
// All numbers are unsigned LEB128. A frame that was not moved has no placements.

import { Writer } from '../wasm/bytes.ts';
import type { FrameLayout } from './frame-layout.ts';

export const FRAME_SECTION = 'wasan.frames';
export const FRAME_SECTION_VERSION = 1;

export interface FrameRecord {
  readonly func: number;
  readonly layout: FrameLayout;
}

/** The records of some functions, in order, for the section of all. */
export interface FramePart {
  readonly entries: Uint8Array;
  readonly frames: number;
}

export function frameSection(parts: readonly FramePart[]): { name: string; bytes: Uint8Array } {
  const w = new Writer(16);
  w.u32(FRAME_SECTION_VERSION);
  w.u32(parts.reduce((sum, { frames }) => sum + frames, 0));
  for (const { entries } of parts) w.append(entries);
  return { name: FRAME_SECTION, bytes: w.view() };
}

export function encodeFrames(records: readonly FrameRecord[]): FramePart {
  const w = new Writer(16 + records.length * 8);
  for (const { func, layout } of records) {
    w.u32(func);
    w.u32(layout.size);
    w.u32(layout.right);
    const placements = layout.moved ? layout.placements : [];
    w.u32(placements.length);
    for (const { from, to, moved } of placements) {
      w.u32(from);
      w.u32(to - from);
      w.u32(moved);
    }
  }
  return { entries: w.view(), frames: records.length };
}
