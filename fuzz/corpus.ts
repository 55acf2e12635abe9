// The units worth mutating, and which one is next: those with rare features and little use so far come first.

import { Entropic, type Learner, newLearner } from './entropic.ts';
import type { Features } from './features.ts';
import type { Replacement } from './mutators.ts';
import type { Random } from './random.ts';

export interface Unit extends Learner {
  readonly bytes: Uint8Array;
  /** Features it was added for or has taken over from a longer unit. */
  readonly features: Set<number>;
  /** Whether it is known what the target compares when it runs. */
  compared: boolean;
  /** What that was. */
  compares: readonly Replacement[];
  /** Comparisons that may be of a checksum. */
  checks: ReadonlySet<number>;
  /** Times it was chosen. */
  chosen: number;
  /** Units with something new that were made of it. */
  successes: number;
  /** Name of its file, once it has one. */
  readonly name: string;
  /** True for a unit that no longer is the shortest for anything: kept as a file, not mutated. */
  retired: boolean;
}

const NO_CHECKS: ReadonlySet<number> = new Set();
const NOTHING_MET = new Uint32Array(0);

/** Choices between two computations of the weights. */
const REFRESH = 1024;

export class Corpus {
  readonly units: Unit[] = [];
  private readonly owner = new Map<number, Unit>();
  private readonly names = new Set<string>();
  /** Of the weights of the first units, one after the other, as many as were weighed; with room for more. */
  private sums = new Float64Array(64);
  private weighed = 0;
  private choices = 0;
  private readonly features: Features;
  /** Undefined: units with rare features that have had few turns come first. */
  readonly entropic: Entropic | undefined;

  constructor(features: Features, entropic = false) {
    this.features = features;
    this.entropic = entropic ? new Entropic(features.runs, (feature, on) => features.watch(feature, on)) : undefined;
  }

  /** Units that are not retired, and their bytes. */
  active = 0;
  bytes = 0;
  /** Bytes of the longest ever added. */
  longest = 0;

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** Adds a unit; units that it makes superfluous are retired. */
  add(bytes: Uint8Array, features: readonly number[], name: string): Unit {
    const unit: Unit = {
      ...{ bytes, name, features: new Set(), compared: false, compares: [], checks: NO_CHECKS },
      ...{ chosen: 0, successes: 0, retired: false, ...newLearner() },
    };
    for (const feature of features) {
      const before = this.owner.get(feature);
      if (before && before.bytes.length <= bytes.length) continue;
      this.owner.set(feature, unit);
      unit.features.add(feature);
      before?.features.delete(feature);
      if (before && before.features.size === 0) this.retire(before);
    }
    this.units.push(unit);
    this.active++;
    this.bytes += bytes.length;
    this.longest = Math.max(this.longest, bytes.length);
    this.names.add(name);
    this.choices = REFRESH;
    return unit;
  }

  /** What was learnt about mutating it goes: most units retire, and that is far more than their bytes. */
  private retire(unit: Unit): void {
    if (unit.retired) return;
    unit.retired = true;
    unit.compares = [];
    unit.checks = NO_CHECKS;
    unit.met = NOTHING_MET;
    this.active--;
    this.bytes -= unit.bytes.length;
  }

  /** The next unit to mutate. */
  choose(random: Random): Unit {
    if (++this.choices > REFRESH || this.weighed !== this.units.length) this.weigh();
    const total = this.sums[this.weighed - 1]!;
    const point = (random.below(0x40000000) / 0x40000000) * total;
    let low = 0;
    let high = this.weighed - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sums[middle]! > point) high = middle;
      else low = middle + 1;
    }
    const unit = this.units[low]!;
    unit.chosen++;
    return unit;
  }

  any(random: Random): Unit {
    return this.units[random.below(this.units.length)]!;
  }

  private weigh(): void {
    this.choices = 0;
    this.weighed = this.units.length;
    if (this.sums.length < this.weighed) this.sums = new Float64Array(2 * this.weighed);
    let sum = 0;
    for (let i = 0; i < this.weighed; i++) {
      sum += this.weight(this.units[i]!);
      this.sums[i] = sum;
    }
  }

  private weight(unit: Unit): number {
    if (unit.retired) return 1e-9;
    if (this.entropic) return 1e-9 + this.entropic.weight(unit, this.active);
    let rarity = 0;
    for (const feature of unit.features) rarity += 1 / Math.sqrt(1 + this.features.runs[feature]!);
    return (1e-3 + rarity) / Math.sqrt(1 + unit.chosen);
  }
}
