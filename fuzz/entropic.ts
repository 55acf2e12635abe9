// libFuzzer's entropic schedule: a unit is worth the more, the more its mutants' features still teach, which is the entropy
// of how often each of the rarest features of the campaign has been met among its own mutants. Rare features have slots, so
// that counting is a matter of arrays; the sums over them are kept up to date.

/** The part of a unit that the schedule keeps. */
export interface Learner {
  /** By slot of a rare feature: how often it was met among its mutants. */
  met: Uint32Array;
  /** How many of those are not 0, and the sums over them of n and of n * log(n), each met n - 1 times. */
  known: number;
  incidence: number;
  energy: number;
  /** Mutants of it that ran. */
  mutants: number;
}

/** libFuzzer's -entropic_number_of_rarest_features, -entropic_feature_frequency_threshold, and its bound on use. */
const RAREST = 100;
const THRESHOLD = 255;
const MAX_MUTATION_FACTOR = 20;

/** n * log(n) of numbers that come up all the time, and how much more that is for the next number. */
const TABLE = Float64Array.from({ length: 1 << 14 }, (_, n) => (n === 0 ? 0 : n * Math.log(n)));
const STEP = TABLE.map((energy, n) => (n + 1 < TABLE.length ? TABLE[n + 1]! - energy : 0));

export function newLearner(): Learner {
  return { met: new Uint32Array(0), known: 0, incidence: 0, energy: 0, mutants: 0 };
}

export class Entropic {
  private readonly frequency: Uint32Array;
  private readonly watch: (feature: number, on: boolean) => void;
  /** The rarest features, and the slot of each. */
  private readonly list: number[] = [];
  private readonly slots: Uint32Array;
  private readonly freeSlots: number[] = [];
  private mutants = 0;

  /**
   * `frequency`: how often each feature has been met, kept by somebody else, who is told which are the rarest: of runs
   * that have these `ran` is to hear.
   */
  constructor(frequency: Uint32Array, watch: (feature: number, on: boolean) => void) {
    this.frequency = frequency;
    this.slots = new Uint32Array(frequency.length);
    this.watch = watch;
  }

  /** A feature that nobody had seen. Those that have become common make room for it. */
  discovered(feature: number, units: readonly Learner[]): void {
    while (this.list.length > RAREST) {
      const at = this.mostCommon();
      const common = this.list[at]!;
      if (this.frequency[common]! <= THRESHOLD) break;
      this.list.splice(at, 1);
      this.forget(common, units);
    }
    this.slots[feature] = this.freeSlots.pop() ?? this.list.length;
    this.list.push(feature);
    this.watch(feature, true);
  }

  private mostCommon(): number {
    const { list, frequency } = this;
    let best = 0;
    for (let i = 1; i < list.length; i++) if (frequency[list[i]!]! > frequency[list[best]!]!) best = i;
    return best;
  }

  private forget(feature: number, units: readonly Learner[]): void {
    const slot = this.slots[feature]!;
    this.freeSlots.push(slot);
    this.watch(feature, false);
    for (const unit of units) {
      const times = slot < unit.met.length ? unit.met[slot]! : 0;
      if (times === 0) continue;
      unit.met[slot] = 0;
      unit.known--;
      unit.incidence -= times + 1;
      unit.energy -= entropyOf(times + 1);
    }
  }

  /** A mutant of this unit ran and had these rare features. */
  ran(unit: Learner, features: readonly number[]): void {
    unit.mutants++;
    this.mutants++;
    let { met } = unit;
    let first = 0;
    let energy = 0;
    for (let i = 0; i < features.length; i++) {
      const slot = this.slots[features[i]!]!;
      if (slot >= met.length) met = unit.met = longer(met, slot);
      const times = met[slot]!;
      met[slot] = times + 1;
      if (times === 0) first++;
      energy += times === 0 ? TABLE[2]! : stepFrom(times + 1);
    }
    unit.known += first;
    unit.incidence += features.length + first;
    unit.energy += energy;
  }

  /** How often to choose the unit; 0 for one that has had far more than its share. */
  weight(unit: Learner, units: number): number {
    if (unit.mutants / MAX_MUTATION_FACTOR > this.mutants / units + 1) return 0;
    const abundant = unit.mutants + 1;
    const unmet = this.list.length - unit.known; // each of them counts once
    const sum = unmet + unit.incidence + abundant;
    return Math.log(sum) - (unit.energy + entropyOf(abundant)) / sum;
  }
}

function entropyOf(n: number): number {
  return n < TABLE.length ? TABLE[n]! : n * Math.log(n);
}

/** From n to n + 1. */
function stepFrom(n: number): number {
  return n + 1 < TABLE.length ? STEP[n]! : entropyOf(n + 1) - entropyOf(n);
}

function longer(counts: Uint32Array, slot: number): Uint32Array {
  const out = new Uint32Array(2 * slot + 16);
  out.set(counts);
  return out;
}
