// The loop: choose a unit, mutate it, run it, keep what is new, tell what is wrong. Knows nothing of files, modules or
// terminals: those are the executor's and the observer's business.

import { Corpus, type Unit } from './corpus.ts';
import type { Executor } from './executor.ts';
import { Features } from './features.ts';
import type { Finding, FindingKind } from './finding.ts';
import { type Attempts, Guesses } from './guesses.ts';
import type { Hits } from './hits.ts';
import { type LearntWord, LearntWords, Yield } from './learning.ts';
import { type Materials, mutateOnce } from './mutators.ts';
import type { Random } from './random.ts';
import { Room } from './room.ts';

export interface CampaignOptions {
  readonly executor: Executor;
  readonly random: Random;
  /** Name of an input: its SHA-1, as libFuzzer names files. */
  readonly nameOf: (bytes: Uint8Array) => string;
  readonly observer: Observer;
  /** Runs in all; -1 for no limit. */
  readonly runs: number;
  readonly maxLength: number;
  readonly dictionary: readonly Uint8Array[];
  /** Looks at comparisons. Default true. */
  readonly useCompares?: boolean;
  /** Replaces units by shorter ones with the same features. Default true. */
  readonly reduce?: boolean;
  /** Goes on after a finding. */
  readonly ignoreCrashes: boolean;
  /** After one of these alone: -ignore_timeouts, -ignore_ooms. */
  readonly ignoreKinds?: ReadonlySet<FindingKind>;
  /**
   * How slowly the longest mutation grows to maxLength; 0: it may be as long from the start. Default 100, and 0
   * with a target's own mutator, as in libFuzzer.
   */
  readonly lengthControl?: number;
  readonly onlyAscii?: boolean;
  /** Mutations in a row, each of which runs. Default 5. */
  readonly mutateDepth?: number;
  /** Whether mutations take from other units. Default true. */
  readonly crossOver?: boolean;
  /** libFuzzer's entropic schedule. Default true. */
  readonly entropic?: boolean;
  /** Seeds run shortest first. Default true. */
  readonly sortSeeds?: boolean;
  /** Asked now and then: true ends the campaign. */
  readonly shouldStop: () => boolean;
}

export interface Observer {
  /** A bug that was not seen before. Called before anything else happens. */
  onFinding?(finding: Finding, input: Uint8Array): void;
  /** A unit joined the corpus. */
  onUnit?(unit: Unit, what: 'NEW' | 'REDUCE' | 'INITED'): void;
  onEvent?(what: string): void;
}

export interface Totals {
  readonly runs: number;
  readonly edges: number;
  readonly features: number;
  readonly units: number;
  readonly bytes: number;
  readonly findings: number;
  readonly duplicates: number;
}

/** libFuzzer's. */
const MUTATE_DEPTH = 5;
const NO_BYTES = new Uint8Array(0);
/** libFuzzer's. */
const LENGTH_CONTROL = 100;
const FIRST_LENGTH = 4;
/** One in so many mutations is the target's own crossing over, where it has no mutator besides. */
const CROSS_ODDS = 8;
/** Runs between two questions whether to stop, and milliseconds of runs: a few that hang take longer than many others. */
const STOP_INTERVAL = 64;
const STOP_MS = 50;

export class Campaign implements Attempts {
  readonly features: Features;
  readonly corpus: Corpus;
  runs = 0;
  duplicates = 0;
  /** The first finding of each bug. */
  readonly findings: { readonly finding: Finding; readonly input: Uint8Array }[] = [];
  private readonly options: CampaignOptions;
  private readonly keys = new Set<string>();
  private readonly learnt = new LearntWords();
  /** Words put into the input that runs now. */
  readonly used: Uint8Array[] = [];
  /** The unit that the input that runs now was made of. */
  base: Unit | undefined;
  /** Mutators that led from a unit of the corpus to the input that runs now. */
  readonly sequence: string[] = [];
  /** Bytes that mutations may have now. */
  limit = 0;
  /** Bytes that mutations may have by now if the unit is shorter, and the run that last changed that or found something. */
  private grown = FIRST_LENGTH;
  private lastGrowth = 0;
  /** Milliseconds that the slowest run took. */
  slowest = 0;
  /** Milliseconds that runs have taken since somebody was asked whether to stop. */
  private unasked = 0;
  private ended = false;
  /** Of inputs made here, until it is clear that they are worth keeping. */
  readonly room = new Room();
  /** Rare features of the last run. */
  private readonly met: number[] = [];
  readonly mutating = new Yield();
  private readonly guesses: Guesses;

  constructor(options: CampaignOptions) {
    this.options = options;
    this.features = new Features(options.executor.counters, options.executor.edges, options.reduce !== false);
    this.corpus = new Corpus(this.features, options.entropic !== false);
    this.guesses = new Guesses(options, this);
  }

  get maxLength(): number {
    return this.options.maxLength;
  }

  /** Bytes of the longest unit. */
  get longest(): number {
    return this.corpus.longest;
  }

  get totals(): Totals {
    return {
      runs: this.runs,
      edges: this.features.edges,
      features: this.features.count,
      units: this.corpus.active,
      bytes: this.corpus.bytes,
      findings: this.findings.length,
      duplicates: this.duplicates,
    };
  }

  /** Runs the seeds, shortest first, and then mutates until told to stop. */
  run(seeds: readonly Uint8Array[]): void {
    this.start(seeds);
    while (!this.done()) this.step();
    this.options.observer.onEvent?.('DONE');
  }

  /** The empty input and the seeds. */
  start(seeds: readonly Uint8Array[]): void {
    for (const _ of this.starting(seeds));
  }

  /** The same, with a pause after each of them. */
  *starting(seeds: readonly Uint8Array[]): Generator<undefined> {
    const ordered = this.options.sortSeeds === false ? seeds : [...seeds].sort((a, b) => a.length - b.length);
    for (const seed of [new Uint8Array(0), ...ordered]) {
      if (this.done()) return;
      this.attempt(seed.subarray(0, this.options.maxLength), undefined, true);
      yield undefined;
    }
    this.grown = Math.max(FIRST_LENGTH, this.corpus.longest);
    if (this.corpus.units.length === 0) this.corpus.add(new Uint8Array(0), [], this.options.nameOf(new Uint8Array(0)));
    this.options.observer.onEvent?.('INITED');
    // Not before all seeds have run: what one of them compares may be worth more tries than there are runs.
    for (const unit of this.corpus.units.slice()) {
      this.guesses.tryReplacements(unit);
      yield undefined;
    }
  }

  /** One unit, mutated a few times in a row. */
  step(): void {
    const { random, mutateDepth = MUTATE_DEPTH, crossOver } = this.options;
    const unit = this.corpus.choose(random);
    if (!unit.compared && this.options.useCompares !== false) this.guesses.noteCompares(unit);
    const materials: Materials = {
      maxLength: this.lengthLimit(unit),
      dictionary: this.guesses.dictionary,
      compares: unit.compares,
      other: crossOver === false ? NO_BYTES : this.corpus.any(random).bytes,
      ...(this.options.onlyAscii && { onlyAscii: true }),
      proven: this.learnt.words,
      applied: this.sequence,
      used: this.used,
      room: this.room,
    };
    this.sequence.length = 0;
    this.used.length = 0;
    this.limit = materials.maxLength;
    let bytes = unit.bytes;
    for (let depth = 0; depth < mutateDepth && !this.done(); depth++) {
      const mutated = this.mutate(bytes, materials);
      if (!mutated) return;
      bytes = mutated;
      const worth = this.attempt(bytes, unit);
      this.mutating.note(worth);
      if (worth) return;
      if (unit.checks.size > 0 && random.below(this.guesses.repairOdds) === 0) this.guesses.repair(bytes, unit);
    }
  }

  /** The target's own mutators take the place of ours, which they may call. Undefined if the target's ended in a finding. */
  private mutate(bytes: Uint8Array, materials: Materials): Uint8Array | undefined {
    const { random, executor } = this.options;
    const { mutate, crossOver, provide } = executor.custom ?? {};
    const crosses = crossOver && this.options.crossOver !== false && random.below(mutate ? 2 : CROSS_ODDS) === 0;
    if (!crosses && !mutate) return mutateOnce(bytes, random, materials);
    provide!((inner, maxLength) => mutateOnce(inner, random, { ...materials, maxLength }));
    const seed = random.below(2 ** 32);
    const made = crosses
      ? crossOver(bytes, materials.other, materials.maxLength, seed)
      : mutate!(bytes, materials.maxLength, seed);
    if ('bytes' in made) return made.bytes;
    this.found(made.finding, bytes);
    return undefined;
  }

  /** Lengths grow only when short inputs lead to nothing new any more: they run faster and are easier to read. */
  private lengthLimit(unit: Unit): number {
    const { maxLength, executor } = this.options;
    const { lengthControl = executor.custom?.mutate ? 0 : LENGTH_CONTROL } = this.options;
    if (lengthControl === 0) return maxLength;
    const step = Math.floor(Math.log2(this.grown));
    if (this.runs - this.lastGrowth > lengthControl * step) {
      this.grown = Math.min(maxLength, this.grown + step);
      this.lastGrowth = this.runs;
    }
    return Math.min(maxLength, Math.max(unit.bytes.length, this.grown));
  }

  done(): boolean {
    const { runs, shouldStop } = this.options;
    if (this.ended || (runs >= 0 && this.runs >= runs)) return true;
    if (this.runs % STOP_INTERVAL !== 0 && this.unasked < STOP_MS) return false;
    this.unasked = 0;
    this.ended = shouldStop();
    return this.ended;
  }

  /** Runs an input and keeps it if it is worth it. True if it was. */
  attempt(bytes: Uint8Array, parent?: Unit, seed = false): boolean {
    const { executor, observer } = this.options;
    this.runs++;
    this.base = parent;
    const started = performance.now();
    const finding = executor.run(bytes);
    const took = performance.now() - started;
    this.unasked += took;
    if (took > this.slowest) this.slowest = took;
    const hits = executor.hits();
    if (finding) {
      this.found(finding, bytes);
      return false;
    }
    if (!this.note(hits, bytes.length, parent)) return false;
    const features = this.features.list(hits);
    const name = this.options.nameOf(bytes);
    if (this.corpus.has(name)) return false;
    const { entropic } = this.corpus;
    if (entropic)
      for (const feature of features) if (this.features.isNew(feature)) entropic.discovered(feature, this.corpus.units);
    const added = this.features.add(features, bytes.length);
    const closer = added > 0 && this.guesses.noteDistances();
    this.lastGrowth = this.runs;
    const unit = this.corpus.add(bytes.slice(), features, name);
    if (added > 0) {
      if (parent) parent.successes++;
      this.learnt.note(this.used.splice(0));
    }
    observer.onUnit?.(unit, seed ? 'INITED' : added > 0 ? 'NEW' : 'REDUCE');
    if (added > 0 && this.options.useCompares !== false) {
      this.guesses.noteCompares(unit);
      if (!seed) this.guesses.tryReplacements(unit);
    }
    if (closer && !seed) this.guesses.comeCloser(unit);
    return added > 0;
  }

  /** Whether the run had something new; what it had counts for the schedule. */
  private note(hits: Hits, length: number, parent: Unit | undefined): boolean {
    this.met.length = 0;
    const interesting = this.features.note(hits, length, this.met);
    if (parent) this.corpus.entropic?.ran(parent, this.met);
    return interesting;
  }

  /** Words to give to the next campaign. */
  get recommended(): readonly LearntWord[] {
    return this.learnt.without(this.options.dictionary);
  }

  private found(finding: Finding, bytes: Uint8Array): void {
    if (this.keys.has(finding.key)) {
      this.duplicates++;
      return;
    }
    this.keys.add(finding.key);
    const input = bytes.slice();
    this.findings.push({ finding, input });
    this.options.observer.onFinding?.(finding, input);
    if (!this.options.ignoreCrashes && !this.options.ignoreKinds?.has(finding.kind)) this.ended = true;
  }
}
