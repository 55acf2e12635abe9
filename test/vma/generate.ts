// Random operations for the differential, driven by the model's state: most addresses lie at the edges of areas, most
// lengths reach the next edge, because uniform ones miss the interesting merges.
import { mapOf } from '../../host/vma/replay.ts';
import type { VmaSpace } from '../../host/vma/space.ts';
import type { Kernel } from './kernel.ts';
import type { Random } from './random.ts';

export interface Profile {
  /** Always NORESERVE: otherwise VM_ACCOUNT keeps most neighbours apart. */
  noReserve: boolean;
  prots: readonly string[];
  forkPercent: number;
  sharedPercent: number;
  lockPercent: number;
  /** Page-wise advice beside the flags; guard pages. */
  advice: readonly number[];
  /** Odd arguments: unaligned, huge, unknown flags. */
  oddPercent: number;
}

const FLAG_ADVICE = [10, 11, 16, 17, 18, 19, 0, 1, 2, 12, 13];
const PAGE_ADVICE = [4, 8, 22, 23, 20, 3, 24, 102, 103, 4, 4];
export const WINDOW = 64; // pages in which everything happens

const PROTS = ['rw', 'rw', 'r', 'rwx', '-', 'x', 'w'];

export function profileOf(random: Random, { isComplete, hidesExecutable }: Kernel): Profile {
  const prots = hidesExecutable ? PROTS.filter((prot) => prot !== 'x') : PROTS;
  return {
    noReserve: random.chance(60),
    prots: random.chance(60) ? ['rw', 'rw', 'r'] : prots,
    forkPercent: isComplete && random.chance(40) ? 2 : 0,
    sharedPercent: random.chance(15) ? 10 : 0,
    lockPercent: isComplete && random.chance(25) ? 6 : 0,
    advice: random.chance(40) ? FLAG_ADVICE : random.chance(50) ? PAGE_ADVICE : [...FLAG_ADVICE, ...PAGE_ADVICE],
    oddPercent: random.chance(20) ? 8 : 0,
  };
}

export function isForking(profile: Profile): boolean {
  return profile.forkPercent > 0;
}

class Places {
  readonly #edges: number[];
  readonly #starts: number[];
  readonly #random: Random;

  constructor(random: Random, space: VmaSpace) {
    const map = mapOf(space).filter(([start]) => start < WINDOW);
    this.#random = random;
    this.#starts = map.map(([start]) => start);
    this.#edges = [...new Set([...this.#starts, ...map.map(([, end]) => end)])];
  }

  address(): number {
    const random = this.#random;
    if (this.#edges.length && random.chance(60)) return Math.min(random.pick(this.#edges), WINDOW - 1);
    return random.below(WINDOW);
  }

  start(): number {
    return this.#starts.length && this.#random.chance(75) ? this.#random.pick(this.#starts) : this.address();
  }

  /** Where a move of `length` pages may land: just before or behind an edge, or anywhere. */
  target(length: number): number {
    const random = this.#random;
    if (!this.#edges.length || random.chance(35)) return random.below(WINDOW);
    const edge = random.pick(this.#edges);
    return Math.max(0, Math.min(random.chance(50) ? edge : edge - length, WINDOW - 1));
  }

  /** Up to the next edge or the one after, or a few pages. */
  length(from: number): number {
    const random = this.#random;
    const later = this.#edges.filter((edge) => edge > from);
    if (later.length && random.chance(60)) return (later[random.below(Math.min(2, later.length))] as number) - from;
    return 1 + random.below(6);
  }
}

function odd(random: Random): string {
  const at = random.below(WINDOW);
  return random.pick([
    `mmap ${at} 0 rw`,
    `mmap ${at * 4096 + 1}@ 2 rw`,
    `mmap ${at * 4096 + 1}@ 2 rw r`,
    `mmap ${at} 0xffffffffffffffff@ rw`,
    `mmap ${at} 0x8000000000000 rw`,
    `munmap ${at} 0`,
    `munmap ${at * 4096 + 8}@ 1`,
    `munmap ${at} 0xffffffffffff0000@`,
    `munmap ${at} 1000@`,
    `mprotect ${at} 0 r`,
    `mprotect ${at * 4096 + 8}@ 1 r`,
    `mprotect ${at} 0xffffffffffffffff@ r`,
    `mprotect ${at} 5000@ r`,
    `madvise ${at} 0 4`,
    `madvise ${at} 1 ${random.pick([5, 6, 7, 9, 26, 99, 104, -1])}`,
    `madvise ${at * 4096 + 8}@ 1 4`,
    `madvise ${at} 0xffffffffffffffff@ 4`,
    `madvise ${at} 6000@ 4`,
    `mremap ${at} 2 0 m`,
    `mremap ${at} 0 ${1 + random.below(3)} ${random.pick(['m', '0', 'mf'])} ${random.below(WINDOW)}`,
    `mremap ${at} 2 2 ${random.pick(['8', '16', '9', 'f', 'd', 'fd', '32m'])} ${random.below(WINDOW)}`,
    `mremap ${at * 4096 + 8}@ 1 2 m`,
    `mremap ${at} 1 1 mf ${at * 4096 + 16}@`,
    `mremap ${at} 3 3 mf ${at + 1}`,
    `mremap ${at} 2 3 md ${random.below(WINDOW)}`,
    `mremap ${at} 1 0xffffffffffffffff@ m`,
    `mremap ${at} 1 0x8000000000000 m`,
    `mremap ${at} 5000@ 9000@ m`,
  ]);
}

/** The next operation, in the script language. */
export function nextOperation(random: Random, space: VmaSpace, profile: Profile, serial: number): string {
  const places = new Places(random, space);
  if (random.chance(profile.oddPercent)) return odd(random);
  if (random.chance(profile.forkPercent)) return random.pick(['fork', 'forkp']);
  if (random.chance(profile.lockPercent)) return ranged(random.pick(['mlock', 'mlock', 'munlock']), places);
  // Two views of one shared object are told apart here (docs/VMA.md), so no loads in between where there can be some.
  const get = profile.sharedPercent ? 0 : 2;
  const kind = random.weighted({ mmap: 20, munmap: 7, mprotect: 16, madvise: 8, mremap: 24, put: 19, rd: 5, get });
  switch (kind) {
    case 'mmap':
      return mapping(random, places, profile);
    case 'munmap':
      return ranged('munmap', places);
    case 'mprotect':
      return `${ranged('mprotect', places)} ${random.pick(profile.prots)}`;
    case 'madvise':
      return `${ranged('madvise', places)} ${random.pick(profile.advice)}`;
    case 'mremap':
      return remapping(random, places);
    case 'put':
      return `put ${places.start()} ${serial}`;
    default:
      return `${kind} ${places.start()}`;
  }
}

function ranged(name: string, places: Places): string {
  const at = places.address();
  return `${name} ${at} ${places.length(at)}`;
}

function mapping(random: Random, places: Places, profile: Profile): string {
  const at = places.address();
  let flags = profile.noReserve || random.chance(20) ? 'n' : '';
  if (random.chance(profile.sharedPercent)) flags += 's';
  flags += random.weighted({ '': 92, r: 4, h: 4 });
  if (random.chance(3)) flags += 'p';
  if (random.chance(profile.lockPercent)) flags += 'l';
  return `mmap ${at} ${places.length(at)} ${random.pick(profile.prots)} ${flags}`.trimEnd();
}

function remapping(random: Random, places: Places): string {
  const at = places.start();
  const old = places.length(at);
  if (random.chance(30)) {
    const resized = random.chance(20) ? old : Math.max(1, old - 3 + random.below(8));
    return `mremap ${at} ${old} ${resized} ${random.pick(['0', '0', 'm'])}`;
  }
  const resized = random.chance(75) ? old : Math.max(1, old - 2 + random.below(5));
  const flags = random.weighted({ mf: 70, mfd: 25, md: 5 });
  return `mremap ${at} ${old} ${flags === 'mf' ? resized : old} ${flags} ${places.target(resized)}`;
}
