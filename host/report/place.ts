// Where an address lies: the kinds of place a report can name, with every distance already worked out.
// Formatting decides nothing, so both layouts' rules for "before / after / inside" are applied in describe.ts.

/** One frame of a symbolised stack, innermost first. `offset` is an offset in the original file. */
export interface StackFrame {
  readonly function: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly module?: string;
  readonly offset?: number;
  readonly inlined?: boolean;
  /** The function was about to be called: `offset` is where its code begins. */
  readonly called?: boolean;
}

export interface Trace {
  /** "T0" or "T1 (name)". */
  readonly thread: string;
  readonly frames: readonly StackFrame[];
}

export type Relation = 'before' | 'after' | 'inside';

/** ASan's rule: an access that starts inside and runs out is "0 bytes after". `address` is the byte that is meant. */
export interface Distance {
  readonly relation: Relation;
  readonly bytes: number;
  readonly address: number;
}

/** A variable of a frame, at offsets in that frame. */
export interface StackObject {
  readonly name: string;
  readonly begin: number;
  readonly size: number;
  readonly line?: number;
}

export type Mark = 'is inside' | 'partially overflows' | 'overflows' | 'partially underflows' | 'underflows';

/** What the host knows of the frame an address lies in. */
export interface FrameDescription {
  readonly frame: StackFrame;
  readonly offset: number;
  readonly objects: readonly StackObject[];
}

/** What the host knows of a global near an address. */
export interface GlobalDescription {
  readonly name: string;
  readonly begin: number;
  readonly size: number;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What the host knows of the mapping at or before an address. */
export interface MappingDescription {
  readonly begin: number;
  readonly end: number;
  /** As in /proc/self/maps: "rw-p". */
  readonly flags: string;
  readonly name?: string;
  readonly mapped: boolean;
  readonly mappedBy?: Trace;
  readonly unmappedBy?: Trace;
}

export interface HeapPlace {
  readonly where: 'heap';
  readonly begin: number;
  readonly size: number;
  readonly alignment: number;
  readonly freed: boolean;
  /** How it was obtained: "malloc", "operator new". */
  readonly family: string;
  /** From the byte the report is about. */
  readonly distance: Distance;
  /** From the first byte of the access, whatever was wrong with it: KASAN's rule. */
  readonly fromStart: Distance;
  readonly allocated: Trace;
  readonly released?: Trace;
}

export interface StackPlace {
  readonly where: 'stack';
  readonly address: number;
  readonly thread: string;
  readonly frame?: StackFrame;
  readonly offset?: number;
  readonly objects: readonly (StackObject & { readonly mark?: Mark })[];
}

export interface GlobalPlace {
  readonly where: 'global';
  readonly globals: readonly (GlobalDescription & { readonly distance: Distance })[];
}

export interface MappingPlace {
  readonly where: 'mapping';
  readonly mapping: MappingDescription;
  readonly distance: Distance;
}

export type Place =
  | HeapPlace
  | StackPlace
  | GlobalPlace
  | MappingPlace
  /** Low memory that nobody owns: a null pointer plus `offset`. */
  | { readonly where: 'null'; readonly offset: number }
  /** Past the end of memory, by `distance` bytes if the end is known. */
  | { readonly where: 'beyond'; readonly end?: number; readonly distance?: number }
  | { readonly where: 'unknown' };
