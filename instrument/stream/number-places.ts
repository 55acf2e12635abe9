// Where the numbers of sites and frames stand in code that was written as if the first of each had a certain number. Once
// it is known how many come before, the numbers are raised in place, provided that none of them gets longer or shorter.

import { doubled } from '../doubled.ts';

export class NumberPlaces {
  private readonly siteOffsets = new Places();
  private readonly frameOffsets = new Places();

  /** Offsets in the written bytes of all bodies that were ended. */
  get sites(): Int32Array {
    return this.siteOffsets.all();
  }

  get frames(): Int32Array {
    return this.frameOffsets.all();
  }

  /** A body begins, perhaps anew. */
  beginBody(): void {
    this.siteOffsets.beginBody();
    this.frameOffsets.beginBody();
  }

  /** A site's number is about to be written at this offset of the body's code. */
  site(offset: number): void {
    this.siteOffsets.add(offset);
  }

  frame(offset: number): void {
    this.frameOffsets.add(offset);
  }

  /** The body's code goes to this offset. */
  endBody(at: number): void {
    this.siteOffsets.endBody(at);
    this.frameOffsets.endBody(at);
  }
}

/** The offsets of one kind of number. */
class Places {
  private offsets = new Int32Array(1 << 10);
  private count = 0;
  /** How many belong to bodies that were ended. */
  private ended = 0;

  add(offset: number): void {
    if (this.count === this.offsets.length) this.offsets = doubled(this.offsets);
    this.offsets[this.count++] = offset;
  }

  beginBody(): void {
    this.count = this.ended;
  }

  endBody(at: number): void {
    for (let i = this.ended; i < this.count; i++) this.offsets[i]! += at;
    this.ended = this.count;
  }

  /** A copy. */
  all(): Int32Array {
    return this.offsets.slice(0, this.ended);
  }
}

/** Adds `more` to the numbers at `places`. False if one of them would change its length: then nothing in `code` is of use. */
export function raiseNumbers(code: Uint8Array, places: ArrayLike<number>, more: number): boolean {
  if (more === 0) return true;
  for (let i = 0; i < places.length; i++) if (!raise(code, places[i]!, more)) return false;
  return true;
}

/** A signed LEB128 of 32 bits, as Writer.s32 writes it. There are millions of them. */
function raise(code: Uint8Array, at: number, more: number): boolean {
  let value = 0;
  let shift = 0;
  let end = at;
  let byte: number;
  do {
    byte = code[end++]!;
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80);
  if (shift < 32 && byte & 0x40) value |= -1 << shift;
  value = (value + more) | 0;
  // It must need as many bytes as before: no fewer, no more.
  const bits = 33 - Math.clz32(value < 0 ? ~value : value);
  if (Math.ceil(bits / 7) !== end - at) return false;
  for (let k = at; k < end - 1; k++) {
    code[k] = (value & 0x7f) | 0x80;
    value >>= 7;
  }
  code[end - 1] = value & 0x7f;
  return true;
}
