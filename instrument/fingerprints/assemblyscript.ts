// AssemblyScript's allocator, TLSF: free blocks hang in 23 x 16 lists of one root, whose layout every version and level has in
// its memory operands. Its __alloc, __realloc and __free may be inlined anywhere; the functions below them stay whole:
//
//   root:   +0 first-level map | +4 second-level maps | +96 heads of lists | +1568 tail
//
//   initialize -> addMemory -> insertBlock -> removeBlock
//   allocateBlock -> removeBlock, prepareBlock -> insertBlock         __free -> insertBlock
//   realloc -> removeBlock, prepareBlock, moveBlock -> allocateBlock, insertBlock

import type { FeatureCache } from '../body-features.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import { functionsOf, only, reachable, within } from './fingerprint.ts';

const MAPS = 4;
const HEADS = 96;
const TAIL = 1568;
/** Smaller blocks hang in lists by sixteens. */
const SMALL = 256;
const LISTS_SIZE = [150, 1000] as const;

export interface Tlsf {
  /** Role name of allocator-roles.ts -> function. */
  readonly roles: ReadonlyMap<string, number>;
  /** Sets `root`, a global, to the root's address. */
  readonly initialise: number;
  readonly root: number;
  readonly evidence: readonly string[];
  /** Why it must be left alone all the same. */
  readonly refused: string | undefined;
}

const I = TYPE.I32;

export function findTlsf(module: Module, features: FeatureCache): Tlsf | undefined {
  const lists = functionsOf(module, [I, I], []).filter((f) => usesLists(features, f));
  const insert = only(lists.filter((f) => lists.some((other) => other !== f && features.of(f).callees.has(other))));
  const remove = only(lists.filter((f) => f !== insert));
  if (insert === undefined || remove === undefined) return undefined;
  const allocate = findAllocate(module, features, remove);
  const add = [TYPE.I32, TYPE.I64]
    .flatMap((end) => [functionsOf(module, [I, I, end], []), functionsOf(module, [I, I, end], [I])].flat())
    .filter((f) => addsMemory(features, f, insert));
  const initialise = only(functionsOf(module, [], []).filter((f) => add.some((a) => features.of(f).callees.has(a))));
  const root = initialise === undefined ? undefined : only(globalsSet(module, initialise));
  if (allocate === undefined || initialise === undefined || root === undefined) return undefined;
  const evidence = [
    `functions ${remove} and ${insert} keep TLSF's lists, and function ${allocate} takes blocks out of them`,
  ];
  const roles = new Map([
    ['tlsf allocate block', allocate],
    ['tlsf insert block', insert],
    ['tlsf remove block', remove],
  ]);
  const found = { roles, initialise, root, evidence };
  const resizers = callersOf(module, features, remove).filter((f) => f !== insert && f !== allocate);
  if (resizers.length === 0) return { ...found, refused: undefined };
  const prepare = only(
    functionsOf(module, [I, I, I], []).filter((f) => !add.includes(f) && features.of(f).callees.has(insert)),
  );
  const move = only(functionsOf(module, [I, I, I], [I]).filter((f) => features.of(f).callees.has(allocate)));
  if (prepare === undefined || move === undefined) {
    return { ...found, refused: 'blocks are resized by a function into which the ways to do so were inlined' };
  }
  evidence.push(`function ${resizers.join(', ')} resizes blocks by functions ${prepare} and ${move}`);
  roles.set('tlsf prepare block', prepare).set('tlsf move block', move);
  return { ...found, refused: undefined };
}

function usesLists(features: FeatureCache, f: number): boolean {
  if (!within(features.bodySize(f), LISTS_SIZE)) return false;
  const { fields, constants, grows } = features.of(f);
  return fields.has(HEADS) && fields.has(MAPS) && constants.has(SMALL) && !grows;
}

/** (root, size): of the functions that take a block out of a list, the one below all the others, which asks for more memory. */
function findAllocate(module: Module, features: FeatureCache, remove: number): number | undefined {
  const takers = functionsOf(module, [I, I], [I]).filter((f) => features.of(f).callees.has(remove));
  return only(
    takers.filter((f) => {
      const below = reachable(features, [f]);
      const grows = [...below].some((g) => features.has(g) && features.of(g).grows);
      return grows && takers.every((other) => other === f || !below.has(other));
    }),
  );
}

/** Makes one free block of memory that is new. Where it ends is an i64 since memory may be full. */
function addsMemory(features: FeatureCache, f: number, insert: number): boolean {
  return features.of(f).callees.has(insert) && features.of(f).addresses.has(TAIL);
}

function callersOf(module: Module, features: FeatureCache, callee: number): number[] {
  const callers: number[] = [];
  for (let f = module.importedFunctions; f < module.functions.length; f++) {
    if (features.of(f).callees.has(callee)) callers.push(f);
  }
  return callers;
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
