// The C library's memory and string functions in a module without names. What may be one is told by its signature and by its
// code, which does nothing but compute and reach into memory; which one it is, by calling it: a copy of the candidates, in a
// module of their own, is tried out by the host on prepared memory. What answers like none, or like two, stays what it was.
//
// Two kinds are worth the trouble. Functions that read whole words past the ends of strings, whose own accesses say little;
// and memcpy, memmove and memset, which are cheaper to check once per call. Loops over single characters check themselves.

import type { CallGraph } from '../call-graph.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { functionNames } from '../wasm/names.ts';
import { OP, PREFIX_SIMD, TYPE } from '../wasm/opcodes.ts';
import { trialModule } from './trial-module.ts';

/** What is to be tried out: `bytes` exports the candidates by their place in `parameters`, a memory and a global for fuel. */
export interface LibraryQuestion {
  readonly bytes: Uint8Array;
  /** How many parameters each candidate has: all are i32. */
  readonly parameters: readonly number[];
  readonly memory: string;
  /** Counted down by loops and calls, which trap at 0: nothing else would end some of what is tried. */
  readonly fuel: string;
}

/** The names of the C functions that each candidate behaves like. */
export type LibraryProbe = (question: LibraryQuestion) => readonly (readonly string[])[];

/** Bytes: musl's memmove at -O0 is the largest with 1.4 KB. */
const LARGEST_BODY = 2500;
/** Fewer bytes are no loop over memory, and more candidates than these no library. */
const SMALLEST_BODY = 12;
const MOST_CANDIDATES = 400;
const MOST_PARAMETERS = 3;

/** Function index -> names of the C functions it behaves like. `wholeWords` are the functions that read past the ends of objects. */
export function findLibcByBody(
  module: Module,
  graph: CallGraph,
  wholeWords: ReadonlySet<number>,
  taken: ReadonlySet<number>,
  probe: LibraryProbe | undefined,
): Map<number, readonly string[]> {
  if (!probe || module.memories.length !== 1 || module.memories[0]!.is64) return new Map();
  if (functionNames(module).size > 0) return new Map();
  const search = new CandidateSearch(module, graph, taken);
  const strings = search.withCallers(wholeWords);
  const candidates = new Set([...strings, ...search.rangeFunctions()]);
  if (candidates.size === 0 || candidates.size > MOST_CANDIDATES) return new Map();
  const order = [...search.withCallees(candidates)];
  const names = probe(trialModule(module, order));
  const found = new Map<number, readonly string[]>();
  for (const [i, func] of order.entries()) {
    const like = names[i]!.filter((name) => strings.has(func) || RANGE_FUNCTIONS.has(name));
    if (like.length > 0) found.set(func, like);
  }
  return withoutLeaning(found, graph);
}

/** What a function leans on that is not found has checks of its own, and would report the same once more. */
function withoutLeaning(found: Map<number, readonly string[]>, graph: CallGraph): Map<number, readonly string[]> {
  const kept = new Map([...found].filter(([func]) => graph.callees[func]!.every((callee) => found.has(callee))));
  return kept.size === found.size ? kept : withoutLeaning(kept, graph);
}

/** They touch their ranges whole, whoever wrote them. A name whose check asks for less than a loop reads must not be here. */
const RANGE_FUNCTIONS: ReadonlySet<string> = new Set(['memcpy', 'memmove', 'memset']);

class CandidateSearch {
  private readonly module: Module;
  private readonly graph: CallGraph;
  private readonly taken: ReadonlySet<number>;
  private readonly decoder: Decoder;
  private readonly known = new Map<number, boolean>();
  /** Parameters of each type, -1 for a type that no candidate has. */
  private readonly arity: readonly number[];

  constructor(module: Module, graph: CallGraph, taken: ReadonlySet<number>) {
    this.module = module;
    this.graph = graph;
    this.taken = taken;
    this.decoder = new Decoder(module.bytes);
    this.arity = module.types.map((type) => {
      const { params = [], results = [] } = type ?? {};
      const fits = params.length > 0 && params.length <= MOST_PARAMETERS && results.length <= 1;
      return fits && [...params, ...results].every((t) => t === TYPE.I32) ? params.length : -1;
    });
  }

  /** Candidates among the functions, and among those that call one of them. */
  withCallers(functions: Iterable<number>): Set<number> {
    const found = new Set<number>();
    const work = [...functions];
    while (work.length > 0) {
      const func = work.pop()!;
      if (found.has(func) || !this.fits(func)) continue;
      found.add(func);
      work.push(...this.graph.callers[func]!);
    }
    return found;
  }

  /** memcpy(to, from, size) and its like. */
  rangeFunctions(): number[] {
    const { functions, importedFunctions } = this.module;
    const found: number[] = [];
    for (let func = importedFunctions; func < functions.length; func++) {
      if (this.arity[functions[func]!] === MOST_PARAMETERS && this.fits(func)) found.push(func);
    }
    return found;
  }

  withCallees(functions: ReadonlySet<number>): Set<number> {
    const all = new Set(functions);
    for (const func of all) for (const callee of this.graph.callees[func]!) all.add(callee);
    return all;
  }

  /** Takes integers alone, and nothing in its code or in what it calls reaches anything but memory. */
  private fits(func: number): boolean {
    let fits = this.known.get(func);
    if (fits === undefined) {
      this.known.set(func, false); // until it is known: no library function calls itself
      fits = this.looksLikeOne(func) && this.graph.callees[func]!.every((callee) => this.fits(callee));
      this.known.set(func, fits);
    }
    return fits;
  }

  private looksLikeOne(func: number): boolean {
    const body = this.module.bodies[func - this.module.importedFunctions];
    if (!body || this.taken.has(func) || this.arity[this.module.functions[func]!]! < 0) return false;
    const size = body.end - body.start;
    if (size < SMALLEST_BODY || size > LARGEST_BODY) return false;
    const d = this.decoder;
    d.pos = body.start;
    d.end = body.end;
    d.skipLocals();
    let repeats = false;
    while (d.pos < d.end) {
      d.next();
      if (!isPlain(d.op)) return false;
      repeats ||= d.op === OP.LOOP || d.op === OP.CALL || d.op > 0xff;
    }
    return repeats;
  }
}

/** Spans of opcodes that compute with integers, reach into memory, or say what comes next. */
const PLAIN: readonly (readonly [number, number])[] = [
  [0x00, 0x05], // unreachable .. else
  [0x0b, 0x10], // end .. call
  [0x1a, 0x1c], // drop, select
  [0x20, 0x22], // locals
  [0x28, 0x29], [0x2c, 0x37], [0x3a, 0x3e], // loads and stores of integers
  [0x41, 0x42], // constants
  [0x45, 0x5a], [0x67, 0x8a], [0xa7, 0xa7], [0xac, 0xad], [0xc0, 0xc4], // arithmetic
]; // biome-ignore format: a table

const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, op) =>
  PLAIN.some(([from, to]) => op >= from && op <= to) ? 1 : 0,
);

function isPlain(op: number): boolean {
  if (op <= 0xff) return IS_PLAIN[op] === 1;
  return op === OP.MEMORY_COPY || op === OP.MEMORY_FILL || op >> 12 === PREFIX_SIMD;
}
