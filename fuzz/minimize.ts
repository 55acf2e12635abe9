// Makes an input smaller, or blander, as long as it still does what it does. `keeps` runs a candidate and says whether.

import { splice } from './mutators.ts';

export type Keeps = (candidate: Uint8Array) => boolean;

/** Removes what is not needed: pieces first, halving down to single bytes, until nothing more can go. */
export function minimize(input: Uint8Array, keeps: Keeps, shouldStop: () => boolean): Uint8Array {
  let best = input;
  for (let before = -1; before !== best.length; ) {
    before = best.length;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      best = withoutPieces(best, size, keeps, shouldStop);
    }
  }
  return best;
}

function withoutPieces(input: Uint8Array, size: number, keeps: Keeps, shouldStop: () => boolean): Uint8Array {
  let best = input;
  for (let at = best.length - size; at >= 0; at -= size) {
    if (shouldStop()) return best;
    if (at + size > best.length) continue;
    const candidate = splice(best, at, size, new Uint8Array(0));
    if (keeps(candidate)) best = candidate;
  }
  return best;
}

const BLAND = [0x20, 0xff];

/** Replaces bytes that do not matter by blanks, so that those that do stand out. */
export function cleanse(input: Uint8Array, keeps: Keeps, shouldStop: () => boolean): Uint8Array {
  const best = input.slice();
  for (let at = 0; at < best.length; at++) {
    const byte = best[at]!;
    if (BLAND.includes(byte)) continue;
    for (const bland of BLAND) {
      if (shouldStop()) return best;
      best[at] = bland;
      if (keeps(best.slice())) break;
      best[at] = byte;
    }
  }
  return best;
}
