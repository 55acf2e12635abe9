// Where objects with static storage begin and end, as far as that is beyond doubt, and which bytes between them are mere
// alignment padding.
//
//   | a (10) |pad| b (4) | string literals, the C library's data ... | c (32) | ...
//            ^ a gap only if b begins where alignment alone would put it, nothing refers to it and its bytes are zero

import type { DebugInfo } from '../debug-info.ts';
import { isLinkerOutput } from '../linker-output.ts';
import { type Module, SECTION } from '../wasm/module.ts';
import { segmentNames } from './segments.ts';

/** An object; `begin` is a program address. */
export interface GlobalObject {
  readonly begin: number;
  readonly end: number;
  /**
   * The binary refers to it in one place only. What nothing refers to is not linked, so that place means this object and
   * no other one.
   */
  readonly single?: boolean;
}

export interface Extents {
  /** By address, disjoint: what overlaps is one object. */
  readonly objects: readonly GlobalObject[];
  readonly gaps: readonly GlobalObject[];
}

/** No alignment in C or C++ exceeds this without being asked for. */
const MAX_ALIGNMENT = 16;
/** Segments that compilers put objects into by themselves; programs walk their own from end to end. */
const ORDINARY = /^\.(data|rodata|bss|tdata|tbss)(\.|$)/;

export function findExtents(module: Module, debugInfo: DebugInfo, nullLimit: number): Extents {
  if (module.data.some((d) => !d.passive && d.memory === 0 && d.address === undefined))
    return { objects: [], gaps: [] };
  const special = specialSegments(module);
  const all = debugInfo
    .globals()
    .filter((g) => !g.segment && g.offset >= Math.max(nullLimit, 1) && g.offset < 2 ** 32)
    .map((g) => ({ begin: g.offset, end: g.offset + (g.open ? 0 : g.size) }));
  const objects = joined(
    all.filter((o) => o.end > o.begin && !special.some((s) => o.begin < s.end && o.end > s.begin)),
  );
  if (objects.length === 0) return { objects, gaps: [] };
  // An object of unknown size still ends the padding in front of it.
  const starts = all.filter((o) => o.end === o.begin).map((o) => o.begin);
  // What stands in a gap could be an object without debug information.
  if (!isLinkerOutput(module)) return { objects, gaps: [] };
  const references = findReferences(module, objects[0]!.begin, objects.at(-1)!.end + MAX_ALIGNMENT);
  return {
    objects: objects.map((o) => ({ ...o, single: countIn(references, o.begin, o.end) === 1 })),
    gaps: findGaps(module, objects, [...starts, ...references]),
  };
}

function specialSegments(module: Module): GlobalObject[] {
  const names = segmentNames(module);
  if (names.size === 0) return [];
  return module.data.flatMap((d, i) => {
    const name = names.get(i);
    if (d.address === undefined || name === undefined || ORDINARY.test(name)) return [];
    return [{ begin: d.address, end: d.address + d.end - d.start }];
  });
}

function joined(objects: readonly GlobalObject[]): GlobalObject[] {
  const sorted = [...objects].sort((a, b) => a.begin - b.begin || a.end - b.end);
  const result: { begin: number; end: number }[] = [];
  for (const object of sorted) {
    const last = result.at(-1);
    if (last && object.begin < last.end) last.end = Math.max(last.end, object.end);
    else result.push({ ...object });
  }
  return result;
}

function findGaps(module: Module, objects: readonly GlobalObject[], starts: readonly number[]): GlobalObject[] {
  const stops = new Set([...objects.map((o) => o.begin), ...starts]);
  const gaps: GlobalObject[] = [];
  for (const { end } of objects) {
    let stop = end;
    while (!stops.has(stop) && stop < end + MAX_ALIGNMENT) stop++;
    const alignment = Math.min(stop & -stop, MAX_ALIGNMENT);
    const padding = stop - end;
    if (padding > 0 && stops.has(stop) && padding < alignment && isZero(module, end, stop))
      gaps.push({ begin: end, end: stop });
  }
  return gaps;
}

/** Every mention of an address in [low, high], in order. What only looks like one costs a gap or a certainty. */
export function findReferences(module: Module, low: number, high: number): number[] {
  const found = codeReferences(module, low, high);
  const add = (value: number) => {
    if (value >= low && value <= high) found.push(value);
  };
  for (const g of module.globals) if (g.constant !== undefined) add(g.constant);
  const view = new DataView(module.bytes.buffer, module.bytes.byteOffset);
  for (const d of module.data) for (let at = d.start; at + 4 <= d.end; at++) add(view.getUint32(at, true));
  return found.sort((a, b) => a - b);
}

/** Addresses in [low, high] that the linker wrote into the code, in order: it pads them to five bytes. */
export function codeReferences(module: Module, low: number, high: number): number[] {
  const found: number[] = [];
  const section = module.sections.find((s) => s.id === SECTION.CODE);
  if (!section) return found;
  const { bytes } = module;
  for (let at = section.start; at + 5 <= section.end; at++) {
    const goesOn = bytes[at]! & bytes[at + 1]! & bytes[at + 2]! & bytes[at + 3]! & 0x80;
    if (!goesOn || bytes[at + 4]! > 0x0f) continue;
    const value = paddedValue(bytes, at);
    if (value >= low && value <= high) found.push(value);
  }
  return found.sort((a, b) => a - b);
}

/** The value of a five-byte LEB128 number, unsigned. */
export function paddedValue(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 4; i >= 0; i--) value = value * 128 + (bytes[at + i]! & 0x7f);
  return value % 2 ** 32;
}

/** How many of the sorted values lie in [from, to]. */
function countIn(sorted: readonly number[], from: number, to: number): number {
  const below = (limit: number) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < limit) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return below(to + 1) - below(from);
}

/** Whether the bytes of [begin, end) that the binary initialises are zero. */
function isZero(module: Module, begin: number, end: number): boolean {
  return module.data.every((d) => {
    if (d.passive || d.memory !== 0) return true;
    const from = Math.max(begin, d.address!);
    const to = Math.min(end, d.address! + d.end - d.start);
    for (let a = from; a < to; a++) if (module.bytes[d.start + a - d.address!] !== 0) return false;
    return true;
  });
}
