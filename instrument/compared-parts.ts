// Memory that is compared a piece at a time, as compilers write memcmp with a constant size: each piece by xor, and what
// differs is put together by or. Only all pieces at once lead anywhere, so a fuzzer must know that they belong together.
//
//   load a; load b; xor; load a+8; load b+8; xor; or; eqz
//
// Found in one pass over the code, within instructions that follow one another.

import { OP } from './wasm/opcodes.ts';

/** A comparison to be shown to the fuzzer. */
export interface Compared {
  /** Where its operands are on the stack, as a file offset. */
  readonly at: number;
  readonly is64: boolean;
  readonly constant: boolean;
  /** It is compared for its own sake; an xor with what is no constant is so only as one of several pieces. */
  wanted: boolean;
  /** It and the comparison before must both hold. */
  continues: boolean;
  /** What is compared is another value plus a constant; that value is what the program has read. */
  readonly shifted?: Shifted | undefined;
}

export interface Shifted {
  readonly added: number;
  /** What the other value would have to be: the least one, where a range is asked for. */
  readonly wanted: number;
}

/** Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html */
export const XOR_32 = 0x73;
export const XOR_64 = 0x85;
const OR = new Set([0x72, 0x84]);
/** What a compiler puts between the pieces and the branch: a mask for narrow ones, and a test against 0. */
const MASKS = new Set<number>([OP.I32_CONST, OP.I64_CONST, 0x71, 0x83]);
const TESTS = new Set<number>([OP.I32_EQZ, OP.I64_EQZ, 0x46, 0x47, 0x51, 0x52, OP.BR_IF, OP.IF]);
/** Pieces that wait for one another; those further down the stack are no longer waited for. */
const MOST_WAITING = 16;

export class ComparedParts {
  /** What differs in each, deepest in the stack first; those put together are in one list. */
  private waiting: Compared[][] = [];
  /** The last of them is on top of the stack, or what is there was made from it and a constant. */
  private onTop = false;

  /** The next instruction; `xor` if it is one. */
  step(op: number, xor: Compared | undefined): void {
    if (xor) this.difference(xor);
    else if (OR.has(op) && this.onTop && this.waiting.length > 1) {
      const last = this.waiting.pop()!;
      this.waiting.push([...this.waiting.pop()!, ...last]);
    } else if (TESTS.has(op)) this.tested();
    else if (!MASKS.has(op)) this.onTop = false;
  }

  /** A block begins or ends: what is on the stack is not followed any further. */
  reset(): void {
    this.waiting = [];
    this.onTop = false;
  }

  private difference(xor: Compared): void {
    if (this.onTop && xor.constant) this.waiting.pop();
    this.waiting.push([xor]);
    if (this.waiting.length > MOST_WAITING) this.waiting.shift();
    this.onTop = true;
  }

  private tested(): void {
    const parts = this.onTop ? this.waiting.pop()! : [];
    this.onTop = false;
    if (parts.length < 2) return;
    parts.forEach((part, i) => {
      part.wanted = true;
      part.continues = i > 0;
    });
  }
}
