// Where a function may take room below the stack pointer without moving it, as LLVM does in functions that call nothing:
// wherever something is subtracted from the stack pointer, or from what was made of it that way. Locals are followed without
// regard to the order of things, so that nothing is missed; what is no room costs a comparison. As optimisers use one local for
// many things, only amounts that are known to be multiples of 16 count, and masks that align.
//
//   global.get $sp  i32.const 32  i32.sub  local.tee $frame      the frame itself, unless more is masked off: no room
//   ...
//   local.get $frame  local.get $n  i32.const 15  i32.add  i32.const -16  i32.and  i32.sub  <- room

import type { BodyScan } from '../body-scan.ts';
import { PLAIN_EFFECTS, STACK_EFFECTS } from '../elide/stack-effects.ts';
import { blockType } from '../wasm/block-type.ts';
import type { Module } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';

/** What is known of an operand: a constant's value, whether it comes from the stack pointer, or that it is a multiple of 16. */
type Operand = number | 'pointer' | 'kept' | 'multiple' | undefined;

/** Locals that may hold each, and those that hold one constant: unoptimised code keeps every operand in a local. */
interface Kept {
  readonly pointers: Set<number>;
  readonly multiples: Set<number>;
  /** Undefined where more than that constant is written. */
  readonly constants: Map<number, number | undefined>;
}

const I64_AND = 0x83;
const I64_SHL = 0x86;
/** Room is taken in units of so many bytes. */
const UNIT = 16;
const UNIT_SHIFT = 4;

/** Just past each instruction of the body in `scan` that leaves such an address. The read that ends at `except` does not count. */
export function roomsBelow(module: Module, scan: BodyScan, stackPointer: number, except = 0): number[] {
  const kept: Kept = { pointers: new Set(), multiples: new Set(), constants: new Map() };
  for (;;) {
    const pass = new Pass(module, scan, stackPointer, kept, except);
    const found = pass.run();
    if (!pass.learned) return found;
  }
}

class Pass {
  private readonly module: Module;
  private readonly scan: BodyScan;
  /** Number of the instruction that it stands at. */
  private i = 0;
  private readonly stackPointer: number;
  private readonly except: number;
  private readonly kept: Kept;
  private readonly found: number[] = [];
  private readonly stack: Operand[] = [];
  /** How many operands there are; what lies above them in `stack` is left over. */
  private height = 0;
  private readonly blocks: { height: number; results: number }[] = [];
  private readonly is64: boolean;
  /** Something about locals that what came before it should have known. */
  learned = false;

  constructor(module: Module, scan: BodyScan, stackPointer: number, kept: Kept, except: number) {
    this.module = module;
    this.scan = scan;
    this.stackPointer = stackPointer;
    this.kept = kept;
    this.except = except;
    this.is64 = module.memories[0]!.is64;
  }

  run(): number[] {
    const { op, count } = this.scan;
    for (this.i = 0; this.i < count; this.i++) this.step(op[this.i]!);
    return this.found;
  }

  /** First index, constant or block type of the current instruction. */
  private get arg(): number {
    return this.scan.arg[this.i]!;
  }

  private get end(): number {
    return this.scan.at[this.i + 1]!;
  }

  private step(op: number): void {
    if (op === OP.LOCAL_GET) this.push(this.local(this.arg));
    else if (op === OP.LOCAL_SET || op === OP.LOCAL_TEE) this.setLocal(op);
    else if (op === OP.I32_CONST || op === OP.I64_CONST) this.push(this.scan.integer(this.i));
    else if (op === OP.GLOBAL_GET) this.push(this.isRead() ? 'pointer' : undefined);
    else if (op === OP.GLOBAL_SET) this.pop();
    else if (op === (this.is64 ? OP.I64_SUB : OP.I32_SUB))
      this.take((right) => (typeof right === 'number' ? right : right === 'multiple' ? UNIT : 0));
    else if (op === (this.is64 ? OP.I64_ADD : OP.I32_ADD))
      this.take((right) => (typeof right === 'number' ? -right : 0));
    else if (op === (this.is64 ? I64_AND : OP.I32_AND)) this.mask();
    else if (op === (this.is64 ? I64_SHL : OP.I32_SHL)) this.scale((by) => by >= UNIT_SHIFT);
    else if (op === (this.is64 ? OP.I64_MUL : OP.I32_MUL)) this.scale((by) => by % UNIT === 0);
    else this.other(op);
  }

  private push(value: Operand): void {
    this.stack[this.height++] = value;
  }

  private pop(): Operand {
    return this.height > 0 ? this.stack[--this.height] : undefined;
  }

  private isRead(): boolean {
    return this.arg === this.stackPointer && this.end !== this.except;
  }

  private local(index: number): Operand {
    if (this.kept.pointers.has(index)) return 'kept';
    return this.kept.multiples.has(index) ? 'multiple' : this.kept.constants.get(index);
  }

  private setLocal(op: number): void {
    const value = this.pop();
    const index = this.arg;
    if (isPointer(value)) this.learn(this.kept.pointers, index);
    else if (value === 'multiple') this.learn(this.kept.multiples, index);
    this.learnConstant(index, typeof value === 'number' ? value : undefined);
    if (op === OP.LOCAL_TEE) this.push(value);
  }

  private learn(locals: Set<number>, index: number): void {
    this.learned ||= !locals.has(index);
    locals.add(index);
  }

  private learnConstant(index: number, value: number | undefined): void {
    const { constants } = this.kept;
    const isNew = !constants.has(index);
    if (!isNew && (constants.get(index) === undefined || constants.get(index) === value)) return;
    this.learned = true;
    constants.set(index, isNew ? value : undefined);
  }

  /** `taken`: how much of the pointer. */
  private take(taken: (right: Operand) => number): void {
    const right = this.pop();
    const left = this.pop();
    if (!isPointer(left) || isPointer(right) || taken(right) <= 0 || taken(right) % UNIT !== 0) {
      this.push(left === 'multiple' && isMultiple(right) ? 'multiple' : undefined);
      return;
    }
    if (left === 'kept' || typeof right !== 'number') this.found.push(this.end);
    this.push('kept');
  }

  /** Aligns a pointer, or rounds an amount. */
  private mask(): void {
    const right = this.pop();
    const left = this.pop();
    const isAligned = isPointer(left) && typeof right === 'number' && right <= -UNIT && (right & -right) === -right;
    if (isAligned) this.found.push(this.end);
    const isRounded = !isPointer(left) && (isMultiple(left) || isMultiple(right));
    this.push(isAligned ? 'kept' : isRounded ? 'multiple' : undefined);
  }

  private scale(byUnits: (by: number) => boolean): void {
    const right = this.pop();
    const left = this.pop();
    const isScaled = typeof right === 'number' && byUnits(right);
    this.push(isScaled || left === 'multiple' ? 'multiple' : undefined);
  }

  private other(op: number): void {
    if (op === OP.BLOCK || op === OP.LOOP || op === OP.IF || op === OP.TRY || op === OP.TRY_TABLE) this.open(op);
    else if (op === OP.END || op === OP.DELEGATE) this.close();
    else if (op === OP.BR_IF) this.replace(1, 0);
    else if (op === OP.SELECT || op === OP.SELECT_T) this.select();
    else if (op === OP.CALL) this.exchange(this.module.types[this.module.functions[this.arg]!], 0);
    else if (op === OP.CALL_INDIRECT) this.exchange(this.module.types[this.arg], 1);
    else {
      const effect = op < 256 ? PLAIN_EFFECTS[op]! : (STACK_EFFECTS.get(op) ?? -1);
      if (effect < 0) this.cut();
      else this.replace(effect >> 4, effect & 15);
    }
  }

  private select(): void {
    this.pop();
    const [b, a] = [this.pop(), this.pop()];
    this.push(isPointer(a) || isPointer(b) ? 'kept' : isMultiple(a) || isMultiple(b) ? 'multiple' : undefined);
  }

  private exchange(type: Module['types'][number] | undefined, more: number): void {
    if (type) this.replace(type.params.length + more, type.results.length);
    else this.cut();
  }

  /** A way ends here, or what follows is not known: only what lies below the block is left. */
  private cut(): void {
    this.height = Math.min(this.height, this.blocks.at(-1)?.height ?? 0);
  }

  private replace(takes: number, leaves: number): void {
    this.height = Math.max(0, this.height - takes);
    for (let n = leaves; n > 0; n--) this.push(undefined);
  }

  private open(op: number): void {
    if (op === OP.IF) this.pop();
    const { params, results } = blockType(this.module, this.arg);
    this.blocks.push({ height: Math.max(0, this.height - params.length), results: results.length });
  }

  private close(): void {
    const block = this.blocks.pop();
    if (!block) return;
    while (this.height < block.height) this.push(undefined);
    this.height = block.height;
    for (let n = block.results; n > 0; n--) this.push(undefined);
  }
}

function isPointer(value: Operand): boolean {
  return value === 'pointer' || value === 'kept';
}

function isMultiple(value: Operand): boolean {
  return value === 'multiple' || (typeof value === 'number' && value !== 0 && value % UNIT === 0);
}
