// Allocators without malloc and free like C's, by what their bodies look like, tried out in a copy of the module. AssemblyScript's
// also where there are names: those of __alloc and __free help little, because optimised builds have inlined them into the
// collector.

import type { Allocator, AllocatorFunction } from './allocator-found.ts';
import { ALLOCATOR_ROLES, type AllocatorRole } from './allocator-roles.ts';
import type { FeatureCache } from './body-features.ts';
import type { CallGraph } from './call-graph.ts';
import { findStub, findTlsf } from './fingerprints/assemblyscript.ts';
import type { Family } from './fingerprints/fingerprint.ts';
import { findTinyGo } from './fingerprints/tinygo.ts';
import { findWee } from './fingerprints/wee.ts';
import { COLLECTOR, keptFunction } from './kept-by-name.ts';
import { INITIALISE, type Probe, type ProbeResult } from './probe-module.ts';
import { tryOut } from './try-out.ts';
import { type Module, pointerType } from './wasm/module.ts';
import { functionNames } from './wasm/names.ts';
import { TYPE } from './wasm/opcodes.ts';

type Found = Pick<Allocator, 'functions' | 'kept' | 'layout' | 'evidence' | 'confidence' | 'refused' | 'probeFailed'>;

/** Undefined if the module has no such allocator. */
export function findFamily(module: Module, features: FeatureCache, probe?: Probe): Found | undefined {
  if (pointerType(module) !== TYPE.I32) return undefined;
  const names = functionNames(module);
  const family =
    findTlsf(module, features) ??
    (names.size === 0 ? (findWee(module, features) ?? findTinyGo(module, features)) : undefined);
  if (!family) return undefined;
  const answer = family.refused === undefined ? tried(module, features.graph, family, probe) : undefined;
  const { layout } = family;
  const evidence = [...family.evidence, ...(answer?.facts ?? [])];
  const probeFailed = answer?.outcome === 'failed';
  const refused = probeFailed ? `a probe run of it went wrong: ${answer.reason}` : family.refused;
  if (refused !== undefined) {
    return { functions: [], kept: [], layout, evidence, confidence: 'none', refused, probeFailed };
  }
  const bodyFunction = (role: AllocatorRole, func: number): AllocatorFunction => {
    return { role, func, how: 'body', name: names.get(func) ?? `function ${func}` };
  };
  const roles = ALLOCATOR_ROLES.filter((r) => family.roles.has(r.role));
  const functions = roles.map((r) => bodyFunction(r, family.roles.get(r.role)!));
  const confidence = answer?.outcome === 'confirmed' ? 'high' : 'medium';
  const kept = (family.collected?.kept ?? []).map((func) => keptFunction(COLLECTOR, func, 'body', `function ${func}`));
  return { functions, kept, layout, evidence, confidence, refused, probeFailed };
}

/** What there is to say of a module in which no allocator was found. */
export function explainStub(module: Module, features: FeatureCache): string | undefined {
  if (pointerType(module) !== TYPE.I32) return undefined;
  const alloc = findStub(module, features);
  if (alloc === undefined) return undefined;
  return `AssemblyScript's stub runtime never gives memory back (function ${alloc} counts up): nothing can be used after it was freed, and blocks have no redzones`;
}

function tried(
  module: Module,
  graph: CallGraph,
  { roles, setUp, collected }: Family,
  probe?: Probe,
): ProbeResult | undefined {
  if (roles.has('tlsf allocate block') && !setUp) return undefined;
  const all = setUp ? new Map([...roles, [INITIALISE, setUp.initialise]]) : roles;
  return tryOut(module, graph, { roles: all, root: setUp?.root, heap: collected?.heap }, probe);
}
