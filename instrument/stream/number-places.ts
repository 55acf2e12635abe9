// Where the numbers of sites and frames stand in code that was written as if the first of each had a certain number. Once
// it is known how many come before, the numbers are raised in place, provided that none of them gets longer or shorter.

import { Reader, Writer } from '../wasm/bytes.ts';

export class NumberPlaces {
  /** Offsets in the written bytes of all bodies that were ended. */
  readonly sites: number[] = [];
  readonly frames: number[] = [];
  /** How many of those belong to bodies that were ended. */
  private endedSites = 0;
  private endedFrames = 0;

  /** A body begins, perhaps anew. */
  beginBody(): void {
    this.sites.length = this.endedSites;
    this.frames.length = this.endedFrames;
  }

  /** A site's number is about to be written at this offset of the body's code. */
  site(offset: number): void {
    this.sites.push(offset);
  }

  frame(offset: number): void {
    this.frames.push(offset);
  }

  /** The body's code goes to this offset. */
  endBody(at: number): void {
    for (let i = this.endedSites; i < this.sites.length; i++) this.sites[i]! += at;
    for (let i = this.endedFrames; i < this.frames.length; i++) this.frames[i]! += at;
    this.endedSites = this.sites.length;
    this.endedFrames = this.frames.length;
  }
}

/** Adds `more` to the numbers at `places`. False if one of them would change its length: then nothing in `code` is of use. */
export function raiseNumbers(code: Uint8Array, places: ArrayLike<number>, more: number): boolean {
  if (more === 0) return true;
  const reader = new Reader(code);
  const number = new Writer(8);
  for (let i = 0; i < places.length; i++) {
    const at = places[i]!;
    reader.pos = at;
    number.length = 0;
    number.s32(reader.s33() + more);
    if (number.length !== reader.pos - at) return false;
    for (let k = 0; k < number.length; k++) code[at + k] = number.bytes[k]!;
  }
  return true;
}
