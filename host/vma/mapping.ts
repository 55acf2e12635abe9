// The areas of an instrumented program, read from the runtime's own memory or a copy of it: which mapping an address
// lies in, or lay in before it was unmapped, with the stacks of the calls that mapped and unmapped it.
import { DEPOT_COUNT, DEPOT_SITES, HEADER_VMA } from '../../runtime/abi.ts';
import {
  AREA_END,
  AREA_FLAGS,
  AREA_NEXT,
  AREA_STACK,
  AREA_START,
  AREA_TAIL,
  DIRECTORY_AREAS,
  DIRECTORY_FIRST,
  DIRECTORY_PAST,
  DIRECTORY_PAST_COUNT,
  PAST_BYTES,
  PAST_COUNT,
  PAST_END,
  PAST_MAP_STACK,
  PAST_START,
  PAST_UNMAP_STACK,
} from '../../runtime/vma-layout.ts';
import { permissions } from './replay.ts';
import { PAGE_SIZE } from './space.ts';

/** Addresses in bytes; stacks as site ids, innermost first. */
export interface ProgramMapping {
  begin: number;
  end: number;
  flags: string;
  mapped: boolean;
  mapStack: number[];
  /** Empty while it is mapped. */
  unmapStack: number[];
}

class Memory1 {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(at: number): number {
    return at >= 0 && at + 4 <= this.#view.byteLength ? this.#view.getUint32(at, true) : 0;
  }

  stack(id: number): number[] {
    if (!id) return [];
    const count = Math.min(this.u32(id + DEPOT_COUNT), 256);
    return Array.from({ length: count }, (_, i) => this.u32(id + DEPOT_SITES + 4 * i));
  }
}

function living(memory: Memory1, area: number): ProgramMapping {
  const begin = memory.u32(area + AREA_START) * PAGE_SIZE;
  const whole = memory.u32(area + AREA_END) * PAGE_SIZE;
  const tail = memory.u32(area + AREA_TAIL);
  return {
    begin,
    end: tail ? whole - PAGE_SIZE + tail : whole,
    flags: permissions(memory.u32(area + AREA_FLAGS)),
    mapped: true,
    mapStack: memory.stack(memory.u32(area + AREA_STACK)),
    unmapStack: [],
  };
}

/** What is mapped now, in order of address. */
export function areas(memory1: Uint8Array): ProgramMapping[] {
  const memory = new Memory1(memory1);
  const directory = memory.u32(HEADER_VMA);
  const found: ProgramMapping[] = [];
  if (!directory) return found;
  let area = memory.u32(directory + DIRECTORY_FIRST);
  for (let i = memory.u32(directory + DIRECTORY_AREAS); i > 0 && area; i--, area = memory.u32(area + AREA_NEXT)) {
    found.push(living(memory, area));
  }
  return found;
}

/** The mapping at an address, else the one that was unmapped there last, else the nearest one below. */
export function mappingAt(memory1: Uint8Array, address: number): ProgramMapping | undefined {
  const memory = new Memory1(memory1);
  const directory = memory.u32(HEADER_VMA);
  if (!directory) return undefined;
  const page = Math.floor(address / PAGE_SIZE);
  let below = 0;
  let area = memory.u32(directory + DIRECTORY_FIRST);
  for (let i = memory.u32(directory + DIRECTORY_AREAS); i > 0 && area; i--, area = memory.u32(area + AREA_NEXT)) {
    if (memory.u32(area + AREA_START) > page) break;
    if (memory.u32(area + AREA_END) > page) return living(memory, area);
    below = area;
  }
  return unmapped(memory, directory, page) ?? (below ? living(memory, below) : undefined);
}

function unmapped(memory: Memory1, directory: number, page: number): ProgramMapping | undefined {
  const ring = memory.u32(directory + DIRECTORY_PAST);
  const total = memory.u32(directory + DIRECTORY_PAST_COUNT);
  for (let age = 1; age <= Math.min(total, PAST_COUNT); age++) {
    const entry = ring + ((total - age) % PAST_COUNT) * PAST_BYTES;
    if (page < memory.u32(entry + PAST_START) || page >= memory.u32(entry + PAST_END)) continue;
    return {
      begin: memory.u32(entry + PAST_START) * PAGE_SIZE,
      end: memory.u32(entry + PAST_END) * PAGE_SIZE,
      flags: '',
      mapped: false,
      mapStack: memory.stack(memory.u32(entry + PAST_MAP_STACK)),
      unmapStack: memory.stack(memory.u32(entry + PAST_UNMAP_STACK)),
    };
  }
  return undefined;
}
