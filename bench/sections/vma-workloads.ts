// Three allocator-like workloads on the VMA model, deterministic: the same calls under every policy. Each asks for
// relocation where the policy has it, as a program written for that kernel would.
import { PAGE_SIZE, type Policy, type VmaSpace } from '../../host/vma/space.ts';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MREMAP_RELOCATE_ANON,
  PROT_READ,
  PROT_WRITE,
} from '../../runtime/vma-layout.ts';

export type Workload = (space: VmaSpace, policy: Policy) => void;

const RW = PROT_READ | PROT_WRITE;
const FIXED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
const ANYWHERE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
const BYTES = new Uint8Array(8).fill(1);

function step(seed: number): number {
  return (Math.imul(seed, 1664525) + 1013904223) >>> 0;
}

function moveFlags(policy: Policy): number {
  const flags = MREMAP_MAYMOVE | MREMAP_FIXED;
  return policy === 'relocate' ? flags | MREMAP_RELOCATE_ANON : flags;
}

function touch(space: VmaSpace, addr: number, pages: number): void {
  for (let page = 0; page < pages; page++) space.write(addr + page * PAGE_SIZE, BYTES);
}

/** A collector with regions: survivors of each region are moved together by mremap, the emptied regions mapped afresh. */
export function movingCollector(space: VmaSpace, policy: Policy): void {
  const base = space.startPage * PAGE_SIZE;
  const region = (i: number) => base + i * 32 * PAGE_SIZE;
  const regions = 400;
  for (let i = 0; i < regions; i++) {
    space.mmap(region(i), 16 * PAGE_SIZE, RW, FIXED);
    touch(space, region(i), 4);
  }
  let seed = 7;
  let top = region(regions);
  for (let i = 0; i < regions; i++) {
    seed = step(seed);
    const pages = 1 + ((seed >>> 16) % 8);
    const from = region((i * 37) % regions);
    space.mremap(from, pages * PAGE_SIZE, pages * PAGE_SIZE, moveFlags(policy), top);
    top += pages * PAGE_SIZE;
    space.munmap(from, 16 * PAGE_SIZE);
  }
}

/** Arrays that grow by mremap as realloc does, among small ones that stay and get into their way. */
export function growingArrays(space: VmaSpace): void {
  const arrays: { addr: number; pages: number }[] = [];
  let seed = 11;
  for (let i = 0; i < 4000; i++) {
    seed = step(seed);
    const array = arrays[(seed >>> 8) % (arrays.length || 1)];
    if (!array || (seed >>> 24) % 4 === 0) {
      const addr = space.mmap(0, 2 * PAGE_SIZE, RW, ANYWHERE);
      if (addr < 0) break;
      touch(space, addr, 1);
      arrays.push({ addr, pages: 2 });
    } else {
      const pages = array.pages + 1 + ((seed >>> 20) % 3);
      const addr = space.mremap(array.addr, array.pages * PAGE_SIZE, pages * PAGE_SIZE, MREMAP_MAYMOVE);
      if (addr < 0) break;
      touch(space, addr + array.pages * PAGE_SIZE, 1);
      array.addr = addr;
      array.pages = pages;
    }
  }
}

/** Arenas: chunks are protected, freed, mapped again and compacted into the front of a long-lived space. */
export function arenaChurn(space: VmaSpace, policy: Policy): void {
  const base = space.startPage * PAGE_SIZE;
  const slots = 1000;
  const slot = (i: number) => base + i * 8 * PAGE_SIZE;
  const store = slot(slots);
  let stored = 0;
  let seed = 13;
  for (let i = 0; i < 12_000; i++) {
    seed = step(seed);
    const at = slot((seed >>> 10) % slots);
    const kind = (seed >>> 26) % 8;
    if (kind < 4) {
      space.mmap(at, 4 * PAGE_SIZE, RW, FIXED);
      space.write(at, BYTES);
    } else if (kind === 4) space.munmap(at, 4 * PAGE_SIZE);
    else if (kind === 5) space.mprotect(at, 2 * PAGE_SIZE, PROT_READ);
    else if (kind === 6) space.mprotect(at, 4 * PAGE_SIZE, RW);
    else if (stored < 8000) {
      const moved = space.mremap(at, 2 * PAGE_SIZE, 2 * PAGE_SIZE, moveFlags(policy), store + stored * PAGE_SIZE);
      if (moved > 0) stored += 2;
    }
  }
}
