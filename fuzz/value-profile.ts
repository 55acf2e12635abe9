// -use_value_profile: how close the operands of a comparison came to each other is feedback, and which functions were called
// through the table, as in libFuzzer. Every run is one of the build that logs comparisons; each pair of comparison and closeness
// is one more counter behind those of the edges.

import { COMPARE_FLAG } from '../instrument/coverage-flags.ts';
import type { Compare } from './compares.ts';
import type { CustomMutators, Executor, ModuleExecutor } from './executor.ts';
import type { Finding } from './finding.ts';
import { HitList, type Hits } from './hits.ts';

/** Counters for closeness; comparisons share them where there are too many. */
const SLOTS = 1 << 16;
/** Of numbers: different bits, then the length of the difference; of bytes: the first that differs, and in how many bits. */
const BITS = 65;
const BYTES = 65;
const KINDS = 2 * BITS + 9 * BYTES;

export class ValueProfileExecutor implements Executor {
  readonly counters: number;
  readonly edges: number;
  readonly custom: CustomMutators | undefined;
  private readonly target: ModuleExecutor;
  private readonly all: HitList;

  constructor(target: ModuleExecutor) {
    this.target = target;
    this.custom = target.custom;
    this.edges = target.edges;
    this.counters = target.counters + SLOTS;
    this.all = new HitList(this.counters);
  }

  run(input: Uint8Array): Finding | undefined {
    this.target.forgetCompares();
    return this.target.run(input);
  }

  hits(): Hits {
    this.all.clear();
    this.all.append(this.target.hits());
    const slots = new Set<number>();
    for (const compare of this.target.lastCompares())
      for (const kind of closeness(compare)) slots.add((compare.id * KINDS + kind) % SLOTS);
    for (const slot of [...slots].sort((a, b) => a - b)) this.all.add(this.target.counters + slot, 1);
    return this.all;
  }

  /** By comparison: bits that differ. */
  distances(): ReadonlyMap<number, number> {
    const least = new Map<number, number>();
    for (const { id, flags, left, right } of this.target.lastCompares()) {
      if (flags & COMPARE_FLAG.CALL) continue;
      const bits = differentBits(left, right);
      if (bits < (least.get(id) ?? Number.POSITIVE_INFINITY)) least.set(id, bits);
    }
    return least;
  }

  prepare(): void {
    this.target.prepare();
  }

  compares(input: Uint8Array): Compare[] {
    return this.target.compares(input);
  }

  placeOf(counter: number) {
    return counter < this.edges ? this.target.placeOf(counter) : undefined;
  }

  isEntry(counter: number): boolean {
    return this.target.isEntry(counter);
  }
}

function closeness({ flags, left, right }: Compare): number[] {
  if (flags & COMPARE_FLAG.CALL) return [(left[0]! | (left[1]! << 8)) % KINDS];
  if (flags & (COMPARE_FLAG.STRING | COMPARE_FLAG.MEMORY)) {
    const at = left.findIndex((byte, i) => byte !== right[i]);
    if (at < 0) return [2 * BITS + 9 * Math.min(left.length, BYTES - 1)];
    return [2 * BITS + 9 * at + differentBits(left.subarray(at, at + 1), right.subarray(at, at + 1))];
  }
  return [differentBits(left, right), BITS + differenceLength(left, right)];
}

function differentBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) for (let x = a[i]! ^ b[i]!; x !== 0; x &= x - 1) bits++;
  return bits;
}

/** Bits of |a - b|, in the operands' own width. */
function differenceLength(a: Uint8Array, b: Uint8Array): number {
  const number = (bytes: Uint8Array) => bytes.reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0);
  const difference = Math.abs(number(a) - number(b));
  return difference === 0 ? 0 : Math.min(BITS - 1, 1 + Math.floor(Math.log2(difference)));
}
