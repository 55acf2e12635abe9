// The loop: choose a unit, mutate it, run it, keep what is new, tell what is wrong. Knows nothing of files, modules or
// terminals: those are the executor's and the observer's business.

import { checks, repairs, replacements, words } from './compares.ts';
import { Corpus, type Unit } from './corpus.ts';
import type { Executor } from './executor.ts';
import { Features } from './features.ts';
import type { Finding, FindingKind } from './finding.ts';
import type { Hits } from './hits.ts';
import { type LearntWord, LearntWords, Yield } from './learning.ts';
import { find, type Materials, mutateOnce, printable, type Replacement, splice } from './mutators.ts';
import type { Random } from './random.ts';
import { copyInto, Room, roomFor } from './room.ts';

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
/** Inputs tried because of what one unit's run compared. */
const MAX_REPLACED = 384;
const MIN_REPLACED = 24;
const MAX_PLACES = 6;
/** libFuzzer's. */
const LENGTH_CONTROL = 100;
const FIRST_LENGTH = 4;
/** Bytes of a unit that are swept, 8 runs for each and 255 if those lead nowhere; and what they are combined with. */
const MAX_SWEPT = 16;
const BITS = Array.from({ length: 8 }, (_, i) => 1 << i);
const BYTES = Array.from({ length: 255 }, (_, i) => i + 1);
const MAX_REPAIRS = 8;
/** One in so many mutations of a unit that passes a checksum is repaired, as long as that pays; then one in so many. */
const REPAIR_ODDS = 8;
const VAIN_REPAIR_ODDS = 512;
/** Repairs without anything new after which they do not pay. */
const VAIN_REPAIRS = 200;
/** One in so many mutations is the target's own crossing over, where it has no mutator besides. */
const CROSS_ODDS = 8;
const MAX_WORDS = 4096;
/** Runs between two questions whether to stop, and milliseconds of runs: a few that hang take longer than many others. */
const STOP_INTERVAL = 64;
const STOP_MS = 50;

export class Campaign {
  readonly features: Features;
  readonly corpus: Corpus;
  runs = 0;
  duplicates = 0;
  /** The first finding of each bug. */
  readonly findings: { readonly finding: Finding; readonly input: Uint8Array }[] = [];
  private readonly options: CampaignOptions;
  private readonly keys = new Set<string>();
  private readonly dictionary: Uint8Array[];
  private readonly dictionaryKeys = new Set<string>();
  private readonly learnt = new LearntWords();
  /** Words put into the input that runs now. */
  private readonly used: Uint8Array[] = [];
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
  private readonly room = new Room();
  /** Rare features of the last run. */
  private readonly met: number[] = [];
  /** By comparison: how far its operands were apart at best. */
  private readonly closest = new Map<number, number>();
  /** Units that came closer. */
  private approaches = 0;
  private readonly replacing = new Yield();
  private readonly mutating = new Yield();
  /** Repairs since the last one that led to something new. */
  private vainRepairs = 0;

  constructor(options: CampaignOptions) {
    this.options = options;
    this.features = new Features(options.executor.counters, options.executor.edges, options.reduce !== false);
    this.corpus = new Corpus(this.features, options.entropic !== false);
    this.dictionary = [...options.dictionary];
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
      this.tryReplacements(unit);
      yield undefined;
    }
  }

  /** One unit, mutated a few times in a row. */
  step(): void {
    const { random, mutateDepth = MUTATE_DEPTH, crossOver } = this.options;
    const unit = this.corpus.choose(random);
    if (!unit.compared && this.options.useCompares !== false) this.noteCompares(unit);
    const materials: Materials = {
      maxLength: this.lengthLimit(unit),
      dictionary: this.dictionary,
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
      if (unit.checks.size > 0 && random.below(this.repairOdds) === 0) this.repair(bytes, unit);
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
    const closer = added > 0 && this.noteDistances();
    this.lastGrowth = this.runs;
    const unit = this.corpus.add(bytes.slice(), features, name);
    if (added > 0) {
      if (parent) parent.successes++;
      this.learnt.note(this.used.splice(0));
    }
    observer.onUnit?.(unit, seed ? 'INITED' : added > 0 ? 'NEW' : 'REDUCE');
    if (added > 0 && this.options.useCompares !== false) {
      this.noteCompares(unit);
      if (!seed) this.tryReplacements(unit);
    }
    if (closer && !seed) this.comeCloser(unit);
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

  // ------------------------------------------------------------------------------------------------- comparisons

  /** Of a run of the unit: at once if it is new, else when it is first chosen, for many are retired before that. */
  private noteCompares(unit: Unit): void {
    const compares = this.options.executor.compares(unit.bytes);
    unit.compared = true;
    unit.compares = replacements(compares, unit.bytes);
    unit.checks = checks(compares);
    for (const word of words(compares)) this.addWord(word);
  }

  /** Tries to give the target what it looked for, where the input shows what it saw. */
  private tryReplacements(unit: Unit): void {
    let budget = this.replacing.rate < this.mutating.rate ? MIN_REPLACED : MAX_REPLACED;
    this.sequence.splice(0, this.sequence.length, 'CMP');
    for (const replacement of unit.compares) {
      for (const candidate of this.candidates(unit.bytes, replacement)) {
        if (budget-- <= 0 || this.done()) return;
        this.used.splice(0, this.used.length, replacement.to);
        const worth = this.attempt(candidate, unit);
        this.replacing.note(worth);
        if (!worth && unit.checks.size > 0 && this.repairsPay) this.repair(candidate, unit);
      }
    }
  }

  /** Whether the last run brought the operands of a comparison closer to each other than any before. */
  private noteDistances(): boolean {
    let closer = false;
    for (const [id, distance] of this.options.executor.distances?.() ?? []) {
      if (distance >= (this.closest.get(id) ?? Number.POSITIVE_INFINITY)) continue;
      this.closest.set(id, distance);
      closer = true;
    }
    return closer;
  }

  /**
   * A unit came closer than any before: tries every bit of it, and if none leads on, every value of each byte. What does lead
   * on is another such unit, which goes on from there.
   */
  private comeCloser(unit: Unit): void {
    if (this.options.onlyAscii) return;
    const size = Math.min(unit.bytes.length, MAX_SWEPT);
    const before = ++this.approaches;
    for (const patterns of [BITS, BYTES]) {
      for (let i = 0; i < size * patterns.length; i++) {
        if (this.done()) return;
        const at = Math.floor(i / patterns.length);
        const candidate = splice(unit.bytes, 0, 0, NO_BYTES, this.room);
        candidate[at]! ^= patterns[i % patterns.length]!;
        this.sequence.splice(0, this.sequence.length, 'Sweep'); // each time: what a new unit leads to has names of its own
        this.used.length = 0;
        if (this.attempt(candidate, unit) && this.approaches > before) return;
      }
    }
  }

  private get repairsPay(): boolean {
    return this.vainRepairs < VAIN_REPAIRS;
  }

  private get repairOdds(): number {
    return this.repairsPay ? REPAIR_ODDS : VAIN_REPAIR_ODDS;
  }

  /**
   * A mutated input fails at a checksum that its parent passed: puts in what the target computed, until that leads to
   * something new (which may have taken the room that the input lies in).
   */
  private repair(bytes: Uint8Array, unit: Unit): void {
    this.vainRepairs++;
    for (const replacement of repairs(this.options.executor.compares(bytes), bytes, unit.checks).slice(
      0,
      MAX_REPAIRS,
    )) {
      const candidate = this.candidates(bytes, replacement).next().value;
      if (!candidate) continue;
      if (this.done()) return;
      if (!this.attempt(candidate, unit)) continue;
      this.vainRepairs = 0;
      return;
    }
  }

  /**
   * The input with each place of `from` replaced; a number that is the input's length asks for another length. Each is
   * there until the next one is asked for.
   */
  private *candidates(bytes: Uint8Array, { from, to }: Replacement): Generator<Uint8Array, undefined> {
    const { maxLength, onlyAscii } = this.options;
    const shown = (candidate: Uint8Array) => (onlyAscii ? printable(candidate) : candidate);
    const fits = bytes.length - from.length + to.length <= maxLength;
    for (let at = 0, places = 0; fits && places < MAX_PLACES; places++) {
      at = find(bytes, from, at);
      if (at < 0) break;
      yield shown(splice(bytes, at, from.length, to, this.room));
      at++;
    }
    const wanted = smallNumber(to);
    if (smallNumber(from) !== bytes.length || wanted === undefined || wanted > maxLength) return undefined;
    const resized = roomFor(wanted, bytes, this.room).fill(0);
    copyInto(resized, 0, bytes, 0, Math.min(wanted, bytes.length));
    yield shown(resized);
  }

  private addWord(word: Uint8Array): void {
    const key = word.join();
    if (this.dictionary.length >= MAX_WORDS || this.dictionaryKeys.has(key)) return;
    this.dictionaryKeys.add(key);
    this.dictionary.push(word);
  }
}

/** The value of 4 or 8 bytes, little-endian, if it could be a length. */
function smallNumber(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 4 && bytes.length !== 8) return undefined;
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
  return value <= 1 << 20 ? value : undefined;
}
