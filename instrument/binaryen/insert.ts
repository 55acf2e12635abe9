// The pass: inserts checks and call records into one function's tree, the same ones as stream/rewrite-body.ts does.
//
//   (i32.load offset=12 P)           (i32.load offset=12
//                              ==>     (block (result i32)
//                                        (if (<shadow of (local.tee $a P) + 12>)
//                                          (call $check_load4 (local.get $a) (i32.const 12) (i32.const <site>)))
//                                        (local.get $a)))
//
//   (i32.store P V)                  (i32.store (local.tee $a P)
//                              ==>     (block (result i32) (local.set $v V) <check on $a> (local.get $v)))
//
// so a check runs after every operand was evaluated. $a must survive V, whose own checks use scratch locals too: locals
// are taken by level, a level above all those V uses.

import { CALL_STACK_BASE, CALL_STACK_BYTES, GRANULE, SHADOW_BASE } from '../../runtime/abi.ts';
import { type Access, checkName } from '../access-table.ts';
import { InstrumentError } from '../errors.ts';
import type { FunctionPlan, Target } from '../plan.ts';
import type { Builder } from './build.ts';
import { EVENT_KINDS, type Event } from './events.ts';
import { type Pointer, raw, rawFunction, VALUE_TYPE } from './raw.ts';
import type { Row, Visitor, Walker } from './walk.ts';

const ids = (kinds: readonly string[]) => new Set(kinds.map((kind) => rawFunction(`Binaryen${kind}Id`)()));
const EVENT_IDS = ids(EVENT_KINDS);
/** Operands that neither trap, nor call, nor change: a check may run before them. */
const CONSTANT_IDS = ids(['Const', 'LocalGet', 'RefFunc', 'RefNull']);
const [POP] = ids(['Pop']);
const [TRY] = ids(['Try']);
const [RETURN] = ids(['Return']);
/** Offsets from here on are left to the out-of-line check, as in the streaming engine. */
const LARGE_OFFSET = 0x80000000;

/** Accessors that repeat what the bytes say; compared, so that a walk out of step is noticed. */
const STATED = new Map(
  ['Load', 'Store', 'AtomicRMW', 'AtomicCmpxchg'].map((kind) => [
    kind,
    { bytes: rawFunction(`Binaryen${kind}GetBytes`), offset: rawFunction(`Binaryen${kind}GetOffset`) },
  ]),
);

/** Wait and notify have none. */
const OFFSET_SETTERS = new Map(
  [...STATED.keys(), 'SIMDLoad', 'SIMDLoadStoreLane'].map((kind) => [kind, rawFunction(`Binaryen${kind}SetOffset`)]),
);

/** What is known of a node whose children are being walked. */
interface Frame {
  id: number;
  /** Highest scratch level used below; -1 for none. Then the same without child 0, and without children 0 and 1. */
  level: number;
  levelAfter0: number;
  levelAfter1: number;
  /** Of a try: the child being walked, and the local its catch body's pop went to. */
  child: number;
  popLocal: number;
  pop: Pointer;
}

/** Rewrites one function. */
export class FunctionPass implements Visitor {
  private readonly b: Builder;
  private readonly walker: Walker;
  private readonly target: Target;
  private readonly plan: FunctionPlan;
  private readonly events: readonly Event[];
  private readonly func: Pointer;
  private readonly debugFile: number;
  private readonly frames: Frame[] = [];
  private readonly locals = new Map<string, number>();
  private cursor = 0;
  /** Level of the node left last. */
  private level = -1;

  constructor(
    builder: Builder,
    walker: Walker,
    target: Target,
    plan: FunctionPlan,
    events: readonly Event[],
    func: Pointer,
    debugFile: number,
  ) {
    this.b = builder;
    this.walker = walker;
    this.target = target;
    this.plan = plan;
    this.events = events;
    this.func = func;
    this.debugFile = debugFile;
  }

  run(): void {
    const body = this.walker.walk(raw.functionBody(this.func), this);
    if (this.cursor !== this.events.length) this.outOfStep(undefined);
    raw.setFunctionBody(this.func, this.plan.recordsCalls ? this.entered(body) : body);
  }

  private outOfStep(event: Event | undefined): never {
    const where = event ? `${event.access?.name ?? event.kind} at offset ${event.offset}` : 'the end of a function';
    throw new Error(`Binaryen's tree and the binary disagree at ${where}: this is a bug in wasan`);
  }

  // ------------------------------------------------------------------------------------------------- visiting

  enter(id: number): void {
    this.frames.push({ id, level: -1, levelAfter0: -1, levelAfter1: -1, child: 0, popLocal: -1, pop: 0 });
  }

  childDone(index: number, child: Pointer): Pointer {
    const frame = this.frames.at(-1)!;
    frame.level = Math.max(frame.level, this.level);
    if (index > 0) frame.levelAfter0 = Math.max(frame.levelAfter0, this.level);
    if (index > 1) frame.levelAfter1 = Math.max(frame.levelAfter1, this.level);
    if (frame.id === TRY) return this.catchDone(frame, index, child);
    return child;
  }

  leaf(id: number, node: Pointer): Pointer {
    this.level = -1;
    if (id === POP) return this.popped(node);
    return node;
  }

  leave(id: number, node: Pointer): Pointer {
    const frame = this.frames.pop()!;
    this.level = frame.level;
    if (id === RETURN && this.plan.recordsCalls) return this.returning(this.walker.rows[id]!, node);
    if (!EVENT_IDS.has(id)) return node;
    const event = this.events[this.cursor++];
    const row = this.walker.rows[id]!;
    if (!event || event.kind !== row.kind) return this.outOfStep(event);
    this.locate(node, event);
    const { access } = event;
    if (access) this.compare(event, access, node);
    if (event.moved !== undefined) this.move(event.kind, node, event.moved);
    if (event.site === 0) return node;
    const count = row.count(node);
    for (let i = 0; i < count; i++) if (isUnreachable(row.get(node, i))) return node; // never executed
    if (!access) return this.recordCall(event, row, node, count);
    if (access.size > 0) this.checkAccess(event, access, row, node, count, frame);
    else this.checkBulk(event, access, row, node, frame);
    return node;
  }

  private compare(event: Event, access: Access, node: Pointer): void {
    const stated = STATED.get(event.kind);
    if (!stated) return;
    if (stated.bytes(node) !== access.size || stated.offset(node) >>> 0 !== event.immediate % 2 ** 32) {
      this.outOfStep(event);
    }
  }

  private move(kind: string, node: Pointer, offset: number): void {
    const set = OFFSET_SETTERS.get(kind);
    if (!set) throw new InstrumentError('E_UNSUPPORTED', `the Binaryen engine cannot move the offset of ${kind}`);
    set(node, offset);
  }

  private locate(node: Pointer, event: Event): void {
    raw.setDebugLocation(this.func, node, this.debugFile, event.offset + 1, 0);
  }

  // ------------------------------------------------------------------------------------------------- catch bodies

  /**
   * A legacy catch body's value is only there until a block is opened, so it moves to a local at once:
   * (catch $t (.. (pop))) becomes (catch $t (local.set $p (pop)) (.. (local.get $p))).
   */
  private popped(node: Pointer): Pointer {
    const owner = this.frames.findLast((frame) => frame.id === TRY && frame.child > 0);
    if (!owner) throw new Error('a pop outside a catch body: this is a bug in wasan');
    const type = raw.typeOf(node);
    owner.pop = node;
    owner.popLocal = raw.addVariable(this.func, type);
    return this.b.get(owner.popLocal, type);
  }

  private catchDone(frame: Frame, index: number, child: Pointer): Pointer {
    frame.child = index + 1;
    if (frame.popLocal < 0) return child;
    const set = this.b.set(frame.popLocal, frame.pop);
    frame.popLocal = -1;
    return this.b.block(set, child);
  }

  // ------------------------------------------------------------------------------------------------- calls

  /**
   * At entry, where this function's call records go and where those of its callees do; at the end, the top of the shadow
   * call stack is put back. A top beyond the stack's room starts over at the base, as in the streaming engine.
   */
  private entered(body: Pointer): Pointer {
    const { b } = this;
    const { i32 } = VALUE_TYPE;
    const frame = this.named('frame', i32);
    const lost = b.above(b.tee(frame, b.callStackTop(), i32), CALL_STACK_BASE + CALL_STACK_BYTES - 8);
    const callees = b.addI32(b.get(frame, i32), b.i32(4));
    const head = b.block(
      b.when(lost, b.set(frame, b.i32(CALL_STACK_BASE))),
      this.plan.resetsTop ? b.set(this.named('callee frame', i32), callees) : b.setCallStackTop(callees),
    );
    const type = raw.typeOf(body);
    if (type === VALUE_TYPE.unreachable) return b.block(head, body);
    if (type === VALUE_TYPE.none) return b.block(head, body, this.restored());
    return b.block(head, this.before(body, [this.restored()]));
  }

  private restored(): Pointer {
    const { i32 } = VALUE_TYPE;
    return this.b.setCallStackTop(this.b.get(this.named('frame', i32), i32));
  }

  /** Steps between the evaluation of a value and its use. */
  private before(value: Pointer, steps: readonly Pointer[]): Pointer {
    const type = raw.typeOf(value);
    const local = this.local(type, 0);
    this.level = Math.max(this.level, 0);
    return this.b.block(this.b.set(local, value), ...steps, this.b.get(local, type));
  }

  /** A return puts the top of the shadow call stack back once its value is known. */
  private returning(row: Row, node: Pointer): Pointer {
    const value = row.get(node, 0);
    if (value === 0) return this.b.block(this.restored(), node);
    if (!isUnreachable(value)) row.set(node, 0, this.before(value, [this.restored()]));
    return node;
  }

  /** Just before the call, after its operands: their own calls leave records of their own. */
  private recordCall(event: Event, row: Row, node: Pointer, count: number): Pointer {
    const { i32 } = VALUE_TYPE;
    const record = this.b.store(this.b.get(this.named('frame', i32), i32), this.b.i32(event.site));
    const steps = [record];
    if (this.plan.resetsTop) steps.push(this.b.setCallStackTop(this.b.get(this.named('callee frame', i32), i32)));
    this.locate(record, event);
    for (let last = count - 1; last >= 0; last--) {
      const operand = row.get(node, last);
      if (CONSTANT_IDS.has(raw.idOf(operand))) continue;
      // Operands after this one are constant: the record may stand before them.
      row.set(node, last, this.before(operand, steps));
      return node;
    }
    return this.b.block(...steps, node);
  }

  // ------------------------------------------------------------------------------------------------- accesses

  private checkAccess(event: Event, access: Access, row: Row, node: Pointer, count: number, frame: Frame): void {
    const type = this.b.pointerType;
    const operand = row.get(node, 0);
    let last = count - 1;
    while (last > 0 && CONSTANT_IDS.has(raw.idOf(row.get(node, last)))) last--;
    if (last === 0) {
      const address = this.local(type, 0);
      const check = this.check(event, access, address, this.b.tee(address, operand, type));
      row.set(node, 0, this.b.block(check, this.b.get(address, type)));
      this.level = Math.max(this.level, 0);
      return;
    }
    const level = Math.max(frame.levelAfter0, 0) + 1;
    const address = this.local(type, level);
    row.set(node, 0, this.b.tee(address, operand, type));
    const value = row.get(node, last);
    const valueType = raw.typeOf(value);
    const spilled = this.local(valueType, 0);
    const check = this.check(event, access, address, this.b.get(address, type));
    row.set(node, last, this.b.block(this.b.set(spilled, value), check, this.b.get(spilled, valueType)));
    this.level = Math.max(this.level, level);
  }

  /** The check of an access whose address `first` computes and leaves in local `address`. */
  private check(event: Event, access: Access, address: number, first: Pointer): Pointer {
    const { b } = this;
    const offset = event.moved ?? event.immediate;
    const inline = this.plan.mode === 'inline' && (!this.target.is64 || offset < LARGE_OFFSET);
    const valid = inline ? this.test(access.size, event.align, offset, address, first) : 0;
    const test = inline && access.write ? this.orReadOnly(valid, offset, address) : valid;
    const conditions = this.plan.discarded?.get(event.offset) ?? [];
    const base = inline || conditions.length > 0 ? b.get(address, b.pointerType) : first;
    const call = b.call(checkName(access, this.plan.overReads), base, b.pointer(offset), b.i32(event.site));
    this.locate(call, event);
    const checked = conditions.reduceRight((then, condition) => b.when(b.expression(condition), then), call);
    if (inline) return b.when(test, checked);
    return conditions.length === 0 ? call : b.block(b.set(address, first), checked);
  }

  /**
   * An i32 that is 0 only if every granule of the access is fully valid. Where the access promises natural alignment, one
   * look at the shadow and one at the promise will do, as in the streaming engine.
   */
  private test(size: number, align: number, offset: number, address: number, first: Pointer): Pointer {
    const { b } = this;
    const low = this.shadow(first, offset, size === 16 ? 2 : 1);
    if (size === 1) return low;
    const again = b.get(address, b.pointerType);
    const aligned = Math.min(size, GRANULE);
    if (2 ** align < aligned) return b.or(low, this.shadow(again, offset + size - 1, 1));
    return b.or(low, b.andI32(b.wrapped(b.offset(again, offset % aligned)), aligned - 1));
  }

  /** Adds to a test that a store may not touch read-only data. */
  private orReadOnly(test: Pointer, offset: number, address: number): Pointer {
    const { b } = this;
    const { readOnly } = this.target;
    if (!readOnly) return test;
    const distance = b.offset(b.get(address, b.pointerType), offset - readOnly.begin);
    return b.or(test, b.below(distance, readOnly.end - readOnly.begin));
  }

  /** The shadow of address + offset: one byte or two. The arithmetic is explained in stream/shadow-test.ts. */
  private shadow(address: Pointer, offset: number, bytes: 1 | 2): Pointer {
    const { b } = this;
    if (!this.target.paged) {
      return b.load(bytes, SHADOW_BASE + Math.floor(offset / 8), b.shifted(b.offset(address, offset % 8), 3));
    }
    const at = this.named('shadow address', b.pointerType);
    const page = b.shifted(b.tee(at, b.offset(address, offset), b.pointerType), 16);
    const chunk = b.load(4, SHADOW_BASE, b.shlI32(page, 2));
    return b.load(bytes, 0, b.addI32(chunk, b.andI32(b.shifted(b.get(at, b.pointerType), 3), 8191)));
  }

  // ------------------------------------------------------------------------------------------------- bulk memory

  /** memory.copy, memory.fill, memory.init: operands are destination, source or value, length. */
  private checkBulk(event: Event, access: Access, row: Row, node: Pointer, frame: Frame): void {
    const { b } = this;
    const pointer = b.pointerType;
    const copies = access.name === 'memory.copy';
    const lengthType = access.name === 'memory.init' ? VALUE_TYPE.i32 : pointer;
    const sourceLevel = Math.max(frame.levelAfter1, 0) + 1;
    const level = Math.max(frame.levelAfter0, sourceLevel) + 1;
    const to = this.local(pointer, level);
    const length = this.local(lengthType, 0);
    row.set(node, 0, b.tee(to, row.get(node, 0), pointer));
    const steps = [b.set(length, row.get(node, 2))];
    const range = (name: string, from: number) => {
      const extent = b.get(length, lengthType);
      const call = b.call(
        name,
        b.get(from, pointer),
        lengthType === pointer ? extent : b.extended(extent),
        b.i32(event.site),
      );
      this.locate(call, event);
      steps.push(call);
    };
    if (copies) {
      const source = this.local(pointer, sourceLevel);
      row.set(node, 1, b.tee(source, row.get(node, 1), pointer));
      range('check_range_load', source);
    }
    range('check_range_store', to);
    row.set(node, 2, b.block(...steps, b.get(length, lengthType)));
    this.level = Math.max(this.level, level);
  }

  // ------------------------------------------------------------------------------------------------- locals

  private local(type: number, level: number): number {
    return this.named(`${level}`, type);
  }

  private named(role: string, type: number): number {
    const key = `${role}:${type}`;
    let local = this.locals.get(key);
    if (local === undefined) {
      local = raw.addVariable(this.func, type);
      this.locals.set(key, local);
    }
    return local;
  }
}

function isUnreachable(node: Pointer): boolean {
  return raw.typeOf(node) === VALUE_TYPE.unreachable;
}
