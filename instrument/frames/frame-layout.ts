// Where a frame's objects go, and what the shadow says of it. Objects keep their order; those that need redzones are moved
// apart, all others keep their distances. The object at the base stays there, so that the base itself never changes meaning.
//
//   old stack pointer - ...                                                                       old stack pointer
//   | LEFT_REDZONE (F1) | object | F2 | object object | F2 | object | padding | right redzone (F3) |
//                       ^ base                                                ^ base + size

import {
  ASAN_STACK_LEFT,
  ASAN_STACK_MID,
  ASAN_STACK_RIGHT,
  GRANULE,
  STACK_LEFT_REDZONE as LEFT_REDZONE,
} from '../../runtime/abi.ts';
import type { FrameObject } from './objects.ts';

/** Bytes [from, to) of the original frame now begin at `moved`. */
export interface Placement {
  readonly from: number;
  readonly to: number;
  readonly moved: number;
}

export interface FrameLayout {
  /** Bytes of the frame with its inner redzones, a multiple of 16. */
  readonly size: number;
  /** Redzone above it. */
  readonly right: number;
  readonly placements: readonly Placement[];
  /** Objects moved: false if everything is where it was. */
  readonly moved: boolean;
  /** Not all of its inside is valid: what no placement covers is not. */
  readonly drawn: boolean;
}

/** AddressSanitizer's redzone for a variable of `size` bytes. */
export function redzoneFor(size: number): number {
  return size <= 4 ? 16 : size <= 128 ? 32 : size <= 512 ? 64 : size <= 4096 ? 128 : 256;
}

const up = (value: number, align: number) => Math.ceil(value / align) * align;

/** A frame whose inside is left as it is. */
export function plainLayout(size: number): FrameLayout {
  return { size, right: 16, placements: [{ from: 0, to: size, moved: 0 }], moved: false, drawn: false };
}

/** Everything stays where it is; padding between objects is not valid. */
export function paddedLayout(size: number, objects: readonly FrameObject[]): FrameLayout {
  const placements = objects.map(({ begin, end }) => ({ from: begin, to: end, moved: begin }));
  return { size, right: 16, placements, moved: false, drawn: true };
}

export function layOut(objects: readonly FrameObject[], align: number): FrameLayout {
  const placements: Placement[] = [];
  let end = 0;
  let previous: FrameObject | undefined;
  for (const object of objects) {
    const moved = previous ? nextPlace(previous, object, end, align) : firstPlace(object, align);
    placements.push({ from: object.begin, to: object.end, moved });
    end = moved + object.end - object.begin;
    previous = object;
  }
  const size = up(end, 16);
  const tail = previous?.exposed ? redzoneFor(previous.end - previous.begin) : 16;
  return { size, right: Math.max(16, up(tail - (size - end), 16)), placements, moved: true, drawn: true };
}

/** At the base, or above it where nothing lies at the base. */
function firstPlace({ begin, exposed }: FrameObject, align: number): number {
  return exposed && align === 16 ? up(begin, 16) : begin;
}

/** Redzone or not, an object never gets less aligned than it was: the base is aligned to `align`. */
function nextPlace(previous: FrameObject, object: FrameObject, end: number, align: number): number {
  const apart = previous.exposed || object.exposed;
  if (!apart) return end + congruent(object.begin - end, align);
  const gap = Math.max(...[previous, object].filter((o) => o.exposed).map((o) => redzoneFor(o.end - o.begin)));
  const from = up(end, GRANULE) + gap;
  // What needs a redzone starts at a granule, so that its first byte can be told from the one before.
  if (object.exposed && align === 16) return up(from, 16);
  return from + congruent(object.begin - from, align);
}

function congruent(distance: number, align: number): number {
  return ((distance % align) + align) % align;
}

/** Where a byte of the original frame is now. The end of the frame goes with its last object. */
export function place(layout: FrameLayout, offset: number): number | undefined {
  const inside = layout.placements.find((p) => offset >= p.from && offset < p.to);
  const at = inside ?? layout.placements.find((p) => offset === p.to);
  return at && at.moved + offset - at.from;
}

/** Shadow codes of the frame from the left redzone to the end of the right one, one per granule. */
export function shadowCodes(layout: FrameLayout): Uint8Array {
  const left = LEFT_REDZONE / GRANULE;
  const inner = layout.size / GRANULE;
  const codes = new Uint8Array(left + inner + layout.right / GRANULE);
  codes.fill(ASAN_STACK_LEFT, 0, left);
  codes.fill(ASAN_STACK_MID, left, left + inner);
  codes.fill(ASAN_STACK_RIGHT, left + inner);
  let last = left;
  for (const { from, to, moved } of layout.placements) {
    const end = moved + to - from;
    last = left + Math.ceil(end / GRANULE);
    for (let granule = Math.floor(moved / GRANULE); granule * GRANULE < end; granule++) {
      const valid = Math.min(GRANULE, end - granule * GRANULE);
      codes[left + granule] = valid === GRANULE ? 0 : valid;
    }
  }
  codes.fill(ASAN_STACK_RIGHT, last, left + inner);
  return codes;
}
