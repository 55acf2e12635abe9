// A slow and obvious account of what every page must contain: a map from page to value, changed by the outcome of each
// operation and by nothing the model says about its pages. Private memory only.
import { parseLine } from '../../host/vma/language.ts';
import type { MapEntry, Outcome } from '../../host/vma/replay.ts';

const PAGE = 4096n;
const DONTNEED = new Set([4, 24, 102]); // a guard page gives its bytes back too
const WIPED = 18;
const KEPT = 19;
const NO_COPY = 10;
const COPY = 11;

export class Contents {
  readonly #values = new Map<number, bigint>();
  readonly #wiped = new Set<number>();
  readonly #uncopied = new Set<number>();

  /** `before` is the map in front of the operation: mremap and madvise act only on what was mapped. */
  apply(text: string, outcome: Outcome, before: readonly MapEntry[], after: readonly MapEntry[]): void {
    const op = parseLine(text)!.op;
    const page = 'addr' in op ? Number(op.addr / PAGE) : 0;
    const pages = 'length' in op ? Number((op.length + PAGE - 1n) / PAGE) : 0;
    if (op.op === 'put' && 'ok' in outcome) this.#values.set(page, op.value);
    if (op.op === 'madvise') this.#advise(page, pages, op.advice, outcome);
    if (op.op === 'mmap' && 'at' in outcome) this.#drop(outcome.at, pages);
    if (op.op === 'mremap' && 'at' in outcome) {
      const old = Number((op.oldLength + PAGE - 1n) / PAGE);
      const now = Number((op.newLength + PAGE - 1n) / PAGE);
      this.#move(page, old, now, outcome.at, before);
    }
    if (op.op === 'fork') this.#fork();
    this.#forget(after);
  }

  value(page: number): bigint {
    return this.#values.get(page) ?? 0n;
  }

  #advise(page: number, pages: number, advice: number, outcome: Outcome): void {
    if ('err' in outcome && outcome.err !== 12) return;
    if (DONTNEED.has(advice)) this.#drop(page, pages);
    for (let at = page; at < page + pages; at++) {
      if (advice === WIPED) this.#wiped.add(at);
      if (advice === KEPT) this.#wiped.delete(at);
      if (advice === NO_COPY) this.#uncopied.add(at);
      if (advice === COPY) this.#uncopied.delete(at);
    }
  }

  #move(from: number, old: number, now: number, to: number, before: readonly MapEntry[]): void {
    const isMapped = (page: number) => before.some(([start, end]) => page >= start && page < end);
    if (to === from) return this.#drop(from + now, Math.max(0, old - now));
    const moved = Array.from({ length: Math.min(old, now) }, (_, i) => i).filter((i) => isMapped(from + i));
    for (const i of moved) this.#drop(to + i, 1);
    for (const i of moved) {
      for (const set of [this.#wiped, this.#uncopied]) if (set.has(from + i)) set.add(to + i);
      const value = this.#values.get(from + i);
      if (value !== undefined) this.#values.set(to + i, value);
    }
    this.#drop(from, old);
  }

  #fork(): void {
    for (const page of [...this.#wiped, ...this.#uncopied]) this.#values.delete(page);
  }

  #drop(page: number, pages: number): void {
    for (let at = page; at < page + pages; at++) this.#values.delete(at);
  }

  /** What is not mapped has neither value nor advice. */
  #forget(map: readonly MapEntry[]): void {
    const isMapped = (page: number) => map.some(([start, end]) => page >= start && page < end);
    for (const page of this.#values.keys()) if (!isMapped(page)) this.#values.delete(page);
    for (const set of [this.#wiped, this.#uncopied]) for (const page of set) if (!isMapped(page)) set.delete(page);
  }
}
