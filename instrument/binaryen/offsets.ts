// Translations between three sets of offsets: the original file's, those of the linked file that Binaryen reads, and those of
// the file it writes. The first step is the streaming engine's site map, the second Binaryen's source map.

import { SITE_SECTION_VERSION, type SiteMap } from '../stream/site-map.ts';
import { Reader } from '../wasm/bytes.ts';
import type { Body, Module, Section } from '../wasm/module.ts';
import type { FunctionEvents } from './events.ts';

/** Where an instruction of the linked file came from. Offsets are relative to the body. */
export interface Origin {
  readonly offset: number;
  /** Written by an edit of the plan, not by the program. */
  readonly inserted: boolean;
}

/** Reads "wasan.sites" as the streaming engine wrote it, function by function. */
export class LinkedOffsets {
  private readonly reader: Reader;

  constructor(linked: Module, section: Section) {
    this.reader = new Reader(linked.bytes, section.start, section.end);
    this.reader.name();
    if (this.reader.u32() !== SITE_SECTION_VERSION) throw new Error('the site map has another version: a bug in wasan');
    this.reader.u32();
    this.reader.u32();
  }

  /** Origins of the next function's instructions at these offsets of the linked body, ascending. */
  next(offsets: readonly number[]): Origin[] {
    const r = this.reader;
    const end = r.u32() + r.pos;
    let original = r.u32();
    let linked = r.u32();
    const origins: Origin[] = [];
    const upTo = (limit: number, origin: (offset: number) => Origin) => {
      while (origins.length < offsets.length && offsets[origins.length]! < limit) {
        origins.push(origin(offsets[origins.length]!));
      }
    };
    const copied = (offset: number): Origin => ({ offset: original + offset - linked, inserted: false });
    while (r.pos < end) {
      const from = linked + r.u32();
      const head = r.u32();
      const replaced = head & 2 ? r.u32() : 0;
      upTo(from, copied);
      original += from - linked;
      linked = from + Math.floor(head / 4);
      const at = original;
      upTo(linked, () => ({ offset: at, inserted: true }));
      original += replaced;
    }
    upTo(Number.POSITIVE_INFINITY, copied);
    return origins;
  }
}

/** A place in the written file and the original offset Binaryen was told for it. */
export interface Mark {
  readonly written: number;
  readonly original: number;
}

const BASE64 = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((c, i) => [c, i]));

/** Decodes the mappings of a source map whose lines are original offsets + 1, ascending by written offset. */
export function readMarks(sourceMap: string): Mark[] {
  const { mappings } = JSON.parse(sourceMap) as { mappings: string };
  const digits = Uint8Array.from(mappings, (c) => BASE64.get(c) ?? (c === ',' ? 64 : 65));
  const marks: Mark[] = [];
  let written = 0;
  let line = 0;
  for (let at = 0; at < digits.length; ) {
    let field = 0;
    for (; at < digits.length && digits[at]! < 64; field++) {
      let value = 0;
      for (let shift = 0; ; shift += 5) {
        const digit = digits[at++]!;
        value += (digit & 31) * 2 ** shift;
        if (digit < 32) break;
      }
      const signed = value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
      if (field === 0) written += signed;
      else if (field === 2) line += signed;
    }
    at++;
    if (field > 1) marks.push({ written, original: line }); // lines count from 0 in the format, from 1 in the API
  }
  return marks;
}

/**
 * Writes the site map of one written body: one edit per event that is a site or was written, each standing for everything
 * up to the next. Events in dead code that Binaryen did not write get an empty edit at their place.
 */
export function describeBody(
  sites: SiteMap,
  found: FunctionEvents,
  original: Body,
  written: Body,
  writtenCode: number,
  marks: readonly Mark[],
): void {
  const places = placeEvents(found, marks);
  sites.beginBody(found.codeStart);
  const end = written.end - writtenCode;
  let from = 0;
  let fromOriginal = original.start + found.codeStart;
  let isSite = false;
  const close = (to: number, toOriginal: number) => {
    if (to > from || toOriginal > fromOriginal || isSite) {
      sites.inserted(from, to, toOriginal - fromOriginal, isSite);
      if (isSite) sites.next();
    }
    from = to;
    fromOriginal = toOriginal;
  };
  found.events.forEach((event, i) => {
    const place = places[i]!;
    if (place < 0 && event.site === 0) return;
    close(place < 0 ? from : Math.max(place - writtenCode, from), event.offset);
    isSite = event.site > 0;
  });
  close(end, original.end);
  sites.endBody(writtenCode - written.start);
}

/** The first written offset of each event, -1 for those that were not written. */
function placeEvents(found: FunctionEvents, marks: readonly Mark[]): number[] {
  const places = found.events.map(() => -1);
  let event = 0;
  for (const mark of marks) {
    // An edit and the instruction it stands before share an offset: the edit takes the place.
    let at = event;
    while (at < places.length && found.events[at]!.offset < mark.original) at++;
    if (found.events[at]?.offset !== mark.original) throw new Error('the source map names no event: a bug in wasan');
    event = at;
    if (places[at]! < 0) places[at] = mark.written;
  }
  return places;
}

/** The marks of each written body, in order. `marks` ascend. */
export function marksByBody(marks: readonly Mark[], bodies: readonly Body[]): Mark[][] {
  let at = 0;
  return bodies.map(({ start, end }) => {
    while (at < marks.length && marks[at]!.written < start) at++;
    const from = at;
    while (at < marks.length && marks[at]!.written < end) at++;
    return marks.slice(from, at);
  });
}
