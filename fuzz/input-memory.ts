// Where inputs lie in a target's memory: in blocks of its own allocator, whose end the checks know; a target without one gets
// room behind its memory, so that an input ends where the memory does.
//
//   memory:  the target's own | room: ... | two blocks for mutators | ...
//                                                            inputs end here ^ and memory with them, unless the target grows it

import { SanitizerError } from '../host/errors.ts';
import type { Exports } from './entry.ts';

const WASM_PAGE = 65536;
const FIRST_ROOM = 16 * WASM_PAGE;
/** Bytes at either end of an input that are held against what was given. */
const LOOKED_AT = 64;

export class InputMemory {
  /** Addresses of blocks that this run has taken for inputs. */
  readonly blocks: number[] = [];
  private readonly exports: Exports;
  private readonly memory: WebAssembly.Memory;
  /** Tells the runtime that memory grows by so many pages. */
  private readonly announce: (pages: number) => void;
  private view: Uint8Array = new Uint8Array(0);
  /** Bytes behind the target's own memory, where it has no allocator; 0 if it has one. */
  private room = 0;
  /** Where they end, and with them the memory, as long as the target does not grow it. */
  private roomEnd = 0;
  /** Bytes of the room that blocks for the target's own mutators take. */
  private placed = 0;

  constructor(exports: Exports, memory: WebAssembly.Memory, announce: (pages: number) => void) {
    this.exports = exports;
    this.memory = memory;
    this.announce = announce;
  }

  /** Before the first input. `wanted`: bytes of the largest so far that there was no room for. */
  makeRoom(wanted: number): void {
    const pointer = this.exports.__wasan_input_alloc(1);
    if (pointer !== 0) return this.exports.__wasan_input_free(pointer);
    this.room = Math.max(FIRST_ROOM, Math.ceil(wanted / WASM_PAGE) * WASM_PAGE);
    this.roomEnd = this.grow(this.room / WASM_PAGE) + this.room;
  }

  /** A run begins, or what a mutator of the target's does. */
  begin(): void {
    this.blocks.length = 0;
    this.placed = 0;
  }

  /** Puts an input where the target will look for it; undefined if there is no room. */
  put(input: Uint8Array): number | undefined {
    // An empty input has a byte, as every block of compiler-rt's malloc has: targets look at the first one unasked.
    const size = Math.max(1, input.length);
    const pointer = this.exports.__wasan_input_alloc(size) >>> 0;
    if (pointer === 0 && size > this.room) return undefined;
    const at = pointer === 0 ? this.roomEnd - size : pointer;
    if (pointer === 0) this.exports.__wasan_touch(at, size);
    else this.blocks.push(pointer);
    const { bytes } = this;
    bytes[at] = 0;
    bytes.set(input, at);
    return at;
  }

  /** Gives the block of an input back. */
  release(at: number): void {
    if (this.room === 0) this.exports.__wasan_input_free(at);
  }

  /** Looks where libFuzzer does: at the first and the last bytes. */
  isOverwritten(input: Uint8Array, at: number): boolean {
    const { bytes } = this;
    const { length } = input;
    for (let i = 0; i < length; i++) {
      if (i === LOOKED_AT && length > 2 * LOOKED_AT) i = length - LOOKED_AT;
      if (bytes[at + i] !== input[i]) return true;
    }
    return false;
  }

  // ------------------------------------------------------------------------------------------------- beside inputs

  /** A block for a mutator, with room for `room` bytes, that begins with `bytes`. */
  place(bytes: Uint8Array, room: number): number {
    let at = this.exports.__wasan_input_alloc(Math.max(1, room)) >>> 0;
    if (at === 0) {
      this.placed += (room + 15) & ~15;
      if (this.placed > this.room)
        throw new SanitizerError(
          'E_NO_ENTRY',
          `a custom mutator without an allocator takes inputs of ${FIRST_ROOM / 2} bytes`,
        );
      at = this.roomEnd - this.placed;
      this.exports.__wasan_touch(at, room);
    }
    this.bytes.set(bytes, at);
    this.blocks.push(at);
    return at;
  }

  /** A copy of what lies there. */
  bytesAt(at: number, size: number, max: number): Uint8Array {
    return this.bytes.slice(at, at + Math.min(size >>> 0, max));
  }

  write(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at);
    this.exports.__wasan_touch(at, bytes.length);
  }

  /** A block that is never freed. */
  allocate(size: number): number {
    const block = this.exports.__wasan_input_alloc(size);
    return block !== 0 ? block : this.grow(Math.ceil(size / WASM_PAGE));
  }

  /** Where memory ended before it grew. */
  private grow(pages: number): number {
    this.announce(pages);
    return this.memory.grow(pages) * WASM_PAGE;
  }

  /** The target's memory; when that grows, earlier views of it become empty. */
  private get bytes(): Uint8Array {
    if (this.view.byteLength === 0) this.view = new Uint8Array(this.memory.buffer);
    return this.view;
  }
}
