// Which checks of a function are not needed: an abstract run over its own structured code, once from top to bottom, that
// knows for each value how it differs from others by a constant, and for each value which bytes around it are valid.
//
//   local.get $p  i32.load offset=8      checked: now p+8..12 is valid
//   local.get $p  i32.const 4  i32.add
//   i32.load offset=4                    the same bytes: no check
//   call $free                           may poison: everything is forgotten
//   local.get $p  i32.load offset=8      checked again
//
// A loop is entered with what holds before it, less what its body changes; so one pass is enough.

import { accessOf } from '../access-table.ts';
import { INSIDE } from '../body-scan.ts';
import { blockType } from '../wasm/block-type.ts';
import { opcodeTable } from '../wasm/decoder.ts';
import { OP, VOID_BLOCK } from '../wasm/opcodes.ts';
import { Accesses, type AnalysisInput } from './accesses.ts';
import { ACTION } from './rules.ts';
import { PLAIN_EFFECTS, PURE, STACK_EFFECTS } from './stack-effects.ts';
import { ZERO } from './value-table.ts';

/** A function is given up where merging states costs more steps than this many times its instructions. */
const STEPS_PER_INSTRUCTION = 24;
const FREE_STEPS = 20_000;
/** A function with more instructions keeps its checks: the tables would outgrow what they save. */
const MAX_INSTRUCTIONS = 400_000;

/** Control instructions that straight code may hold. */
const STRAIGHT = opcodeTable(OP.BLOCK, OP.DROP, OP.SELECT, OP.SELECT_T, OP.CALL, OP.CALL_INDIRECT);

export class Analysis extends Accesses {
  constructor(input: AnalysisInput) {
    super(input);
  }

  /** Analyses the i-th body. False: keep every check. */
  run(i: number): boolean {
    const { module, scan, state, values } = this;
    const func = module.importedFunctions + i;
    const type = module.types[module.functions[func]!]!;
    scan.read(i);
    if (scan.count > MAX_INSTRUCTIONS) return false;
    values.reset();
    state.reset(scan.localCount + 1);
    // Declared locals start as 0. (The 0 of another type is never mistaken for an i32's: no i32 operation can take it.)
    state.locals.fill(ZERO, 0, scan.localCount);
    for (let local = 0; local < type.params.length; local++) state.locals[local] = values.opaque();
    this.beginAccesses(func);
    this.begin(type.results.length);
    this.walk();
    this.neighbours.close();
    return !this.gaveUp;
  }

  private walk(): void {
    const { scan, state } = this;
    const budget = FREE_STEPS + scan.count * STEPS_PER_INSTRUCTION;
    for (let i = 0; i < scan.count && !this.gaveUp; i++) {
      const op = scan.op[i]!;
      if (op <= OP.TRY_TABLE && op > 1) {
        if (!STRAIGHT[op] || scan.killing[i]) this.neighbours.boundary();
        this.control(op, i);
        if (state.steps > budget) this.gaveUp = true;
      } else if (this.dead) {
        const access = accessOf(op);
        if (access && access.size > 0 && scan.arg[i] === 0) {
          this.neighbours.skip(this.count);
          this.decide(i, ACTION.CHECK);
        }
      } else {
        this.plain(op, i);
      }
    }
  }

  // ------------------------------------------------------------------------------------------------- straight line

  private plain(op: number, i: number): void {
    const { scan, state, values } = this;
    const arg = scan.arg[i]!;
    switch (op) {
      case OP.UNREACHABLE:
        this.die();
        return;
      case OP.LOCAL_GET:
        this.push(state.locals[arg]!);
        return;
      case OP.LOCAL_SET:
        state.set(arg, this.pop());
        return;
      case OP.LOCAL_TEE:
        state.set(arg, this.stack[this.height - 1]!);
        return;
      case OP.I32_CONST:
        this.push(values.constant(arg));
        return;
      case OP.I64_CONST:
        this.push(values.opaque());
        return;
      case OP.GLOBAL_GET:
        this.push(arg === this.poisoners.stackPointer ? state.locals[scan.localCount]! : values.opaque());
        return;
      case OP.GLOBAL_SET:
        this.setGlobal(arg, i);
        return;
    }
    const access = accessOf(op);
    if (access) this.access(access, i);
    else if (op < 0x100 && PURE[op]) this.compute(op);
    else this.effect(op < 0x100 ? PLAIN_EFFECTS[op]! : (STACK_EFFECTS.get(op) ?? -1));
    if (scan.killing[i]) this.kill();
  }

  private kill(): void {
    this.neighbours.boundary();
    this.state.kill();
  }

  private setGlobal(global: number, i: number): void {
    const value = this.pop();
    if (global === this.poisoners.stackPointer) this.state.set(this.scan.localCount, value);
    if (this.scan.killing[i]) this.kill();
  }

  private compute(op: number): void {
    const { values } = this;
    if (PLAIN_EFFECTS[op] === 0x11) {
      this.push(values.unary(op, this.pop()));
      return;
    }
    const y = this.pop();
    this.push(values.binary(op, this.pop(), y));
  }

  private effect(effect: number): void {
    if (effect < 0) {
      this.gaveUp = true;
      return;
    }
    this.height -= effect >> 4;
    for (let n = effect & 15; n > 0; n--) this.push(this.values.opaque());
  }

  // ------------------------------------------------------------------------------------------------- control flow

  protected override loopEnds(): void {
    this.watch.active = false;
  }

  private control(op: number, i: number): void {
    switch (op) {
      case OP.BLOCK:
      case OP.LOOP:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        return this.enter(op, i);
      case OP.ELSE:
        return this.otherwise();
      case OP.CATCH:
      case OP.CATCH_ALL:
        return this.handler(op);
      case OP.END:
      case OP.DELEGATE:
        return this.leave();
    }
    if (this.dead) return;
    switch (op) {
      case OP.BR:
        this.watchBranch(this.scan.arg[i]!);
        this.branch(this.scan.arg[i]!);
        return this.die();
      case OP.BR_IF:
        this.height--;
        if (this.watch.active) this.backEdge(i);
        return this.branch(this.scan.arg[i]!);
      case OP.BR_TABLE:
        this.watch.active = false;
        this.branchTable(i);
        return this.die();
      case OP.CALL:
      case OP.CALL_INDIRECT:
        return this.call(op, i);
      case OP.DROP:
        this.height--;
        return;
      case OP.SELECT:
      case OP.SELECT_T:
        this.height -= 3;
        return this.push(this.values.opaque());
      case OP.RETURN:
        this.watch.active = false;
        return this.die();
      case OP.RETURN_CALL:
      case OP.RETURN_CALL_INDIRECT:
      case OP.THROW:
      case OP.RETHROW:
      case OP.THROW_REF:
        return this.die();
      default: // calls through references: their types are not read here
        this.gaveUp = true;
    }
  }

  private call(op: number, i: number): void {
    const { module, scan, state } = this;
    const index = scan.arg[i]!;
    const type = module.types[op === OP.CALL ? module.functions[index]! : index];
    if (!type) {
      this.gaveUp = true;
      return;
    }
    this.height -= type.params.length + (op === OP.CALL ? 0 : 1);
    for (let n = type.results.length; n > 0; n--) this.push(this.values.opaque());
    if (scan.killing[i]) state.kill();
  }

  private enter(op: number, i: number): void {
    const { scan, state } = this;
    const block = scan.arg[i]!;
    const { params, results } = blockType(this.module, block);
    if (op === OP.IF && !this.dead) this.height--;
    this.open(op, i, params.length, results.length);
    if (this.dead) return;
    if (op === OP.LOOP) {
      this.enterLoop(i, params.length);
    } else if (op === OP.TRY_TABLE) {
      this.handlerBranches(i);
    }
    this.frames[this.depth - 1]!.start = state.current;
  }

  /** A loop's head is reached from its body, too. */
  private enterLoop(i: number, parameters: number): void {
    const { scan, state } = this;
    if (scan.inside[i]! & INSIDE.KILL && !this.disabled.has('loop')) state.kill();
    this.watch.active = false;
    if (scan.inside[i] === 0 && scan.arg[i] === VOID_BLOCK && !this.values64) {
      this.watch.open(
        scan.at[i]!,
        scan.at[scan.close[i]! - 1]! + 1,
        this.quietScope(),
        state.locals.subarray(0, scan.localCount),
        this.stackAtEntry,
        this.count,
      );
    }
    if (!this.disabled.has('loop local')) this.renew(scan.sets, scan.setsFrom[i]!, scan.setsTo[i]!, this.watch);
    for (let n = parameters; n > 0; n--) this.stack[this.height - n] = this.values.opaque();
  }

  /** A conditional branch inside the watched loop: its end is what the watch waits for. */
  private backEdge(i: number): void {
    const { scan } = this;
    const frame = this.frames[this.depth - 1]!;
    if (frame.op !== OP.LOOP || scan.arg[i] !== 0 || scan.close[frame.opener] !== i + 2) {
      return this.watchBranch(scan.arg[i]!);
    }
    const found = this.watch.close(this.stack[this.height]!, this.state.locals);
    if (!found) return;
    this.loops.push(found.loop);
    for (const access of found.accesses) this.action[access] = ACTION.HOISTED;
    this.neighbours.close();
    this.neighbours.dissolve(found.first, this.count);
  }

  /** A branch out of the watched loop, or to its head from elsewhere than its end, makes the rounds uncountable. */
  private watchBranch(label: number): void {
    if (this.disabled.has('back edge')) return;
    const target = this.frames[this.depth - 1 - label];
    if (this.watch.active && (!target || !this.watch.contains(this.scan.at[target.opener]!))) this.watch.active = false;
  }
}
