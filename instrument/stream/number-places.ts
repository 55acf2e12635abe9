// Where the numbers of sites and frames stand in code that was written as if the first of each had a certain number. Once
// it is known how many come before, the numbers are raised in place, provided that none of them gets longer or shorter.

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
