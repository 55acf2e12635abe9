// Reads little-endian integers, LEB128 numbers and strings from a byte range, and never past its end:
// debugging information comes from strangers, so every read is checked and a short one throws `MalformedError`.

export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

const decoder = new TextDecoder();

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = Math.min(end, bytes.length);
    if (!(position >= 0 && position <= this.end)) throw new MalformedError(`offset ${position} is outside its section`);
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** Moves past `count` bytes and returns where they began. */
  skip(count: number): number {
    const start = this.position;
    if (!(count >= 0 && count <= this.end - start)) throw new MalformedError(`${count} bytes wanted at ${start}`);
    this.position = start + count;
    return start;
  }

  u8(): number {
    return this.bytes[this.skip(1)]!;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const at = this.skip(2);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  u24(): number {
    return this.u16() | (this.u8() << 16);
  }

  u32(): number {
    const at = this.skip(4);
    const { bytes } = this;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** Exact below 2^53; nothing addressable lies above. */
  u64(): number {
    const low = this.u32();
    return low + this.u32() * 2 ** 32;
  }

  unsigned(byteCount: number): number {
    if (byteCount === 4) return this.u32();
    if (byteCount === 8) return this.u64();
    if (byteCount === 2) return this.u16();
    if (byteCount === 1) return this.u8();
    throw new MalformedError(`an integer of ${byteCount} bytes`);
  }

  uleb(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value;
  }

  sleb(): number {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return byte & 0x40 ? value - scale : value;
  }

  /** Returns the bytes in place, not a copy. */
  take(count: number): Uint8Array {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  text(byteCount: number): string {
    return decoder.decode(this.take(byteCount));
  }

  /** A string closed by a zero byte. */
  cString(): string {
    const zero = this.skipCString();
    return decoder.decode(this.bytes.subarray(zero, this.position - 1));
  }

  /** Returns where the string began. */
  skipCString(): number {
    const start = this.position;
    const zero = this.bytes.indexOf(0, start);
    if (zero < 0 || zero >= this.end) throw new MalformedError(`string at ${start} has no end`);
    this.position = zero + 1;
    return start;
  }
}
