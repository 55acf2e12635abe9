// libFuzzer's entropic schedule: a unit is worth the more, the more its mutants' features still teach, which is the entropy
// of how often each of the rarest features of the campaign has been met among its own mutants.

/** The part of a unit that the schedule keeps. */
export interface Learner {
  /** Rare features met among its mutants, and how often. */
  readonly met: Map<number, number>;
  /** Over those features: the sum of n * log(n) and of n, each of them met n - 1 times. */
  energy: number;
  incidence: number;
  /** Mutants of it that ran. */
  mutants: number;
}

/** n * log(n) of numbers that come up all the time. */
const TABLE = Float64Array.from({ length: 1024 }, (_, n) => (n === 0 ? 0 : n * Math.log(n)));

function entropyOf(n: number): number {
  return n < TABLE.length ? TABLE[n]! : n * Math.log(n);
}

/** libFuzzer's -entropic_number_of_rarest_features, -entropic_feature_frequency_threshold, and its bound on use. */
const RAREST = 100;
const THRESHOLD = 255;
const MAX_MUTATION_FACTOR = 20;

export class Entropic {
  private readonly frequency: Uint32Array;
  private readonly watch: (feature: number, on: boolean) => void;
  private readonly list: number[] = [];
  private mutants = 0;
  /** Units whose mutants have met a feature: few, where it is rare. */
  private readonly learners = new Map<number, Learner[]>();

  /**
   * `frequency`: how often each feature has been met, kept by somebody else, who is told which are the rarest: of runs
   * that have these `ran` is to hear.
   */
  constructor(frequency: Uint32Array, watch: (feature: number, on: boolean) => void) {
    this.frequency = frequency;
    this.watch = watch;
  }

  /** A feature that nobody had seen. Those that have become common make room for it. */
  discovered(feature: number): void {
    while (this.list.length > RAREST) {
      const common = this.list.reduce((a, b) => (this.frequency[b]! > this.frequency[a]! ? b : a));
      if (this.frequency[common]! <= THRESHOLD) break;
      this.list.splice(this.list.indexOf(common), 1);
      this.watch(common, false);
      for (const unit of this.learners.get(common) ?? []) forget(unit, common);
      this.learners.delete(common);
    }
    this.list.push(feature);
    this.watch(feature, true);
  }

  /** A mutant of this unit ran and had these rare features. */
  ran(unit: Learner, features: readonly number[]): void {
    unit.mutants++;
    this.mutants++;
    for (const feature of features) {
      const times = unit.met.get(feature) ?? 0;
      unit.met.set(feature, times + 1);
      unit.energy += entropyOf(times + 2) - (times > 0 ? entropyOf(times + 1) : 0);
      unit.incidence += times > 0 ? 1 : 2;
      if (times === 0) this.learnt(feature, unit);
    }
  }

  private learnt(feature: number, unit: Learner): void {
    const learners = this.learners.get(feature);
    if (learners) learners.push(unit);
    else this.learners.set(feature, [unit]);
  }

  /** How often to choose the unit; 0 for one that has had far more than its share. */
  weight(unit: Learner, units: number): number {
    if (unit.mutants / MAX_MUTATION_FACTOR > this.mutants / units + 1) return 0;
    const abundant = unit.mutants + 1;
    const unmet = this.list.length - unit.met.size; // each of them counts once
    const sum = unmet + unit.incidence + abundant;
    return Math.log(sum) - (unit.energy + entropyOf(abundant)) / sum;
  }
}

function forget(unit: Learner, feature: number): void {
  const times = unit.met.get(feature)!;
  unit.met.delete(feature);
  unit.energy -= entropyOf(times + 1);
  unit.incidence -= times + 1;
}
