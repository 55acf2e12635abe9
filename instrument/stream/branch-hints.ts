// The custom section "metadata.code.branch_hint" (WebAssembly branch hinting): says of the `if` of every check that it is
// hardly ever entered. An engine that reads it keeps the call behind the `if`, and what the call spills, off the hot path;
// that is worth a third of the checks' cost in V8 (bench/check-shapes.bench.ts). Others ignore it.
//
//   section:   function count | functions ...        only functions with hints, in order
//   function:  index | hint count | hints ...
//   hint:      offset of the `if` from the start of the body (its local declarations) | 1 | 0 (unlikely)

import { Writer } from '../wasm/bytes.ts';

export const HINT_SECTION = 'metadata.code.branch_hint';
const UNLIKELY = 0;

/** The entries of some functions, for the section of all. */
export interface HintPart {
  readonly entries: Uint8Array;
  readonly functions: number;
}

export class BranchHints {
  private readonly all = new Writer(1 << 15);
  private functions = 0;
  /** The entries of the parts it goes on with, in front of its own. */
  private readonly others: Uint8Array[] = [];
  /** Code offsets of the current body. */
  private readonly offsets: number[] = [];

  part(): HintPart {
    return { entries: this.all.bytes.slice(0, this.all.length), functions: this.functions };
  }

  /** Goes on with the functions of another one; it has none of its own. */
  add({ entries, functions }: HintPart): void {
    this.others.push(entries);
    this.functions += functions;
  }

  beginBody(): void {
    this.offsets.length = 0;
  }

  /** An `if` is about to be written at this offset of the code. */
  unlikely(offset: number): void {
    this.offsets.push(offset);
  }

  /** Closes the body of a function whose local declarations took `headerBytes`. */
  endBody(func: number, headerBytes: number): void {
    if (this.offsets.length === 0) return;
    this.functions++;
    this.all.u32(func);
    this.all.u32(this.offsets.length);
    for (const offset of this.offsets) {
      this.all.u32(headerBytes + offset);
      this.all.byte(1);
      this.all.byte(UNLIKELY);
    }
  }

  /** The section's contents after its name, in pieces; undefined if there are none. */
  encode(): Uint8Array[] | undefined {
    if (this.functions === 0) return undefined;
    const head = new Writer(8);
    head.u32(this.functions);
    return [head.view(), ...this.others, this.all.view()];
  }
}
