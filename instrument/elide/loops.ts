// Loops whose accesses walk memory at a constant stride: the bytes of all rounds are looked at once, in front of the loop,
// and if all of them are valid a copy of the loop without those checks runs. Otherwise the checked loop runs, and reports
// exactly what it would have reported anyway; so nothing needs to be known about which accesses really happen.
//
//     rounds = number of rounds, from the counter, its step and the bound it is compared with
//     if (every span [base + from, base + to) over rounds * stride is valid)   loop ... end     without checks
//     else                                                                    loop ... end     with checks
//
// Only innermost loops with one back edge, at their end, and no other way out.

import type { Expression, LoopSpan, VersionedLoop } from '../plan.ts';
import { OP } from '../wasm/opcodes.ts';
import type { ValueTable } from './value-table.ts';
import { PLUS, ZERO } from './value-table.ts';

/** How `rounds` is computed: continue while counter <test> bound. The runtime's check_rounds knows these. */
export const LOOP_TEST = { NE: 0, LT_U: 1, LT_S: 2, LE_U: 3, LE_S: 4, GT_U: 5, GT_S: 6, GE_U: 7, GE_S: 8 } as const;

/** Longer strides would look at much shadow for few accesses. */
const MAX_STRIDE = 64;
const MAX_DISTANCE = 2 ** 30;
const MAX_DEPTH = 6;
const MAX_SPANS = 8;
/** The body of a loop is copied: not more than this many bytes of it. */
const MAX_BODY = 1500;

export interface Candidate {
  readonly base: number;
  readonly from: number;
  readonly to: number;
  readonly reach: number;
  readonly write: boolean;
  /** Number of the access in its function. */
  readonly access: number;
}

/** The loop being analysed, from its head to its back edge. */
export class LoopWatch {
  private readonly values: ValueTable;
  /** File offset of the loop instruction and the one just past its `end`. */
  private start = 0;
  private scope = -1;
  private end = 0;
  /** Numbers below are values from before the loop; [first, last) are those of the locals the loop sets, at its head. */
  private first = 0;
  private last = 0;
  private readonly headLocals: number[] = [];
  /** Value of each local before the loop. */
  private before: Int32Array = new Int32Array(0);
  private stackAtEntry = 0;
  private firstAccess = 0;
  private steps: (number | undefined)[] = [];
  private readonly candidates: Candidate[] = [];
  active = false;

  constructor(values: ValueTable) {
    this.values = values;
  }

  /** Enters a loop. `before` are the locals' values in front of it; the head's numbers come by `head`. */
  open(start: number, end: number, scope: number, before: Int32Array, stackAtEntry: number, nextAccess: number): void {
    this.active = end - start <= MAX_BODY;
    if (!this.active) return;
    this.start = start;
    this.scope = scope;
    this.end = end;
    this.before = before.slice();
    this.stackAtEntry = stackAtEntry;
    this.firstAccess = nextAccess;
    this.first = this.values.count;
    this.last = this.first;
    this.headLocals.length = 0;
    this.candidates.length = 0;
  }

  /** The next number given to a local at the loop's head. */
  head(local: number): void {
    this.headLocals.push(local);
    this.last = this.values.count;
  }

  /** Whether a block that begins at this offset lies inside the loop (the loop itself does not). */
  contains(at: number): boolean {
    return at > this.start && at < this.end;
  }

  access(candidate: Candidate): void {
    const { from, to } = candidate;
    if (Math.abs(from) < MAX_DISTANCE && Math.abs(to) < MAX_DISTANCE) this.candidates.push(candidate);
  }

  /** The back edge, `br_if` on `condition`: the loop if it can be versioned. */
  close(condition: number, locals: Int32Array): { loop: VersionedLoop; accesses: number[]; first: number } | undefined {
    this.active = false;
    if (this.candidates.length === 0) return undefined;
    const { base, off } = this.values;
    this.steps = this.headLocals.map((local, i) => {
      const now = locals[local]!;
      return base[now] === this.first + i ? off[now]! : undefined;
    });
    const rounds = this.rounds(condition);
    if (!rounds) return undefined;
    const spans: (LoopSpan & { readonly base: number })[] = [];
    const accesses: number[] = [];
    for (const c of this.candidates) if (this.addSpan(c, spans)) accesses.push(c.access);
    if (accesses.length === 0) return undefined;
    return {
      loop: { at: this.start, end: this.end, scope: this.scope, ...rounds, spans },
      accesses,
      first: this.firstAccess,
    };
  }

  // ------------------------------------------------------------------------------------------------- rounds

  private rounds(condition: number): Pick<VersionedLoop, 'test' | 'tested' | 'bound' | 'step'> | undefined {
    const { op, a, b, base } = this.values;
    let negated = false;
    let v = condition;
    while (op[v] === OP.I32_EQZ && base[v] === v) {
      negated = !negated;
      v = a[v]!;
    }
    const isComparison = base[v] === v && op[v]! >= OP.I32_EQ && op[v]! <= OP.I32_GE_U;
    if (!isComparison) return negated ? undefined : this.compared(LOOP_TEST.NE, v, ZERO);
    const test = (negated ? WHEN_FALSE : WHEN_TRUE)[op[v]! - OP.I32_EQ];
    if (test === undefined) return undefined;
    return this.compared(test, a[v]!, b[v]!) ?? this.compared(MIRRORED[test]!, b[v]!, a[v]!);
  }

  private compared(test: number, counter: number, bound: number) {
    const step = this.steps[this.values.base[counter]! - this.first];
    if (!step || Math.abs(step) > 4096) return undefined;
    const rises = test >= LOOP_TEST.LT_U && test <= LOOP_TEST.LE_S;
    if (test !== LOOP_TEST.NE && rises !== step > 0) return undefined;
    if (this.stride(bound, 0) !== 0) return undefined;
    const tested = this.express(counter, 0);
    const limit = this.express(bound, 0);
    return tested && limit ? { test, tested, bound: limit, step } : undefined;
  }

  // ------------------------------------------------------------------------------------------------- addresses

  private addSpan(c: Candidate, spans: (LoopSpan & { readonly base: number })[]): boolean {
    const { base, from, to, reach, write } = c;
    const i = spans.findIndex((s) => s.base === base);
    if (i >= 0) {
      const s = spans[i]!;
      spans[i] = {
        ...s,
        from: Math.min(s.from, from),
        to: Math.max(s.to, to),
        reach: Math.max(s.reach, reach),
        write: s.write || write,
      };
      return true;
    }
    const stride = this.stride(base, 0);
    if (stride === undefined || Math.abs(stride) > MAX_STRIDE || spans.length === MAX_SPANS) return false;
    const address = this.express(base, 0);
    if (!address) return false;
    spans.push({ base, address, from, to, stride, reach, write });
    return true;
  }

  /** By how much a value grows from round to round (modulo 2^32), if that is a constant. */
  private stride(v: number, depth: number): number | undefined {
    const { op, a, b, base, off } = this.values;
    if (v < this.first || base[v] === ZERO) return 0;
    if (v < this.last) return this.steps[v - this.first];
    if (depth > MAX_DEPTH) return undefined;
    if (op[v] === PLUS) return this.stride(a[v]!, depth + 1);
    if (op[v] !== OP.I32_ADD && op[v] !== OP.I32_SUB && op[v] !== OP.I32_SHL && op[v] !== OP.I32_MUL) return undefined;
    const x = this.stride(a[v]!, depth + 1);
    const y = this.stride(b[v]!, depth + 1);
    if (x === undefined || y === undefined) return undefined;
    if (op[v] === OP.I32_ADD) return (x + y) | 0;
    if (op[v] === OP.I32_SUB) return (x - y) | 0;
    if (base[b[v]!] !== ZERO) return x === 0 && y === 0 ? 0 : undefined;
    const factor = off[b[v]!]!;
    return op[v] === OP.I32_SHL ? x << factor : Math.imul(x, factor);
  }

  /** A value at the loop's first round, from what the locals hold in front of it. */
  private express(v: number, depth: number): Expression | undefined {
    const { op, a, b, base, off } = this.values;
    if (base[v] === ZERO) return { op: OP.I32_CONST, value: off[v]! };
    if (v === this.stackAtEntry) return this.endOfFrame();
    const isHead = v >= this.first && v < this.last;
    const local = isHead ? this.headLocals[v - this.first]! : this.before.indexOf(v);
    if (local >= 0 && local < this.before.length) return { op: OP.LOCAL_GET, value: local };
    if (depth > MAX_DEPTH) return undefined;
    const isSum = op[v] === PLUS;
    if (!isSum && (op[v]! < OP.I32_ADD || op[v]! > OP.I32_SHR_U || DIVIDES.has(op[v]!))) return undefined;
    const x = this.express(a[v]!, depth + 1);
    const y = isSum ? { op: OP.I32_CONST, value: b[v]! } : this.express(b[v]!, depth + 1);
    return x && y ? { op: isSum ? OP.I32_ADD : op[v]!, value: 0, left: x, right: y } : undefined;
  }

  /**
   * Where the function believes its frame to end. The frame may have grown by redzones, so that this is no longer where the
   * stack pointer was at entry: it must be told from a local that points into the frame.
   */
  private endOfFrame(): Expression | undefined {
    const { base, off } = this.values;
    const local = this.before.findIndex((v) => base[v] === this.stackAtEntry && off[v]! < 0);
    if (local < 0) return undefined;
    const left = { op: OP.LOCAL_GET, value: local };
    return { op: OP.I32_ADD, value: 0, left, right: { op: OP.I32_CONST, value: -off[this.before[local]!]! } };
  }
}

/** i32.div and i32.rem trap. */
const DIVIDES: ReadonlySet<number> = new Set([0x6d, 0x6e, 0x6f, 0x70]);

const { NE, LT_U, LT_S, LE_U, LE_S, GT_U, GT_S, GE_U, GE_S } = LOOP_TEST;
/** The loop goes on while a comparison holds, or while it does not: by opcode from i32.eq on. */
const WHEN_TRUE = [undefined, NE, LT_S, LT_U, GT_S, GT_U, LE_S, LE_U, GE_S, GE_U];
const WHEN_FALSE = [NE, undefined, GE_S, GE_U, LE_S, LE_U, GT_S, GT_U, LT_S, LT_U];
/** The same comparison with its operands exchanged. */
const MIRRORED = [NE, GT_U, GT_S, GE_U, GE_S, LT_U, LT_S, LE_U, LE_S];
