// libFuzzer's entropic schedule: a unit is worth the more, the more its mutants' features still teach, which is the entropy
// of how often each of the rarest features of the campaign has been met among its own mutants.

/** The part of a unit that the schedule keeps. */
export interface Learner {
  /** Rare features met among its mutants, and how often. */
  readonly met: Map<number, number>;
  /** Mutants of it that ran. */
  mutants: number;
}

/** libFuzzer's -entropic_number_of_rarest_features, -entropic_feature_frequency_threshold, and its bound on use. */
const RAREST = 100;
const THRESHOLD = 255;
const MAX_MUTATION_FACTOR = 20;

export class Entropic {
  /** 1 for each feature that is one of the rarest. */
  readonly rare: Uint8Array;
  private readonly frequency: Uint32Array;
  private readonly list: number[] = [];
  private mutants = 0;

  /** `frequency`: how often each feature has been met, kept by somebody else. */
  constructor(frequency: Uint32Array) {
    this.frequency = frequency;
    this.rare = new Uint8Array(frequency.length);
  }

  /** A feature that nobody had seen. Those that have become common make room for it. */
  discovered(feature: number, units: readonly Learner[]): void {
    while (this.list.length > RAREST) {
      const common = this.list.reduce((a, b) => (this.frequency[b]! > this.frequency[a]! ? b : a));
      if (this.frequency[common]! <= THRESHOLD) break;
      this.list.splice(this.list.indexOf(common), 1);
      this.rare[common] = 0;
      for (const { met } of units) met.delete(common);
    }
    this.list.push(feature);
    this.rare[feature] = 1;
  }

  /** A mutant of this unit ran and had these rare features. */
  ran(unit: Learner, features: readonly number[]): void {
    unit.mutants++;
    this.mutants++;
    for (const feature of features) unit.met.set(feature, (unit.met.get(feature) ?? 0) + 1);
  }

  /** How often to choose the unit; 0 for one that has had far more than its share. */
  weight(unit: Learner, units: number): number {
    if (unit.mutants / MAX_MUTATION_FACTOR > this.mutants / units + 1) return 0;
    let energy = 0;
    let sum = this.list.length - unit.met.size; // each that was not met counts once
    for (const times of unit.met.values()) {
      energy -= (times + 1) * Math.log(times + 1);
      sum += times + 1;
    }
    const abundant = unit.mutants + 1;
    energy -= abundant * Math.log(abundant);
    sum += abundant;
    return energy / sum + Math.log(sum);
  }
}
