// The blocks of a function while its frame is looked for: where control goes, and what is known where its ways meet.

import { blockType } from '../wasm/block-type.ts';
import { OP } from '../wasm/opcodes.ts';
import { Operands, Trouble } from './operands.ts';
import { returnsFirst } from './returned.ts';
import { tagTypes } from './tags.ts';
import { OTHER, type State, type Value } from './values.ts';

export abstract class Branches extends Operands {
  protected structure(op: number): void {
    switch (op) {
      case OP.BLOCK:
      case OP.LOOP:
      case OP.IF:
      case OP.TRY:
      case OP.TRY_TABLE:
        return this.open(op);
      case OP.ELSE:
        return this.otherwise();
      case OP.CATCH:
      case OP.CATCH_ALL:
        return this.handler(op);
      case OP.END:
      case OP.DELEGATE:
        return this.close();
      case OP.BR:
        this.jump(this.arg);
        return this.dead();
      case OP.BR_IF:
        this.condition();
        this.block++;
        return this.jump(this.arg, true);
      case OP.BR_TABLE:
        return this.table();
      case OP.RETURN:
        this.consume(this.type.results.length);
        this.leave();
        return this.dead();
      case OP.UNREACHABLE:
      case OP.THROW:
      case OP.RETHROW:
      case OP.THROW_REF:
        return this.dead();
      case OP.SELECT:
      case OP.SELECT_T:
        this.escape(this.pop());
        this.merge(this.pop());
        this.merge(this.pop());
        return this.push(OTHER);
      case OP.DROP:
        this.pop();
        return;
      case 0x01: // nop
        return;
      default:
        return this.call(op);
    }
  }

  protected call(op: number): void {
    const { arg, scan } = this;
    const direct = op === OP.CALL || op === OP.RETURN_CALL;
    const known = direct || op === OP.CALL_INDIRECT || op === OP.RETURN_CALL_INDIRECT;
    const type = known ? this.module.types[direct ? this.module.functions[arg]! : arg] : undefined;
    if (!type) throw new Trouble('instruction');
    this.calls = true;
    const returned = op === OP.CALL ? this.returned(type.params.length) : undefined;
    const used = type.results.length > 0 && scan.op[this.i + 1] !== OP.DROP;
    if (used && !returned && this.mayFill(op, type.params.length)) this.baseReturned = true;
    if (!direct) this.consume(1);
    if (type.params.length > 0) this.pass(this.pop());
    this.consume(type.params.length - 1);
    if (op === OP.RETURN_CALL || op === OP.RETURN_CALL_INDIRECT) {
      this.leave();
      return this.dead();
    }
    if (returned) return this.push(returned);
    for (let n = type.results.length; n > 0; n--) this.push(OTHER);
  }

  /** What a call answers that is given something of the frame, if the function is known to return its first operand. */
  private returned(operands: number): Value | undefined {
    const from = this.height - operands;
    if (operands === 0 || from < this.control.floor) return undefined;
    let given = false;
    for (let k = from; k < this.height && !given; k++) given = isFollowed(this.stack[k]!);
    if (!given || !returnsFirst(this.module, this.arg)) return undefined;
    return isFollowed(this.stack[from]!) ? this.stack[from]! : OTHER;
  }

  /**
   * Whether it may be memcpy, memmove or memset, filling what lies at the base: LLVM then goes on with
   * the result in place of the base itself. What other functions return takes the place of the one object that they were given.
   */
  private mayFill(op: number, params: number): boolean {
    return op === OP.CALL && params === 3 && this.stack[this.height - 3]?.kind === 'base';
  }

  protected open(op: number): void {
    if (op === OP.IF) this.condition();
    const type = blockType(this.module, this.arg);
    if (op !== OP.BLOCK) this.block++;
    const height = Math.max(this.control.floor, this.height - type.params.length);
    if (op === OP.LOOP) this.forgetSets();
    const entry = this.control.enter(op, this.at, height, type, this.state);
    if (op === OP.LOOP && this.state) this.state = entry.meeting!.copy();
    if (op === OP.TRY || op === OP.TRY_TABLE) this.catches = true;
    if (op === OP.TRY_TABLE) entry.handlers = this.catchClauses();
  }

  /**
   * What a loop sets may be anything at its head: counters, mostly. A pointer into the frame is taken to be there all the same,
   * for a loop may set it to what it was, until the loop's end shows that it does not: that costs another walk of the function.
   */
  private forgetSets(): void {
    const { scan, state, i } = this;
    if (!state) return;
    for (let k = scan.setsFrom[i]!; k < scan.setsTo[i]!; k++) {
      const { kind } = state.get(scan.sets[k]!);
      if (kind !== 'base' && kind !== 'entry' && kind !== 'object') state.forget(scan.sets[k]!);
    }
  }

  /** Each clause is a branch that may be taken from anywhere inside. Labels count from outside the try_table. */
  protected catchClauses(): State[] {
    const handlers: State[] = [];
    const r = this.immediates();
    r.s33();
    for (let count = r.u32(); count > 0; count--) {
      if (r.byte() < 2) r.u32();
      const depth = r.u32() + 1;
      const target = this.control.open[this.control.open.length - 1 - depth];
      if (!target || target.op === OP.LOOP) throw new Trouble('instruction');
      const state = this.control.branch(depth, this.state, 'thrown');
      if (state) handlers.push(state);
    }
    return handlers;
  }

  protected condition(): void {
    const value = this.pop();
    if (value.kind === 'compare') this.clues?.folded.add(this.block);
    this.escape(value);
  }

  protected table(): void {
    this.clues?.folded.add(this.block);
    this.escape(this.pop());
    const r = this.immediates();
    for (let count = r.u32() + 1; count > 0; count--) this.jump(r.u32(), true);
    this.dead();
  }

  /** A branch: its operands go to a merge, which is not followed. */
  protected jump(depth: number, stays = false): void {
    const target = this.control.open[this.control.open.length - 1 - depth];
    if (!target) throw new Trouble('instruction');
    if (depth === this.control.open.length - 1) this.leave();
    const count = target.op === OP.LOOP ? target.parameters : target.results;
    if (count === 0) {
      this.control.branch(depth, this.state);
      return;
    }
    const operands: Value[] = [];
    for (let n = count; n > 0; n--) operands.push(this.pop());
    for (let n = count - 1; n >= 0; n--) this.merge(operands[n]!);
    this.control.branch(depth, this.state);
    if (stays) for (let n = count - 1; n >= 0; n--) this.push(operands[n]!);
  }

  protected dead(): void {
    this.state = undefined;
    this.height = Math.min(this.height, this.control.floor);
    this.block++;
  }

  protected otherwise(): void {
    const entry = this.control.top;
    this.arrive();
    this.state = entry.otherwise?.copy();
    entry.otherwise = undefined;
    for (let n = entry.parameters; n > 0; n--) this.push(OTHER);
  }

  protected handler(op: number): void {
    const entry = this.control.top;
    this.arrive();
    this.state = entry.handlers[0]?.copy();
    this.block++;
    if (op !== OP.CATCH) return;
    const type = this.module.types[tagTypes(this.module)[this.arg] ?? -1];
    if (!type) throw new Trouble('instruction');
    for (let n = type.params.length; n > 0; n--) this.push(OTHER);
  }

  /** The end of a block's body: its results meet those of the branches to it. */
  protected arrive(): void {
    const entry = this.control.top;
    if (this.state) {
      for (let n = entry.results; n > 0; n--) this.merge(this.pop());
      if (entry.op === OP.LOOP) return;
      if (entry.meeting) entry.meeting.meet(this.state);
      else entry.meeting = this.state.copy();
    }
    this.height = Math.min(this.height, entry.height);
    this.block++;
  }

  protected close(): void {
    const entry = this.control.top;
    if (this.control.open.length === 1) this.leave();
    this.arrive();
    if (entry.op === OP.IF && entry.otherwise) {
      if (entry.meeting) entry.meeting.meet(entry.otherwise);
      else entry.meeting = entry.otherwise;
    }
    if (entry.op !== OP.LOOP) this.state = entry.meeting;
    this.control.leave();
    this.height = Math.min(this.height, entry.height);
    for (let n = entry.results; n > 0; n--) this.push(OTHER);
  }

  protected leave(): void {
    if (this.state && this.state.pointer !== 'entry') throw new Trouble('pointer kept');
  }
}

/** Pointers that calls may give back. */
function isFollowed({ kind }: Value): boolean {
  return kind === 'entry' || kind === 'base' || kind === 'object' || kind === 'below';
}
