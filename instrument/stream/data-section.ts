// The output's data: the program's own segments, and what the runtime's memory holds at the start.

import { HEADER_SITE_COUNT } from '../../runtime/abi.ts';
import type { Writer } from '../wasm/bytes.ts';
import type { Section } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';
import type { EngineInput } from './engine.ts';

/** Initial contents of a place in the runtime's memory. */
export interface InitialBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** How many data segments the output has beside the program's. */
export function addedSegments({ runtime, segments, neighbour }: EngineInput): number {
  return neighbour ? 0 : runtime.data.length + 1 + (segments?.length ?? 0);
}

/** The number of sites is known once the code is written. */
export function initialBytes({ runtime, header, segments }: EngineInput, sites: number): InitialBytes[] {
  const preset = header.bytes.slice();
  new DataView(preset.buffer).setUint32(HEADER_SITE_COUNT - header.address, sites, true);
  return [
    ...runtime.data.map((d) => ({ address: d.address!, bytes: runtime.bytes.subarray(d.start, d.end) })),
    { address: header.address, bytes: preset },
    ...(segments ?? []),
  ];
}

export function writeData(
  w: Writer,
  section: Section | undefined,
  input: EngineInput,
  added: readonly InitialBytes[],
): void {
  const { program } = input;
  w.u32(program.data.length + addedSegments(input));
  if (section) w.append(program.bytes, pastCount(program.bytes, section), section.end);
  if (input.neighbour) return;
  for (const { address, bytes } of added) {
    if (input.sharedPages !== undefined) {
      w.u32(1); // passive: the start function copies it
    } else {
      w.u32(2);
      w.u32(program.memories.length);
      w.byte(OP.I32_CONST);
      w.s32(address);
      w.byte(OP.END);
    }
    w.u32(bytes.length);
    w.append(bytes);
  }
}

/** Offset just past the (possibly padded) vector count at the head of a section. */
export function pastCount(bytes: Uint8Array, section: Section): number {
  let at = section.start;
  while (bytes[at++]! & 0x80);
  return at;
}
