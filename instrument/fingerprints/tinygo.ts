// TinyGo's heap, of every version. Blocks of 16 bytes with two bits of state each, which lie at the heap's end, a collector
// that sweeps them, and memory that is doubled when nothing is left:
//
//   calculateHeapAddresses:  metadata = end - (end - start) / 65 (early: / 64);  last block = (metadata - start) / 16
//   alloc(size[, layout]) -> growHeap -> memory.grow(memory.size), calculateHeapAddresses
//
// Or nothing is ever freed, and alloc counts up, what was asked for and how often:
//
//   alloc(size[, layout]):  mallocs++;  pointer += size rounded up;  total += size;  while (pointer >= end) growHeap

import type { FeatureCache } from '../body-features.ts';
import { calledFrom } from '../call-graph.ts';
import { bodiesWhere } from '../wasm/byte-search.ts';
import { Decoder } from '../wasm/decoder.ts';
import { hasType, KIND, type Module } from '../wasm/module.ts';
import { IMM, OP, TYPE } from '../wasm/opcodes.ts';
import { callersOf, type Family, functionsOf, functionsThat, only, within } from './fingerprint.ts';

/** Blocks whose states fit in 16 bytes, and those; in early versions the former alone, as a shift. */
const PART = 64;
const PARTS = 65;
/** i32.const 65  i32.div_u. */
const DIVISION: readonly number[] = [OP.I32_CONST, 0x80 | (PARTS & 0x7f), PARTS >> 7, OP.I32_DIV_U];
const PARTS_SHIFT = 6;
const BLOCK_SHIFT = 4;
/** calculateHeapAddresses where it is a function of its own. */
const LAYOUT_SIZE = [30, 160] as const;
/** Stores of the states' address and of the number of blocks, and of the heap's start in early versions. */
const LAYOUT_STORES = [2, 3] as const;
/** The heap's end, where its states begin, and the number of blocks. */
const LAYOUT_WORDS = 3;
const COUNTING_SIZE = [60, 400] as const;
/** Instructions from the heap's end to the division, and from there to the number of blocks. */
const BEFORE_DIVISION = 18;
const BEHIND_DIVISION = 12;
/** Smaller constants are no addresses. */
const LOWEST = 1024;
const WORD = 4;
/** How sizes are rounded up. */
const ROUNDING = [15, -16];
/** What counts up has its pointer, the end, and two counters. */
const COUNTING_WORDS = 4;

const I = TYPE.I32;

export function findTinyGo(module: Module, features: FeatureCache): Family | undefined {
  return findBlocks(module, features) ?? findCounting(module, features);
}

function findBlocks(module: Module, features: FeatureCache): Family | undefined {
  const dividing = new Set(mayDivide(module));
  const layouts = functionsThat(module, (f) =>
    dividing.has(f - module.importedFunctions) ? laysOut(module, f) : laysOutEarly(module, features, f),
  );
  if (layouts.length === 0) return undefined;
  const near = layouts.map((f) => constantsNear(module, f));
  const shared = [...near[0]!].filter((c) => near.every((other) => other.has(c)));
  const words = addressesAmong(new Set(shared));
  const users = layouts.flatMap((f) => [f, ...callersOf(features, f)]);
  const growers = users.filter((f) => features.of(f).grows && doubles(module, f));
  const candidates = allocating(module).filter((f) => touches(features, f, words));
  const growing = candidates.filter((f) => growers.includes(f));
  const calling = candidates.filter((f) => growers.some((g) => features.of(f).callees.has(g)));
  const alloc = only(growing.length > 0 ? growing : calling);
  if (alloc === undefined) return undefined;
  const below = calledFrom(features.graph, [alloc]);
  const isInside = (f: number) => below.has(f) || !calledFrom(features.graph, [f]).has(alloc);
  const isRealloc = (f: number) => hasType(module, f, [I, I], [I]) && features.of(f).callees.has(alloc);
  const kept = functionsThat(
    module,
    (f) => f !== alloc && touches(features, f, words) && (isInside(f) || isRealloc(f)),
  );
  return {
    ...familyOf(module, alloc),
    setUp: setUpBy(module, features, new Set(users.filter((f) => !below.has(f)))),
    collected: { kept, heap: { words: [...words], starts: shared } },
    evidence: [
      `function ${layouts[0]} lays out TinyGo's heap: blocks of 16 bytes, their states behind them`,
      `function ${alloc} hands them out, and doubles memory where none is left`,
      COLLECTED,
    ],
  };
}

export const COLLECTED =
  "TinyGo's objects have redzones behind them alone, and what its collector frees is not followed";

/** The heap's words and sizes, as calculateHeapAddresses has them, perhaps inlined. Programs divide by 65, too. */
function laysOut(module: Module, f: number): boolean {
  if (divisionIn(module, f, PARTS, OP.I32_DIV_U) === undefined) return false;
  const near = constantsNear(module, f);
  return near.has(BLOCK_SHIFT) && addressesAmong(near).size >= LAYOUT_WORDS;
}

/** The bodies that may have the division, by their bytes: most have none, and need no closer look. */
function mayDivide(module: Module): number[] {
  const { bytes } = module;
  return bodiesWhere(module, DIVISION[1]!, (at) => DIVISION.every((byte, i) => bytes[at - 1 + i] === byte));
}

function laysOutEarly(module: Module, features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), LAYOUT_SIZE) || !hasType(module, f, [], [])) return false;
  if (!features.holds(f, [PARTS_SHIFT, BLOCK_SHIFT])) return false;
  if (divisionIn(module, f, PARTS_SHIFT, OP.I32_SHR_U) === undefined) return false;
  const { callees, stores } = features.of(f);
  return callees.size === 0 && within(stores, LAYOUT_STORES);
}

/** Where the division is: its place in the body, counted in instructions. */
function divisionIn(module: Module, f: number, by: number, op: number): number | undefined {
  let constant: number | undefined;
  let place = 0;
  const found = someInstruction(module, f, (d) => {
    if (d.op === op && constant === by) return true;
    constant = d.op === OP.I32_CONST ? d.value : undefined;
    place++;
    return false;
  });
  return found ? place : undefined;
}

/** Constants and absolute addresses around the division: what it was inlined into has others. */
function constantsNear(module: Module, f: number): Set<number> {
  const at = divisionIn(module, f, PARTS, OP.I32_DIV_U) ?? divisionIn(module, f, PARTS_SHIFT, OP.I32_SHR_U)!;
  const found = new Set<number>();
  let place = 0;
  someInstruction(module, f, (d) => {
    const isNear = place >= at - BEFORE_DIVISION && place <= at + BEHIND_DIVISION;
    if (isNear && d.op === OP.I32_CONST) found.add(d.value);
    else if (isNear && d.immediates === IMM.MEMARG) found.add(d.offset);
    place++;
    return place > at + BEHIND_DIVISION;
  });
  return found;
}

/** Asks for as much memory as there is. */
function doubles(module: Module, f: number): boolean {
  let before = -1;
  return someInstruction(module, f, ({ op }) => {
    if (op === OP.MEMORY_GROW && before === OP.MEMORY_SIZE) return true;
    before = op;
    return false;
  });
}

function touches(features: FeatureCache, f: number, words: ReadonlySet<number>): boolean {
  const { addresses, constants } = features.of(f);
  return [...words].some((word) => addresses.has(word) || constants.has(word));
}

/** An optimiser may have added the last byte's blocks to where the heap begins: no address, that. */
function addressesAmong(constants: ReadonlySet<number>): Set<number> {
  return new Set([...constants].filter((c) => c >= LOWEST && c % WORD === 0 && !constants.has(c + PART)));
}

/** What the host calls first, and sets the heap up among much else. */
function setUpBy(module: Module, { graph }: FeatureCache, setters: ReadonlySet<number>): Family['setUp'] {
  const exported = module.exports.filter((e) => e.kind === KIND.FUNC && hasType(module, e.index, [], []));
  const first = exported.find(({ index }) => [...calledFrom(graph, [index])].some((f) => setters.has(f)));
  return first && { initialise: first.index, root: undefined };
}

function findCounting(module: Module, features: FeatureCache): Family | undefined {
  const alloc = only(allocating(module).filter((f) => countsUp(module, features, f)));
  if (alloc === undefined) return undefined;
  const words = [...features.of(alloc).addresses];
  const below = calledFrom(features.graph, [alloc]);
  const setters = functionsThat(module, (f) => !below.has(f) && touches(features, f, new Set(words)));
  return {
    ...familyOf(module, alloc),
    setUp: setUpBy(module, features, new Set(setters)),
    collected: { kept: [], heap: { words, starts: [] } },
    evidence: [`function ${alloc} counts up and keeps TinyGo's statistics: nothing is ever freed`, COLLECTED],
  };
}

function countsUp(module: Module, features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), COUNTING_SIZE) || !features.holds(f, ROUNDING)) return false;
  const { addresses, grows, callees } = features.of(f);
  if (addresses.size !== COUNTING_WORDS) return false;
  const growing = [...(grows ? [f] : []), ...callees].filter((g) => features.has(g) && features.of(g).grows);
  return growing.some((g) => doubles(module, g)) && countsCalls(module, f);
}

/** Adds one to an i64, and a size to another one. */
function countsCalls(module: Module, f: number): boolean {
  let before = -1;
  let [calls, bytes] = [0, 0];
  someInstruction(module, f, ({ op }) => {
    if (op === OP.I64_ADD && before === OP.I64_CONST) calls++;
    if (op === OP.I64_ADD && before === OP.I64_EXTEND_I32_U) bytes++;
    before = op;
    return false;
  });
  return calls === 1 && bytes === 1;
}

function familyOf(module: Module, alloc: number) {
  const role = module.types[module.functions[alloc]!]!.params.length === 1 ? 'tinygo alloc by size' : 'tinygo alloc';
  return { roles: new Map([[role, alloc]]), refused: undefined, layout: 'behind' } as const;
}

function allocating(module: Module): number[] {
  return [...functionsOf(module, [I], [I]), ...functionsOf(module, [I, I], [I])];
}

function someInstruction(module: Module, f: number, holds: (d: Decoder) => boolean): boolean {
  const body = module.bodies[f - module.importedFunctions]!;
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  while (d.pos < d.end) {
    d.next();
    if (holds(d)) return true;
  }
  return false;
}
