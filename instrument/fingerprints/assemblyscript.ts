// AssemblyScript's allocator, TLSF: free blocks hang in 23 x 16 lists of one root, whose layout every version and level has in
// its memory operands. Its __alloc, __realloc and __free may be inlined anywhere; the functions below them stay whole:
//
//   root:   +0 first-level map | +4 second-level maps | +96 heads of lists | +1568 tail
//
//   initialize -> addMemory -> insertBlock -> removeBlock
//   allocateBlock -> removeBlock, prepareBlock -> insertBlock         __free -> insertBlock
//   realloc -> removeBlock, prepareBlock, moveBlock -> allocateBlock, insertBlock

import type { FeatureCache } from '../body-features.ts';
import { calledFrom } from '../call-graph.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import { callersOf, type Family, functionsOf, growsMemory, only, within } from './fingerprint.ts';

const MAPS = 4;
const HEADS = 96;
const TAIL = 1568;
/** Smaller blocks hang in lists by sixteens. */
const SMALL = 256;
/** The largest payload. */
const LARGEST = 1073741820;
const STUB_SIZE = [40, 260] as const;
const LISTS_SIZE = [150, 1000] as const;

const I = TYPE.I32;

export function findTlsf(module: Module, features: FeatureCache): Family | undefined {
  const lists = functionsOf(module, [I, I], []).filter((f) => usesLists(features, f));
  const insert = only(lists.filter((f) => lists.some((other) => other !== f && features.of(f).callees.has(other))));
  const remove = only(lists.filter((f) => f !== insert));
  if (insert === undefined || remove === undefined) return undefined;
  const evidence = [`functions ${remove} and ${insert} keep TLSF's lists`];
  const allocate = findAllocate(module, features, remove, [I, I]);
  if (allocate === undefined) {
    const counting = findAllocate(module, features, remove, [I, I, I]) !== undefined;
    return counting ? { roles: new Map(), setUp: undefined, evidence, refused: OLD, layout: 'behind' } : undefined;
  }
  evidence.push(`function ${allocate} takes blocks out of them, and asks for more memory`, BEHIND);
  const add = findAdd(module, features, insert);
  const roles = new Map([
    ['tlsf allocate block', allocate],
    ['tlsf insert block', insert],
    ['tlsf remove block', remove],
  ]);
  const found = { roles, setUp: findSetUp(module, features, add), evidence, layout: 'behind' as const };
  const resizers = callersOf(features, remove).filter((f) => f !== insert && f !== allocate);
  if (resizers.length === 0) return { ...found, refused: undefined };
  const calls = (f: number, callee: number) => features.of(f).callees.has(callee);
  const prepare = only(functionsOf(module, [I, I, I], []).filter((f) => !add.includes(f) && calls(f, insert)));
  const frees = functionsOf(module, [I, I], []).filter((f) => f === insert || (f !== remove && calls(f, insert)));
  const movers = functionsOf(module, [I, I, I], [I]).filter((f) => calls(f, allocate));
  const move = only(movers.filter((f) => frees.some((free) => calls(f, free))));
  if (prepare === undefined || move === undefined) return { ...found, refused: INLINED };
  evidence.push(`functions ${resizers.join(', ')} resize blocks by functions ${prepare} and ${move}`);
  roles.set('tlsf prepare block', prepare).set('tlsf move block', move);
  return { ...found, refused: undefined };
}

const BEHIND = "AssemblyScript's blocks have their header in front: redzones go behind them alone";
const OLD = 'early AssemblyScript counted references, in blocks with another header';
const INLINED = "blocks are resized by a function into which TLSF's ways to do so were inlined";

function usesLists(features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), LISTS_SIZE) || !features.holds(f, [SMALL])) return false;
  const { fields, grows } = features.of(f);
  return fields.has(HEADS) && fields.has(MAPS) && !grows;
}

/** Of the functions that take a block out of a list, the one below all the others, which asks for more memory. */
function findAllocate(
  module: Module,
  features: FeatureCache,
  remove: number,
  params: readonly number[],
): number | undefined {
  const takers = functionsOf(module, params, [I]).filter((f) => features.of(f).callees.has(remove));
  return only(
    takers.filter((f) => {
      const below = calledFrom(features.graph, [f]);
      const grows = [...below].some((g) => features.has(g) && features.of(g).grows);
      return grows && takers.every((other) => other === f || !below.has(other));
    }),
  );
}

/** Functions that make a free block of new memory. Where it ends is an i64 in case memory is full. */
function findAdd(module: Module, features: FeatureCache, insert: number): number[] {
  const candidates = [TYPE.I32, TYPE.I64].flatMap((end) =>
    [[], [I]].flatMap((results) => functionsOf(module, [I, I, end], results)),
  );
  return candidates.filter((f) => features.of(f).callees.has(insert) && features.of(f).addresses.has(TAIL));
}

function findSetUp(module: Module, features: FeatureCache, add: readonly number[]): Family['setUp'] {
  const initialise = only(functionsOf(module, [], []).filter((f) => add.some((a) => features.of(f).callees.has(a))));
  const root = initialise === undefined ? undefined : only(globalsSet(module, initialise));
  return initialise === undefined || root === undefined ? undefined : { initialise, root };
}

function globalsSet(module: Module, f: number): number[] {
  const body = module.bodies[f - module.importedFunctions]!;
  const d = new Decoder(module.bytes, body.start, body.end);
  const found = new Set<number>();
  d.skipLocals();
  while (d.pos < d.end) {
    d.next();
    if (d.op === OP.GLOBAL_SET) found.add(d.index);
  }
  return [...found];
}

/** The runtime that gives nothing back: __alloc, a counter that asks for more memory. */
export function findStub(module: Module, features: FeatureCache): number | undefined {
  return only(
    functionsOf(module, [I], [I]).filter((f) => {
      if (!within(features.bodySize(f), STUB_SIZE) || !features.holds(f, [LARGEST])) return false;
      const x = features.of(f);
      return growsMemory(features, f) && x.stores <= 1 && x.loads === 0 && !x.opensParameter;
    }),
  );
}
