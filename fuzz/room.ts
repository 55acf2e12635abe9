// Memory for inputs that are forgotten after one run, as most are: two buffers in turn, so that an input can be made of the one
// before it. An array of its own for each costs more than making it does. Whoever keeps an input copies it.

const FIRST_BYTES = 4096;
/** Views are kept by length, up to so many. */
const MOST_VIEWS = 4096;
/** Shorter pieces are copied byte by byte, faster than a view of them is made. */
const SHORT = 32;

class Half {
  buffer = new ArrayBuffer(FIRST_BYTES);
  private readonly views = new Map<number, Uint8Array>();

  view(length: number): Uint8Array {
    const known = this.views.get(length);
    if (known) return known;
    if (length > this.buffer.byteLength) this.grow(2 * length);
    if (this.views.size >= MOST_VIEWS) this.views.clear();
    const view = new Uint8Array(this.buffer, 0, length);
    this.views.set(length, view);
    return view;
  }

  private grow(bytes: number): void {
    this.buffer = new ArrayBuffer(bytes);
    this.views.clear();
  }
}

export class Room {
  private readonly first = new Half();
  private readonly second = new Half();

  /** Room for so many bytes where `bytes` do not lie. What is in it lasts until the next but one. */
  beside(bytes: Uint8Array, length: number): Uint8Array {
    return (bytes.buffer === this.first.buffer ? this.second : this.first).view(length);
  }
}

/** The same, or an array of its own where there is no room. */
export function roomFor(length: number, bytes: Uint8Array, room: Room | undefined): Uint8Array {
  return room ? room.beside(bytes, length) : new Uint8Array(length);
}

export function copyInto(out: Uint8Array, at: number, from: Uint8Array, start: number, count: number): void {
  if (count > SHORT) out.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < count; i++) out[at + i] = from[start + i]!;
}
