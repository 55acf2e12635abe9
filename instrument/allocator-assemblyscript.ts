// The allocator of an AssemblyScript module, with or without names: TLSF by what its bodies look like, tried out in a copy of
// the module. The names of __alloc and __free help little, because optimised builds have inlined them into the collector.

import type { Allocator, AllocatorFunction } from './allocator.ts';
import { ALLOCATOR_ROLES, type AllocatorRole } from './allocator-roles.ts';
import { FeatureCache } from './body-features.ts';
import { findStub, findTlsf, type Tlsf } from './fingerprints/assemblyscript.ts';
import { buildProbe, INITIALISE, type Probe, type ProbeResult } from './probe-module.ts';
import { functionNames, type Module, pointerType } from './wasm/module.ts';
import { TYPE } from './wasm/opcodes.ts';

type Found = Pick<Allocator, 'functions' | 'layout' | 'evidence' | 'confidence' | 'refused' | 'probeFailed'>;

/** Undefined if the module has no such allocator. */
export function findAssemblyScript(module: Module, probe?: Probe): Found | undefined {
  if (pointerType(module) !== TYPE.I32) return undefined;
  const tlsf = findTlsf(module, new FeatureCache(module));
  if (!tlsf) return undefined;
  const answer = tlsf.refused === undefined ? tryOut(module, tlsf, probe) : undefined;
  const evidence = [...tlsf.evidence, ...(answer?.facts ?? [])];
  const probeFailed = answer?.outcome === 'failed';
  const refused = probeFailed ? `a probe run of TLSF's functions went wrong: ${answer.reason}` : tlsf.refused;
  if (refused !== undefined) {
    return { functions: [], layout: 'behind', evidence, confidence: 'none', refused, probeFailed };
  }
  const names = functionNames(module);
  const bodyFunction = (role: AllocatorRole, func: number): AllocatorFunction => {
    return { role, func, how: 'body', name: names.get(func) ?? `function ${func}` };
  };
  const roles = ALLOCATOR_ROLES.filter((r) => tlsf.roles.has(r.role));
  return {
    functions: roles.map((r) => bodyFunction(r, tlsf.roles.get(r.role)!)),
    layout: 'behind',
    evidence: [...evidence, "AssemblyScript's blocks have their header in front: redzones go behind them alone"],
    confidence: answer?.outcome === 'confirmed' ? 'high' : 'medium',
    refused,
    probeFailed,
  };
}

/** What there is to say of a module in which no allocator was found. */
export function explainStub(module: Module): string | undefined {
  if (pointerType(module) !== TYPE.I32) return undefined;
  const alloc = findStub(module, new FeatureCache(module));
  if (alloc === undefined) return undefined;
  return `AssemblyScript's stub runtime never gives memory back (function ${alloc} counts up): nothing can be used after it was freed, and blocks have no redzones`;
}

function tryOut(module: Module, { roles, setUp }: Tlsf, probe?: Probe): ProbeResult | undefined {
  const question =
    probe && setUp && buildProbe(module, new Map([...roles, [INITIALISE, setUp.initialise]]), setUp.root);
  return question && probe(question);
}
