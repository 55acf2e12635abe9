// Which instructions may change which bytes are valid: calls that can reach free, a poisoning function of the ABI, a change
// of the stack, or the host, which may call any export; and writes of the stack pointer. Computed over the call graph.

import type { ScanTraits } from '../body-scan.ts';
import { type CallGraph, reaching } from '../call-graph.ts';
import { KIND, type Module, signatures } from '../wasm/module.ts';
import { OP, PREFIX_ATOMIC } from '../wasm/opcodes.ts';
import type { KillRule } from './rules.ts';

export interface PoisonInput {
  readonly module: Module;
  readonly graph: CallGraph;
  /** Functions replaced by the runtime's wrappers: the allocator. */
  readonly allocator: readonly number[];
  /** The shadow stack pointer's global, or undefined. */
  readonly stackPointer: number | undefined;
  readonly disabled?: ReadonlySet<KillRule>;
}

const WASI = /^wasi_/;

/** The answer for one module, as plain data. */
export interface PoisonFacts {
  /** -1: there is none. */
  readonly stackPointer: number;
  /** By function index: a call may poison. */
  readonly functions: Uint8Array;
  /** By type index: whether call_indirect may reach a function that poisons. */
  readonly indirect: Uint8Array;
  readonly stackRule: boolean;
  /** Other threads may free whatever this one has not synchronised with since. */
  readonly shared: boolean;
}

export function findPoisoners(input: PoisonInput): PoisonFacts {
  const { module, graph, disabled } = input;
  const stackPointer = input.stackPointer ?? -1;
  const stackRule = !disabled?.has('stack pointer');
  const imports = module.imports.filter((i) => i.kind === KIND.FUNC && !WASI.test(i.module)).map((i) => i.index);
  const roots = disabled?.has('call') ? [] : [...input.allocator, ...imports];
  if (stackRule && stackPointer >= 0) {
    graph.globalsWritten.forEach((globals, func) => globals.includes(stackPointer) && roots.push(func));
  }
  const shared = (module.memories[0]?.shared ?? false) && !disabled?.has('atomic');
  const functions = reaching(module, graph, roots);
  if (shared) functions.fill(1);
  const indirect = new Uint8Array(module.types.length);
  if (!disabled?.has('indirect call')) {
    if (shared || hostFillsTables(module)) indirect.fill(1);
    else markIndirect(indirect, module, graph, functions);
  }
  return { stackPointer, functions, indirect, stackRule, shared };
}

function markIndirect(marks: Uint8Array, module: Module, graph: CallGraph, functions: Uint8Array): void {
  const signature = signatures(module);
  const bad = new Set<string>();
  for (const func of graph.addressTaken) if (functions[func]) bad.add(signature[module.functions[func]!]!);
  signature.forEach((s, i) => {
    if (bad.has(s)) marks[i] = 1;
  });
}

/** Answers the question for every instruction of one module. */
export class Poisoners implements ScanTraits {
  readonly stackPointer: number;
  private readonly facts: PoisonFacts;

  constructor(facts: PoisonFacts) {
    this.facts = facts;
    this.stackPointer = facts.stackPointer;
  }

  kills(op: number, index: number): boolean {
    const { functions, indirect, stackRule, shared } = this.facts;
    switch (op) {
      case OP.CALL:
      case OP.RETURN_CALL:
        return functions[index] === 1;
      case OP.CALL_INDIRECT:
      case OP.RETURN_CALL_INDIRECT:
        return indirect[index] === 1;
      case OP.GLOBAL_SET:
        return index === this.stackPointer && stackRule;
      case OP.CALL_REF:
      case OP.RETURN_CALL_REF:
        return true;
      default:
        return shared && op >> 12 === PREFIX_ATOMIC;
    }
  }
}

/** A table the host can write to may hold functions that call back into anything. */
function hostFillsTables(module: Module): boolean {
  return module.exports.some((e) => e.kind === KIND.TABLE) || module.imports.some((i) => i.kind === KIND.TABLE);
}
