// The site table: where in the original file each check and recorded call stands, and how offsets in the instrumented
// code map back. Written as the custom section "wasan.sites"; host/site-table.ts reads it.
//
//   section:   version | site count | function count | functions ...
//   function:  byte length of what follows | original offset of the first instruction in its body
//              | instrumented offset of the first instruction in its body | edits ...
//   edit:      gap    instrumented bytes copied 1:1 since the previous edit
//              | inserted << 2 | replaces << 1 | isSite      inserted: instrumented bytes written by this edit
//              | replaced    original bytes it stands for, only if `replaces`
// All numbers are LEB128. Sites are numbered from 1 in the order they appear.

import { Writer } from '../wasm/bytes.ts';

export const SITE_SECTION = 'wasan.sites';
export const SITE_SECTION_VERSION = 1;

export interface SiteMark {
  readonly site: number;
}

/** The entries of some functions, for the map of all. */
export interface SitePart {
  readonly entries: Uint8Array;
  readonly functions: number;
  readonly sites: number;
}

export class SiteMap {
  private readonly all = new Writer(1 << 16);
  private readonly edits = new Writer(1 << 10);
  /** In front of a function's edits. */
  private readonly head = new Writer(16);
  private readonly first: number;
  private site: number;
  private functions = 0;
  /** The entries of the maps it goes on with, in front of its own. */
  private readonly others: Uint8Array[] = [];
  /** End of the previous edit, in instrumented code bytes. */
  private last = 0;
  /** Set while code is written twice: the first copy is one insertion as a whole. */
  muted = false;
  /** Offset of the first original instruction in its body. */
  originalCodeStart = 0;

  /** `first` is the number of the first site. */
  constructor(first = 1) {
    this.first = first;
    this.site = first;
  }

  /** What this map holds, as a part of a larger one. */
  part(): SitePart {
    return { entries: this.all.bytes.slice(0, this.all.length), functions: this.functions, sites: this.count };
  }

  /** Goes on with the functions of another map, whose sites are numbered from `count` + 1 on; it has none of its own. */
  add({ entries, functions, sites }: SitePart): void {
    this.others.push(entries);
    this.functions += functions;
    this.site += sites;
  }

  mark(): SiteMark {
    return { site: this.site };
  }

  reset(mark: SiteMark): void {
    this.site = mark.site;
  }

  /** The id for the site about to be written. */
  next(): number {
    return this.site++;
  }

  get count(): number {
    return this.site - this.first;
  }

  beginBody(originalCodeStart: number): void {
    this.edits.length = 0;
    this.last = 0;
    this.originalCodeStart = originalCodeStart;
  }

  /** Instrumented code bytes [from, to) were written instead of `replaced` original bytes. */
  inserted(from: number, to: number, replaced: number, isSite: boolean): void {
    if (this.muted) return;
    this.edits.u32(from - this.last);
    this.edits.u32(((to - from) << 2) | (replaced > 0 ? 2 : 0) | (isSite ? 1 : 0));
    if (replaced > 0) this.edits.u32(replaced);
    this.last = to;
  }

  /** Closes a body whose local declarations took `headerBytes` in the output. */
  endBody(headerBytes: number): void {
    const { head } = this;
    head.length = 0;
    head.u32(this.originalCodeStart);
    head.u32(headerBytes);
    this.all.u32(head.length + this.edits.length);
    this.all.append(head.bytes, 0, head.length);
    this.all.append(this.edits.bytes, 0, this.edits.length);
    this.functions++;
  }

  /** The section's contents after its name, in pieces. */
  encode(): Uint8Array[] {
    const head = new Writer(16);
    head.u32(SITE_SECTION_VERSION);
    head.u32(this.count);
    head.u32(this.functions);
    return [head.view(), ...this.others, this.all.view()];
  }
}
