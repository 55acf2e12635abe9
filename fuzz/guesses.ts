// Inputs that comparisons suggest: what the target looked for in the place of what it saw, what it computed where it expected a
// checksum, and each bit of a unit that brought the operands of a comparison closer to each other.

import type { CampaignOptions } from './campaign.ts';
import { checks, repairs, replacements, words } from './compares.ts';
import type { Unit } from './corpus.ts';
import { Yield } from './learning.ts';
import { find, printable, type Replacement, splice } from './mutators.ts';
import { copyInto, type Room, roomFor } from './room.ts';

/** Inputs tried because of what one unit's run compared. */
const MAX_REPLACED = 384;
const MIN_REPLACED = 24;
const MAX_PLACES = 6;
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
const MAX_WORDS = 4096;
const NO_BYTES = new Uint8Array(0);

/** The campaign that tries them. */
export interface Attempts {
  /** Runs an input; true if it was worth keeping. */
  attempt(bytes: Uint8Array, parent: Unit): boolean;
  done(): boolean;
  /** How the input that runs now was made, and of which words. */
  readonly sequence: string[];
  readonly used: Uint8Array[];
  /** For inputs, until it is clear that they are worth keeping. */
  readonly room: Room;
  /** What mutations lead to, for comparison. */
  readonly mutating: Yield;
}

export class Guesses {
  /** The user's words, and those that the target compared with. */
  readonly dictionary: Uint8Array[];
  private readonly dictionaryKeys = new Set<string>();
  private readonly options: CampaignOptions;
  private readonly campaign: Attempts;
  /** By comparison: how far its operands were apart at best. */
  private readonly closest = new Map<number, number>();
  /** Units that came closer. */
  private approaches = 0;
  private readonly replacing = new Yield();
  /** Repairs since the last one that led to something new. */
  private vainRepairs = 0;

  constructor(options: CampaignOptions, campaign: Attempts) {
    this.options = options;
    this.campaign = campaign;
    this.dictionary = [...options.dictionary];
  }

  /** Of a run of the unit: at once if it is new, else when it is first chosen, for many are retired before that. */
  noteCompares(unit: Unit): void {
    const compares = this.options.executor.compares(unit.bytes);
    unit.compared = true;
    unit.compares = replacements(compares, unit.bytes);
    unit.checks = checks(compares);
    for (const word of words(compares)) this.addWord(word);
  }

  /** Tries to give the target what it looked for, where the input shows what it saw. */
  tryReplacements(unit: Unit): void {
    let budget = this.replacing.rate < this.campaign.mutating.rate ? MIN_REPLACED : MAX_REPLACED;
    this.campaign.sequence.splice(0, this.campaign.sequence.length, 'CMP');
    for (const replacement of unit.compares) {
      for (const candidate of this.candidates(unit.bytes, replacement)) {
        if (budget-- <= 0 || this.campaign.done()) return;
        this.campaign.used.splice(0, this.campaign.used.length, replacement.to);
        const worth = this.campaign.attempt(candidate, unit);
        this.replacing.note(worth);
        if (!worth && unit.checks.size > 0 && this.repairsPay) this.repair(candidate, unit);
      }
    }
  }

  /** Whether the last run brought the operands of a comparison closer to each other than any before. */
  noteDistances(): boolean {
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
  comeCloser(unit: Unit): void {
    if (this.options.onlyAscii) return;
    const size = Math.min(unit.bytes.length, MAX_SWEPT);
    const before = ++this.approaches;
    for (const patterns of [BITS, BYTES]) {
      for (let i = 0; i < size * patterns.length; i++) {
        if (this.campaign.done()) return;
        const at = Math.floor(i / patterns.length);
        const candidate = splice(unit.bytes, 0, 0, NO_BYTES, this.campaign.room);
        candidate[at]! ^= patterns[i % patterns.length]!;
        this.campaign.sequence.splice(0, this.campaign.sequence.length, 'Sweep'); // each time: what a new unit leads to has names of its own
        this.campaign.used.length = 0;
        if (this.campaign.attempt(candidate, unit) && this.approaches > before) return;
      }
    }
  }

  private get repairsPay(): boolean {
    return this.vainRepairs < VAIN_REPAIRS;
  }

  get repairOdds(): number {
    return this.repairsPay ? REPAIR_ODDS : VAIN_REPAIR_ODDS;
  }

  /**
   * A mutated input fails at a checksum that its parent passed: puts in what the target computed, until that leads to
   * something new (which may have taken the room that the input lies in).
   */
  repair(bytes: Uint8Array, unit: Unit): void {
    this.vainRepairs++;
    for (const replacement of repairs(this.options.executor.compares(bytes), bytes, unit.checks).slice(
      0,
      MAX_REPAIRS,
    )) {
      const candidate = this.candidates(bytes, replacement).next().value;
      if (!candidate) continue;
      if (this.campaign.done()) return;
      if (!this.campaign.attempt(candidate, unit)) continue;
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
      yield shown(splice(bytes, at, from.length, to, this.campaign.room));
      at++;
    }
    const wanted = smallNumber(to);
    if (smallNumber(from) !== bytes.length || wanted === undefined || wanted > maxLength) return undefined;
    const resized = roomFor(wanted, bytes, this.campaign.room).fill(0);
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
