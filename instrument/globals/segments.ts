// The linker's names for data segments, and which of them hold constants.

import type { Module } from '../wasm/module.ts';
import { nameMap } from '../wasm/names.ts';
import type { GlobalObject } from './extents.ts';

const DATA_NAMES = 9;
const CONSTANTS = /^\.rodata(\.|$)/;

/** Segment index -> output section name (".rodata"). */
export function segmentNames(module: Module): Map<number, string> {
  return nameMap(module, DATA_NAMES);
}

/** The bytes that no correct program writes: the segments of constants, where they lie together. */
export function readOnlyData(module: Module): GlobalObject | undefined {
  const names = segmentNames(module);
  if (names.size === 0) return undefined;
  const isConstant = (i: number) => CONSTANTS.test(names.get(i) ?? '');
  const placed = module.data.map((d, i) => ({ i, begin: d.address ?? -1, end: (d.address ?? 0) + d.end - d.start }));
  const constants = placed.filter(({ i }) => isConstant(i));
  if (constants.length === 0 || constants.some(({ begin }) => begin < 0)) return undefined;
  const begin = Math.min(...constants.map((c) => c.begin));
  const end = Math.max(...constants.map((c) => c.end));
  const mixed = placed.some((p) => !isConstant(p.i) && (p.begin < 0 || (p.begin < end && p.end > begin)));
  return mixed || end > 2 ** 32 ? undefined : { begin, end };
}
