// Makes an input smaller, or blander, as long as it still does what it does. `keeps` runs a candidate and says whether.

import { type Materials, mutateOnce, splice } from './mutators.ts';
import { type Random, seededRandom } from './random.ts';

export type Keeps = (candidate: Uint8Array) => boolean;

/** Shorter inputs with other bytes in them that are tried where removing alone leads no further. */
const MUTANTS = 400;
const SEED = 1;

/**
 * Removes what is not needed: pieces first, halving down to single bytes, until nothing more can go. Then something may go
 * only if something else changes, as in a sum that has to be large: libFuzzer mutates, and so do we.
 */
export function minimize(input: Uint8Array, keeps: Keeps, shouldStop: () => boolean): Uint8Array {
  const random = seededRandom(SEED);
  let best = input;
  for (let before = -1; before !== best.length; ) {
    before = best.length;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      best = withoutPieces(best, size, keeps, shouldStop);
    }
    if (before === best.length) best = shorterMutant(best, random, keeps, shouldStop);
  }
  return best;
}

function shorterMutant(input: Uint8Array, random: Random, keeps: Keeps, shouldStop: () => boolean): Uint8Array {
  const materials: Materials = { maxLength: input.length - 1, dictionary: [], compares: [], other: input };
  for (let tries = 0; tries < MUTANTS && input.length > 1 && !shouldStop(); tries++) {
    const count = 1 + random.below(Math.min(4, input.length - 1));
    let mutant = splice(input, random.below(input.length - count + 1), count, new Uint8Array(0));
    for (let changes = 1 + random.below(2); changes > 0; changes--) mutant = mutateOnce(mutant, random, materials);
    if (mutant.length < input.length && keeps(mutant)) return mutant;
  }
  return input;
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
