// print_stats: the runtime's counters in named groups. Text and JSON are made from the same rows, so a name means one thing.
import * as abi from '../../runtime/abi.ts';
import type { RuntimeView } from './facts.ts';
import { openImage, readU32 } from './memory-image.ts';

export const STATS_SCHEMA = 'wasan-stats/1';

type StatRow = readonly [group: string, name: string, field: number, sentence: string];

// biome-ignore format: one row per counter
const ROWS: readonly StatRow[] = [
  ['heap', 'allocations', abi.HEADER_STAT_MALLOCS, 'blocks allocated'],
  ['heap', 'frees', abi.HEADER_STAT_FREES, 'blocks freed'],
  ['heap', 'reallocations', abi.HEADER_STAT_REALLOCS, 'blocks resized'],
  ['heap', 'live_bytes', abi.HEADER_STAT_LIVE_BYTES, 'bytes in live blocks'],
  ['heap', 'peak_bytes', abi.HEADER_STAT_PEAK_BYTES, 'bytes in live blocks at their peak'],
  ['heap', 'redzone_bytes', abi.HEADER_STAT_REDZONE_BYTES, 'bytes of redzones and padding'],
  ['quarantine', 'bytes', abi.HEADER_QUARANTINE_BYTES, 'bytes held back from reuse'],
  ['quarantine', 'limit_bytes', abi.HEADER_QUARANTINE_LIMIT, 'bytes that may be held back'],
  ['quarantine', 'evicted', abi.HEADER_STAT_EVICTED, 'blocks given back to the allocator'],
  ['checks', 'slow', abi.HEADER_STAT_SLOW_CHECKS, 'checks that left the fast path'],
  ['checks', 'reports', abi.HEADER_REPORTS, 'findings reported'],
  ['runtime', 'memory_bytes', abi.HEADER_ARENA_LIMIT, 'bytes of memory of the runtime itself, shadow included'],
];

/** Counters by group and name. */
export type Stats = Readonly<Record<string, Readonly<Record<string, number>>>>;

export function readStats(view: RuntimeView): Stats {
  const image = openImage(view.memory1);
  const stats: Record<string, Record<string, number>> = {};
  for (const [group, name, field] of ROWS) {
    stats[group] ??= {};
    stats[group][name] = readU32(image, field);
  }
  return stats;
}

/** "heap.allocations  12  blocks allocated", one line each. */
export function statsText(stats: Stats): string {
  const lines = ROWS.map(([group, name, , sentence]) => {
    const value = String(stats[group]?.[name] ?? 0);
    return `${`${group}.${name}`.padEnd(24)}${value.padStart(12)}  ${sentence}`;
  });
  return `${lines.join('\n')}\n`;
}

export function statsJson(stats: Stats): string {
  return `${JSON.stringify({ schema: STATS_SCHEMA, ...stats })}\n`;
}
