// Which instructions may change which bytes are valid: calls that can reach free, a poisoning function of the ABI, a change
// of the stack, or the host, which may call any export; and writes of the stack pointer. Computed over the call graph.

import { type CallGraph, reaching } from '../call-graph.ts';
import type { Decoder } from '../wasm/decoder.ts';
import { KIND, type Module } from '../wasm/module.ts';
import { OP, PREFIX_ATOMIC } from '../wasm/opcodes.ts';
import type { ScanTraits } from './body-scan.ts';
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

/** Answers the question for every instruction of one module. */
export class Poisoners implements ScanTraits {
  readonly stackPointer: number;
  /** By function index: a call may poison. */
  readonly functions: Uint8Array;
  private readonly indirect: Uint8Array;
  private readonly stackRule: boolean;
  /** Other threads may free whatever this one has not synchronised with since. */
  private readonly shared: boolean;

  constructor(input: PoisonInput) {
    const { module, graph, disabled } = input;
    this.stackPointer = input.stackPointer ?? -1;
    this.stackRule = !disabled?.has('stack pointer');
    const imports = module.imports.filter((i) => i.kind === KIND.FUNC && !WASI.test(i.module)).map((i) => i.index);
    const roots = disabled?.has('call') ? [] : [...input.allocator, ...imports];
    if (this.stackRule && this.stackPointer >= 0) {
      graph.globalsWritten.forEach((globals, func) => globals.includes(this.stackPointer) && roots.push(func));
    }
    this.shared = (module.memories[0]?.shared ?? false) && !disabled?.has('atomic');
    this.functions = reaching(module, graph, roots);
    if (this.shared) this.functions.fill(1);
    this.indirect = this.indirectTypes(module, graph, disabled?.has('indirect call') ?? false);
  }

  /** By type index: whether call_indirect may reach a function that poisons. */
  private indirectTypes(module: Module, graph: CallGraph, off: boolean): Uint8Array {
    const marks = new Uint8Array(module.types.length);
    if (off) return marks;
    if (this.shared || hostFillsTables(module)) return marks.fill(1);
    const signature = module.types.map((t, i) => (t ? `${t.params.join()}>${t.results.join()}` : `#${i}`));
    const bad = new Set<string>();
    for (const func of graph.addressTaken) if (this.functions[func]) bad.add(signature[module.functions[func]!]!);
    signature.forEach((s, i) => {
      if (bad.has(s)) marks[i] = 1;
    });
    return marks;
  }

  kills(decoder: Decoder): boolean {
    switch (decoder.op) {
      case OP.CALL:
      case OP.RETURN_CALL:
        return this.functions[decoder.index] === 1;
      case OP.CALL_INDIRECT:
      case OP.RETURN_CALL_INDIRECT:
        return this.indirect[decoder.index] === 1;
      case OP.GLOBAL_SET:
        return decoder.index === this.stackPointer && this.stackRule;
      case OP.CALL_REF:
      case OP.RETURN_CALL_REF:
        return true;
      default:
        return this.shared && decoder.op >> 12 === PREFIX_ATOMIC;
    }
  }
}

/** A table the host can write to may hold functions that call back into anything. */
function hostFillsTables(module: Module): boolean {
  return module.exports.some((e) => e.kind === KIND.TABLE) || module.imports.some((i) => i.kind === KIND.TABLE);
}
