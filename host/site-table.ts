// Where a site stands in the original file, and where an offset of the instrumented file came from.
// Reads the custom section "wasan.sites"; its layout is drawn in instrument/stream/site-map.ts.

import { ByteReader } from './symbols/byte-reader.ts';
import { perModule, readWasmModule } from './symbols/wasm-module.ts';

const SUPPORTED_VERSION = 1;

/** One check or recorded call: `offset` is that of the instruction in the original file. */
export interface Site {
  readonly functionIndex: number;
  readonly offset: number;
}

export interface SiteTable {
  /** The site with an id (from 1), or undefined. */
  site(id: number): Site | undefined;
  /** The original instruction an instrumented file offset belongs to; undefined in the runtime's own code. */
  toOriginal(offset: number): Site | undefined;
  readonly count: number;
}

interface FunctionEdits {
  readonly reader: { readonly start: number; readonly end: number };
  /** Id of the function's first site. */
  firstSite: number;
}

/** The table of an instrumented module; undefined if it has none. */
export const readSiteTable = perModule(buildSiteTable);

function buildSiteTable(instrumented: Uint8Array, original: Uint8Array): SiteTable | undefined {
  const section = readWasmModule(instrumented).custom('wasan.sites');
  if (!section) return undefined;
  const reader = new ByteReader(section);
  if (reader.uleb() !== SUPPORTED_VERSION) return undefined;
  return new LazySiteTable(section, reader, instrumented, original);
}

class LazySiteTable implements SiteTable {
  readonly count: number;
  private readonly section: Uint8Array;
  private readonly functions: FunctionEdits[] = [];
  private readonly originalStarts: Uint32Array;
  private readonly instrumentedStarts: Uint32Array;
  private readonly instrumentedEnds: Uint32Array;
  private readonly importedFunctions: number;
  private numbered = false;

  constructor(section: Uint8Array, reader: ByteReader, instrumented: Uint8Array, original: Uint8Array) {
    this.section = section;
    this.count = reader.uleb();
    for (let n = reader.uleb(); n > 0; n--) {
      const size = reader.uleb();
      const start = reader.position;
      reader.skip(size);
      this.functions.push({ reader: { start, end: reader.position }, firstSite: 0 });
    }
    const before = readWasmModule(original);
    const after = readWasmModule(instrumented);
    this.originalStarts = before.bodies.starts;
    this.instrumentedStarts = after.bodies.starts;
    this.instrumentedEnds = after.bodies.ends;
    this.importedFunctions = before.importedFunctions.length;
  }

  site(id: number): Site | undefined {
    if (id < 1 || id > this.count) return undefined;
    this.numberSites();
    const index = last(this.functions.length, (i) => this.functions[i]!.firstSite <= id);
    let next = this.functions[index]!.firstSite;
    let found: number | undefined;
    this.walk(index, (edit) => {
      if (edit.isSite && next++ === id) found = edit.original;
      return found === undefined;
    });
    return found === undefined ? undefined : this.place(index, found);
  }

  toOriginal(offset: number): Site | undefined {
    const index = last(this.instrumentedStarts.length, (i) => this.instrumentedStarts[i]! <= offset);
    if (index < 0 || index >= this.functions.length || offset >= this.instrumentedEnds[index]!) return undefined;
    const within = offset - this.instrumentedStarts[index]!;
    let original = 0;
    this.walk(index, (edit) => {
      // Bytes before this edit were copied 1:1; bytes of the edit itself belong to the instruction it stands before.
      if (within < edit.from) {
        original = edit.original - (edit.from - within);
        return false;
      }
      original = edit.original;
      if (within < edit.to) return false;
      original = edit.original + edit.replaced + (within - edit.to);
      return true;
    });
    // An engine names the declarations of a body for a call that it refused: that is the first instruction.
    const { start, end } = this.functions[index]!.reader;
    return this.place(index, Math.max(original, new ByteReader(this.section, start, end).uleb()));
  }

  private place(index: number, offset: number): Site {
    return { functionIndex: this.importedFunctions + index, offset: this.originalStarts[index]! + offset };
  }

  /** First site ids need one pass over all edits; it is made when a site is first asked for. */
  private numberSites(): void {
    if (this.numbered) return;
    this.numbered = true;
    let site = 1;
    this.functions.forEach((f, index) => {
      f.firstSite = site;
      this.walk(index, (edit) => {
        if (edit.isSite) site++;
        return true;
      });
    });
  }

  /** Visits a function's edits in order until `visit` returns false. Offsets are relative to the bodies. */
  private walk(index: number, visit: (edit: Edit) => boolean): void {
    const { start, end } = this.functions[index]!.reader;
    const reader = new ByteReader(this.section, start, end);
    let original = reader.uleb();
    let instrumented = reader.uleb();
    while (!reader.atEnd) {
      const gap = reader.uleb();
      const head = reader.uleb();
      const replaced = head & 2 ? reader.uleb() : 0;
      original += gap;
      const from = instrumented + gap;
      const to = from + Math.floor(head / 4);
      if (!visit({ from, to, original, replaced, isSite: (head & 1) === 1 })) return;
      original += replaced;
      instrumented = to;
    }
    visit({ from: instrumented, to: instrumented, original, replaced: 0, isSite: false });
  }
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly original: number;
  readonly replaced: number;
  readonly isSite: boolean;
}

/** The last index below `count` for which `holds`, assuming it holds for a prefix; -1 if for none. */
function last(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
