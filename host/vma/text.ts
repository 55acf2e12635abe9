// A VmaSpace as text and JSON: lines like /proc/self/maps, blocks like /proc/self/smaps, and versioned JSON.
import {
  ANON_FORKED,
  ANON_PARENT,
  VM_ACCOUNT,
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_HUGEPAGE,
  VM_LOCKED,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_RAND_READ,
  VM_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from '../../runtime/vma-layout.ts';
import { permissions } from './replay.ts';
import { type Area, PAGE_SIZE, type VmaSpace } from './space.ts';

/** Two-letter names as in the VmFlags line of smaps, in the kernel's order. */
const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [VM_READ, 'rd'],
  [VM_WRITE, 'wr'],
  [VM_EXEC, 'ex'],
  [VM_SHARED, 'sh'],
  [VM_GROWSDOWN, 'gd'],
  [VM_LOCKED, 'lo'],
  [VM_SEQ_READ, 'sr'],
  [VM_RAND_READ, 'rr'],
  [VM_DONTCOPY, 'dc'],
  [VM_ACCOUNT, 'ac'],
  [VM_NORESERVE, 'nr'],
  [VM_WIPEONFORK, 'wf'],
  [VM_DONTDUMP, 'dd'],
  [VM_HUGEPAGE, 'hg'],
  [VM_NOHUGEPAGE, 'nh'],
  [VM_MERGEABLE, 'mg'],
  [VM_DROPPABLE, 'dp'],
  [VM_SEALED, 'sl'],
];

function hex(page: number): string {
  return (BigInt(page) * BigInt(PAGE_SIZE)).toString(16).padStart(8, '0');
}

function mapsLine(area: Area): string {
  const offset = area.isShared ? hex(area.pgoff) : '00000000';
  const name = area.isShared ? '/dev/zero (deleted)' : '';
  return `${hex(area.start)}-${hex(area.end)} ${permissions(area.flags)} ${offset} 00:00 0 ${name}`.trimEnd();
}

/** One line per area, as /proc/self/maps prints anonymous memory. */
export function mapsText(space: VmaSpace): string {
  return space
    .areas()
    .map((area) => `${mapsLine(area)}\n`)
    .join('');
}

export function flagNames(flags: number): string {
  return FLAG_NAMES.filter(([bit]) => flags & bit)
    .map(([, name]) => name)
    .join(' ');
}

function countPages(space: VmaSpace, area: Area, kind: 'present' | 'zero' | 'guard'): number {
  let total = 0;
  for (let page = area.start; page < area.end; page++) if (space.page(page) === kind) total++;
  return total;
}

function kiloBytes(label: string, pages: number): string {
  return `${`${label}:`.padEnd(16)}${String(pages * (PAGE_SIZE / 1024)).padStart(8)} kB\n`;
}

/** What an anon_vma is to those who share it. */
export function anonText(area: Area): string {
  if (!area.anon) return 'none';
  const kin = area.anonState & ANON_FORKED ? ', of a fork child' : area.anonState & ANON_PARENT ? ', with a child' : '';
  return `#${area.anon}${kin}`;
}

/** One block per area. PageOffset and AnonVma are what the kernel keeps to itself: they decide about merging. */
export function smapsText(space: VmaSpace): string {
  return space
    .areas()
    .map((area) => {
      const present = countPages(space, area, 'present');
      return [
        `${mapsLine(area)}\n`,
        kiloBytes('Size', area.end - area.start),
        kiloBytes('Rss', present),
        kiloBytes('Anonymous', area.isShared ? 0 : present),
        kiloBytes('ZeroMapped', countPages(space, area, 'zero')),
        kiloBytes('Guard', countPages(space, area, 'guard')),
        `PageOffset:     0x${area.pgoff.toString(16)}${area.pgoff === area.start || area.isShared ? '' : ' (moved)'}\n`,
        `AnonVma:        ${anonText(area)}\n`,
        `VmFlags: ${flagNames(area.flags)}\n`,
      ].join('');
    })
    .join('');
}

export interface SpaceJson {
  version: 1;
  pageSize: number;
  window: { start: number; end: number };
  areas: (Area & { permissions: string; flagNames: string; presentPages: number })[];
  counters: ReturnType<VmaSpace['counters']>;
}

export function spaceJson(space: VmaSpace): SpaceJson {
  return {
    version: 1,
    pageSize: PAGE_SIZE,
    window: { start: space.startPage, end: space.startPage + space.pages },
    areas: space.areas().map((area) => ({
      ...area,
      permissions: permissions(area.flags),
      flagNames: flagNames(area.flags),
      presentPages: countPages(space, area, 'present'),
    })),
    counters: space.counters(),
  };
}
