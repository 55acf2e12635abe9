// Makes the expressions the pass inserts. Everything here is new nodes; nothing looks at the program's.

import type { Expression, Target } from '../plan.ts';
import { OP } from '../wasm/opcodes.ts';
import { BINARY_OPERATOR, cString, OPERATOR, type Pointer, raw, VALUE_TYPE } from './raw.ts';

/** Words for the children of the widest expression made here. */
const ARRAY_WORDS = 8;

/** Expressions of one module. Strings and scratch words live in Binaryen's memory until dispose(). */
export class Builder {
  private readonly module: Pointer;
  private readonly target: Target;
  private readonly literal: Pointer;
  private readonly array: Pointer;
  private readonly memory: Pointer;
  private readonly callStack: Pointer;
  private readonly owned: Pointer[];
  /** The program's pointer type. */
  readonly pointerType: number;

  /** `memoryName` is Binaryen's name of the runtime's memory. */
  constructor(module: Pointer, target: Target, memoryName: string) {
    this.module = module;
    this.target = target;
    this.literal = raw.allocate(raw.sizeofLiteral());
    this.array = raw.allocate(ARRAY_WORDS * 4);
    this.memory = cString(memoryName);
    this.owned = [this.literal, this.array, this.memory];
    this.callStack = raw.globalName(raw.globalAt(module, target.callStackGlobal));
    this.pointerType = target.is64 ? VALUE_TYPE.i64 : VALUE_TYPE.i32;
  }

  dispose(): void {
    for (const pointer of this.owned) raw.free(pointer);
  }

  private list(children: readonly Pointer[]): Pointer {
    if (children.length > ARRAY_WORDS) throw new Error('the Binaryen builder makes lists of 8 at most');
    for (let i = 0; i < children.length; i++) raw.store32(this.array + 4 * i, children[i]!);
    return this.array;
  }

  block(...children: readonly Pointer[]): Pointer {
    return raw.block(this.module, 0, this.list(children), children.length, VALUE_TYPE.auto);
  }

  when(condition: Pointer, then: Pointer): Pointer {
    return raw.if(this.module, condition, then, 0);
  }

  i32(value: number): Pointer {
    raw.literal32(this.literal, value);
    return raw.constant(this.module, this.literal);
  }

  i64(value: number): Pointer {
    raw.literal64(this.literal, BigInt(value));
    return raw.constant(this.module, this.literal);
  }

  pointer(value: number): Pointer {
    return this.target.is64 ? this.i64(value) : this.i32(value);
  }

  get(local: number, type: number): Pointer {
    return raw.localGet(this.module, local, type);
  }

  set(local: number, value: Pointer): Pointer {
    return raw.localSet(this.module, local, value);
  }

  tee(local: number, value: Pointer, type: number): Pointer {
    return raw.localTee(this.module, local, value, type);
  }

  /** Computes a value; its locals are of the given type. */
  expression({ op, value, left, right }: Expression, type: number = VALUE_TYPE.i32): Pointer {
    if (op === OP.I32_CONST) return this.i32(value);
    if (op === OP.I64_CONST) return this.i64(value);
    if (op === OP.LOCAL_GET) return this.get(value, type);
    const operands = op >= OP.I64_EQ && op <= OP.I64_GE_U ? VALUE_TYPE.i64 : VALUE_TYPE.i32;
    const [x, y] = [this.expression(left!, operands), this.expression(right!, operands)];
    return raw.binary(this.module, BINARY_OPERATOR.get(op)!, x, y);
  }

  or(left: Pointer, right: Pointer): Pointer {
    return raw.binary(this.module, OPERATOR.orI32, left, right);
  }

  /** Whether an i32 is above a constant, unsigned. */
  above(value: Pointer, limit: number): Pointer {
    return raw.binary(this.module, OPERATOR.gtI32, value, this.i32(limit));
  }

  addI32(left: Pointer, right: Pointer): Pointer {
    return raw.binary(this.module, OPERATOR.addI32, left, right);
  }

  andI32(left: Pointer, mask: number): Pointer {
    return raw.binary(this.module, OPERATOR.andI32, left, this.i32(mask));
  }

  shlI32(left: Pointer, bits: number): Pointer {
    return raw.binary(this.module, OPERATOR.shlI32, left, this.i32(bits));
  }

  /** address + value, in the program's pointer type. */
  offset(address: Pointer, value: number): Pointer {
    if (value === 0) return address;
    return raw.binary(this.module, this.target.is64 ? OPERATOR.addI64 : OPERATOR.addI32, address, this.pointer(value));
  }

  /** Whether an address is below a limit, unsigned. */
  below(address: Pointer, limit: number): Pointer {
    const compare = this.target.is64 ? OPERATOR.ltI64 : OPERATOR.ltI32;
    return raw.binary(this.module, compare, address, this.pointer(limit));
  }

  /** An address shifted right, as an i32. */
  shifted(address: Pointer, bits: number): Pointer {
    const shift = this.target.is64 ? OPERATOR.shrI64 : OPERATOR.shrI32;
    return this.wrapped(raw.binary(this.module, shift, address, this.pointer(bits)));
  }

  /** The low word of an address. */
  wrapped(address: Pointer): Pointer {
    return this.target.is64 ? raw.unary(this.module, OPERATOR.wrapI64, address) : address;
  }

  extended(value: Pointer): Pointer {
    return raw.unary(this.module, OPERATOR.extendI32, value);
  }

  /** An unsigned, unaligned load from the runtime's memory. */
  load(bytes: 1 | 2 | 4, offset: number, address: Pointer): Pointer {
    return raw.load(this.module, bytes, 0, offset, bytes === 4 ? 4 : 1, VALUE_TYPE.i32, address, this.memory);
  }

  /** An i32.store to the runtime's memory. */
  store(address: Pointer, value: Pointer): Pointer {
    return raw.store(this.module, 4, 0, 4, address, value, VALUE_TYPE.i32, this.memory);
  }

  callStackTop(): Pointer {
    return raw.globalGet(this.module, this.callStack, VALUE_TYPE.i32);
  }

  setCallStackTop(value: Pointer): Pointer {
    return raw.globalSet(this.module, this.callStack, value);
  }

  /** A call of a runtime export that returns nothing. */
  call(name: string, ...operands: readonly Pointer[]): Pointer {
    const index = this.target.checks.get(name);
    if (index === undefined) throw new Error(`the runtime has no ${name}`);
    const target = raw.functionName(raw.functionAt(this.module, index));
    return raw.call(this.module, target, this.list(operands), operands.length, VALUE_TYPE.none);
  }
}
