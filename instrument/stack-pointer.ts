// Which global is the shadow stack pointer (`__stack_pointer`), and where the stack lies. By name or export where there is
// one; else by shape: the mutable pointer-sized global most functions subtract a constant from in their first instructions.
// A stack that grows upward, as that of Emscripten's fastcomp (to 1.39) does, is none: all that is known of frames is of LLVM's.

import { InstrumentError } from './errors.ts';
import { Decoder } from './wasm/decoder.ts';
import { KIND, type Module, pointerType } from './wasm/module.ts';
import { globalNames } from './wasm/names.ts';
import { OP } from './wasm/opcodes.ts';

export interface StackPointer {
  readonly global: number;
  readonly how: 'option' | 'import' | 'export' | 'name' | 'shape';
  /** Initial value = end of the stack, where the initialiser is a constant. */
  readonly initial: number | undefined;
  /** Prologues that subtract from it, less those that add. */
  readonly prologues: number;
}

const NAME = '__stack_pointer';
/** A prologue starts within this many instructions of the body. */
const PROLOGUE_WINDOW = 12;

export function findStackPointer(module: Module, option?: number): StackPointer | undefined {
  const counts = countPrologues(module);
  const at = (global: number, how: StackPointer['how']): StackPointer | undefined => {
    const g = module.globals[global];
    if (!g?.mutable || g.type !== pointerType(module)) return undefined;
    return { global, how, initial: g.constant, prologues: counts.get(global) ?? 0 };
  };
  if (option !== undefined) {
    const given = at(option, 'option');
    if (!given) throw new InstrumentError('E_STACK_POINTER', `global ${option}`);
    return given;
  }
  const imported = module.imports.find((i) => i.kind === KIND.GLOBAL && i.name === NAME);
  if (imported) return at(imported.index, 'import');
  const exported = module.exports.find((e) => e.kind === KIND.GLOBAL && e.name === NAME);
  if (exported) return at(exported.index, 'export');
  for (const [index, name] of globalNames(module)) if (name === NAME) return at(index, 'name');
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best && best[1] >= 2 ? at(best[0], 'shape') : undefined;
}

/** How many functions begin with `global.get g; i32.const n; i32.sub`, less those that begin with an addition to it. */
function countPrologues(module: Module): Map<number, number> {
  const counts = new Map<number, number>();
  const pointer = pointerType(module);
  // A stack ends above the data or at a round address, never at 0: that tells it from Asyncify's state, which also opens
  // every function. An imported one (a dynamic library's) has no value yet.
  const candidates = module.globals.map(
    (g) => g.mutable && g.type === pointer && (g.imported || (g.constant ?? 0) > 0),
  );
  const decoder = new Decoder(module.bytes);
  for (const body of module.bodies) {
    decoder.pos = body.start;
    decoder.end = body.end;
    decoder.skipLocals();
    const prologue = prologueOf(decoder, candidates);
    if (prologue) counts.set(prologue.global, (counts.get(prologue.global) ?? 0) + (prologue.growsUp ? -1 : 1));
  }
  return counts;
}

/**
 * The -O0 shape keeps both operands in locals first, so `global.get` and `sub` need not be adjacent; what grows up writes the
 * sum to the global at once.
 */
function prologueOf(
  decoder: Decoder,
  candidates: readonly boolean[],
): { global: number; growsUp: boolean } | undefined {
  let global = -1;
  let isSum = false;
  for (let i = 0; i < PROLOGUE_WINDOW && decoder.pos < decoder.end; i++) {
    const followsSum = isSum;
    decoder.next();
    const { op } = decoder;
    isSum = op === OP.I32_ADD || op === OP.I64_ADD;
    if (op === OP.GLOBAL_GET && global < 0 && candidates[decoder.index]) global = decoder.index;
    else if (op === OP.I32_SUB || op === OP.I64_SUB) return global < 0 ? undefined : { global, growsUp: false };
    else if (op === OP.GLOBAL_SET && decoder.index === global && followsSum) return { global, growsUp: true };
    else if (op === OP.CALL || op === OP.BLOCK || op === OP.LOOP) return undefined;
  }
  return undefined;
}
