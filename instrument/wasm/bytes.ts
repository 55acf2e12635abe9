// Reading and writing the primitives of the wasm binary format: bytes, LEB128 numbers, vectors, names.

import { InstrumentError } from '../errors.ts';

const UTF8 = new TextDecoder('utf-8');
const UTF8_ENCODER = new TextEncoder();

/** A cursor over bytes. Every read past `end` is refused as E_TRUNCATED. */
export class Reader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
  }

  byte(): number {
    if (this.pos >= this.end) throw new InstrumentError('E_TRUNCATED', `at offset ${this.pos}`);
    return this.bytes[this.pos++]!;
  }

  /** An unsigned LEB128 of at most 32 bits. Most have one byte. */
  u32(): number {
    const { pos } = this;
    if (pos < this.end) {
      const first = this.bytes[pos]!;
      if (first < 0x80) {
        this.pos = pos + 1;
        return first;
      }
    }
    return this.longU32();
  }

  private longU32(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const b = this.byte();
      result += shift < 28 ? (b & 0x7f) << shift : (b & 0x0f) * 0x10000000;
      if ((b & 0x80) === 0) {
        if (shift === 28 && b > 0x0f) break;
        return result;
      }
    }
    throw new InstrumentError('E_INVALID_WASM', `number too large at offset ${this.pos}`);
  }

  /** An unsigned LEB128 of at most 64 bits (offsets and limits of memory64). */
  u64(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const b = this.byte();
      result |= BigInt(b & 0x7f) << shift;
      if ((b & 0x80) === 0) return result;
    }
    throw new InstrumentError('E_INVALID_WASM', `number too large at offset ${this.pos}`);
  }

  /** An unsigned LEB128 as a number: of more than 53 bits, the nearest. */
  offset64(): number {
    const first = this.pos < this.end ? this.bytes[this.pos]! : 0x80;
    if (first < 0x80) {
      this.pos++;
      return first;
    }
    let result = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const b = this.byte();
      result += (b & 0x7f) * factor;
      if ((b & 0x80) === 0) return result;
      factor *= 128;
    }
    throw new InstrumentError('E_INVALID_WASM', `number too large at offset ${this.pos}`);
  }

  /** A signed LEB128 whose value fits a JavaScript integer (block types, i32.const). */
  s33(): number {
    const { pos } = this;
    if (pos < this.end) {
      const first = this.bytes[pos]!;
      if (first < 0x80) {
        this.pos = pos + 1;
        return first & 0x40 ? first - 0x80 : first;
      }
    }
    return this.longS33();
  }

  private longS33(): number {
    let result = 0;
    let factor = 1;
    for (let i = 0; i < 5; i++) {
      const b = this.byte();
      result += (b & 0x7f) * factor;
      factor *= 128;
      if ((b & 0x80) === 0) return b & 0x40 ? result - factor : result;
    }
    throw new InstrumentError('E_INVALID_WASM', `number too large at offset ${this.pos}`);
  }

  /** A signed LEB128 of at most 64 bits. */
  s64(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const b = this.byte();
      result |= BigInt(b & 0x7f) << shift;
      if ((b & 0x80) === 0) return BigInt.asIntN(64, b & 0x40 ? result - (1n << (shift + 7n)) : result);
    }
    throw new InstrumentError('E_INVALID_WASM', `number too large at offset ${this.pos}`);
  }

  /** Skips one LEB128 of at most 10 bytes. */
  skipLeb(): void {
    for (let i = 0; i < 10; i++) if ((this.byte() & 0x80) === 0) return;
    throw new InstrumentError('E_INVALID_WASM', `number too large at offset ${this.pos}`);
  }

  skip(count: number): void {
    if (this.pos + count > this.end) throw new InstrumentError('E_TRUNCATED', `at offset ${this.pos}`);
    this.pos += count;
  }

  take(count: number): Uint8Array {
    const start = this.pos;
    this.skip(count);
    return this.bytes.subarray(start, this.pos);
  }

  name(): string {
    return UTF8.decode(this.take(this.u32()));
  }

  get done(): boolean {
    return this.pos >= this.end;
  }
}

/** Bytes of the longest LEB128 number. */
const LONGEST = 10;

/** A growing byte buffer. */
export class Writer {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  reserve(count: number): void {
    const need = this.length + count;
    if (need <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(need, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Most have one byte. */
  u32(value: number): void {
    if (value <= 0x7f) this.byte(value);
    else this.longU32(value);
  }

  private longU32(value: number): void {
    this.reserve(LONGEST);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  u64(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  /** A signed LEB128 of a 32-bit value. */
  s32(value: number): void {
    const short = value | 0;
    if (short >= -0x40 && short < 0x40) this.byte(short & 0x7f);
    else this.halves(short, short >> 31);
  }

  s64(value: bigint): void {
    this.halves(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** A signed LEB128 of `high * 2^32 + (low >>> 0)`: numbers, for arithmetic on a bigint takes a hundred times as long. */
  halves(low: number, high: number): void {
    this.reserve(LONGEST);
    const { bytes } = this;
    let at = this.length;
    let rest = low | 0;
    let above = high | 0;
    // Done where the bits that are left are all what the last one written is.
    while (above !== rest >> 31 || rest < -0x40 || rest >= 0x40) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest = (rest >>> 7) | (above << 25);
      above >>= 7;
    }
    bytes[at++] = rest & 0x7f;
    this.length = at;
  }

  append(source: Uint8Array, from = 0, to = source.length): void {
    const count = to - from;
    this.reserve(count);
    // Short runs are the rule between two checks: a loop beats the call overhead of set(subarray()).
    if (count < 48) {
      const { bytes } = this;
      let at = this.length;
      for (let i = from; i < to; i++) bytes[at++] = source[i]!;
    } else {
      this.bytes.set(source.subarray(from, to), this.length);
    }
    this.length += count;
  }

  /** Most are ASCII, and short: an encoder takes longer to call than they take to copy. */
  name(text: string): void {
    const { length } = this;
    this.u32(text.length);
    this.reserve(text.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.length = length;
        return this.otherName(text);
      }
      bytes[at++] = unit;
    }
    this.length = at;
  }

  private otherName(text: string): void {
    const encoded = UTF8_ENCODER.encode(text);
    this.u32(encoded.length);
    this.append(encoded);
  }

  /** A section or subsection: id, size, contents. */
  section(id: number, contents: Writer): void {
    this.byte(id);
    this.u32(contents.length);
    this.append(contents.bytes, 0, contents.length);
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** The pieces one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
