// What one pass over a function's body tells about what it may be: constants, absolute addresses, callees, and whether it
// looks at the word in front of a pointer, where allocators keep a block's size.

import { ACCESS_TABLE } from './access-table.ts';
import type { CallGraph } from './call-graph.ts';
import { Decoder, stopTable } from './wasm/decoder.ts';
import type { Module } from './wasm/module.ts';
import { IMM, OP } from './wasm/opcodes.ts';

/** What one pass over a body tells. */
export interface BodyFeatures {
  readonly size: number;
  /** Distinct i32.const values. */
  readonly constants: ReadonlySet<number>;
  /** Absolute addresses loaded from or stored to. */
  readonly addresses: ReadonlySet<number>;
  /** Offsets of its memory operands that are no addresses. */
  readonly fields: ReadonlySet<number>;
  readonly callees: ReadonlySet<number>;
  /** Reads or writes the word in front of its first parameter. */
  readonly opensParameter: boolean;
  /** Reads or writes the word in front of something else. */
  readonly opensOther: boolean;
  readonly multiplies: boolean;
  readonly fills: boolean;
  /** Asks for more memory. */
  readonly grows: boolean;
  /** Loads the word in front of a pointer and masks out its flags or its size: what only an allocator's code does. */
  readonly readsHead: boolean;
  readonly stores: number;
  readonly loads: number;
}

/** Features of bodies, read when asked for. */
export class FeatureCache {
  readonly graph: CallGraph;
  private readonly module: Module;
  private readonly decoder: Decoder;
  private readonly cache = new Map<number, BodyFeatures>();

  constructor(module: Module, graph: CallGraph) {
    this.module = module;
    this.decoder = new Decoder(module.bytes);
    this.graph = graph;
  }

  has(f: number): boolean {
    return f >= this.module.importedFunctions;
  }

  bodySize(f: number): number {
    const body = this.module.bodies[f - this.module.importedFunctions]!;
    return body.end - body.start;
  }

  /** Whether a body can look at the word in front of a pointer at all, by its bytes: most cannot, and need no closer look. */
  mayOpen(f: number): boolean {
    const { start, end } = this.module.bodies[f - this.module.importedFunctions]!;
    const { bytes } = this.module;
    for (let at = start + 2; at < end; at++) {
      const op = bytes[at];
      if (op === I32_SUB ? mayEnd(bytes, at, 4, 0, 0x80) : op === I32_ADD && mayEnd(bytes, at, 0x7c, 0x7f, 0xff))
        return true;
    }
    return false;
  }

  /** Whether a body can read a block's head as an allocator does, by its bytes: BodyFeatures.readsHead. */
  mayReadHead(f: number): boolean {
    const { start, end } = this.module.bodies[f - this.module.importedFunctions]!;
    const { bytes } = this.module;
    for (let at = start + 2; at < end; at++) {
      if (bytes[at] === I32_AND && (mayEnd(bytes, at, 3, 0, 0x80) || mayEnd(bytes, at, 0x78, 0x7f, 0xff))) return true;
    }
    return false;
  }

  /** How many of some absolute addresses a body loads from or stores to. */
  touched(f: number, addresses: ReadonlySet<number>): number {
    const d = this.decoder;
    const { start, end } = this.module.bodies[f - this.module.importedFunctions]!;
    d.pos = start;
    d.end = end;
    d.skipLocals();
    const found = new Set<number>();
    let constant = 0;
    let constantEnd = 0;
    while (d.nextOf(CONSTANTS_AND_ACCESSES)) {
      if (d.op === OP.I32_CONST) {
        constant = d.value;
        constantEnd = d.pos;
      } else if (d.immediates === IMM.MEMARG) {
        const address = addressOf(d.offset, d.start === constantEnd ? constant : undefined);
        if (address !== undefined && addresses.has(address)) found.add(address);
      }
    }
    return found.size;
  }

  /** Whether a body has an i32.const of each number. Its bytes rule most bodies out, which are not decoded then. */
  holds(f: number, constants: readonly number[]): boolean {
    return constants.every((c) => this.mayHold(f, c)) && constants.every((c) => this.of(f).constants.has(c));
  }

  private mayHold(f: number, constant: number): boolean {
    const { start, end } = this.module.bodies[f - this.module.importedFunctions]!;
    const { bytes } = this.module;
    const low = constant & 0x7f;
    for (let at = start; at < end; at++) if (bytes[at] === I32_CONST && (bytes[at + 1]! & 0x7f) === low) return true;
    return false;
  }

  of(f: number): BodyFeatures {
    let x = this.cache.get(f);
    if (!x) {
      x = readFeatures(this.module, f);
      this.cache.set(f, x);
    }
    return x;
  }
}

/** Smallest absolute address a program's state can have; smaller offsets are fields of structures. */
const LOWEST_STATE = 1024;

/** Where an access with a constant offset goes, if that is an absolute address; `constant` is that of the i32.const in front of it. */
function addressOf(offset: number, constant: number | undefined): number | undefined {
  if (offset >= LOWEST_STATE) return offset;
  return constant !== undefined && constant >= LOWEST_STATE ? constant + offset : undefined;
}

function readFeatures(module: Module, f: number): BodyFeatures {
  const body = module.bodies[f - module.importedFunctions]!;
  const constants = new Set<number>();
  const addresses = new Set<number>();
  const fields = new Set<number>();
  const callees = new Set<number>();
  const d = new Decoder(module.bytes, body.start, body.end);
  d.skipLocals();
  const counts = { loads: 0, stores: 0 };
  const flags = {
    opensParameter: false,
    opensOther: false,
    multiplies: false,
    fills: false,
    grows: false,
    readsHead: false,
  };
  const head = new HeadReader();
  // A window of two instructions is enough: `local.get p; i32.const 4; i32.sub` is how every level writes "p - 4".
  let constant: number | undefined;
  let local: number | undefined;
  while (d.pos < d.end) {
    d.next();
    const { op } = d;
    if (head.step(op, d, constant)) flags.readsHead = true;
    if (op === OP.I32_CONST) {
      constants.add(d.value);
      constant = d.value;
      continue;
    }
    if (op === OP.LOCAL_GET || op === OP.LOCAL_TEE) {
      local = d.index;
      constant = undefined;
      continue;
    }
    if (d.immediates === IMM.FUNC) callees.add(d.index);
    else if (d.immediates === IMM.MEMARG) {
      if (op >= OP.I32_STORE && op <= LAST_STORE) counts.stores++;
      else counts.loads++;
      const address = addressOf(d.offset, constant);
      if (address !== undefined) addresses.add(address);
      if (d.offset < LOWEST_STATE) fields.add(d.offset);
    } else if (op === OP.I32_MUL || op === I64_MUL) flags.multiplies = true;
    else if (op === OP.MEMORY_FILL) flags.fills = true;
    else if (op === OP.MEMORY_GROW) flags.grows = true;
    else if (isHeaderStep(op, constant)) {
      // The head lies 4 bytes in front of what malloc returned. Another distance means a wrapper with a prefix of its own
      // into which realloc was inlined (SQLite's): its parameter is not a chunk.
      if (local === 0 && Math.abs(constant!) === HEAD) flags.opensParameter = true;
      else flags.opensOther = true;
    }
    constant = undefined;
    local = undefined;
  }
  return { size: body.end - body.start, constants, addresses, fields, callees, ...flags, ...counts };
}

/**
 * Watches for `load (p - 4)` and, with nothing but locals between, `and 3` or `and -8`: dlmalloc's flags and its size. A
 * program that keeps data of its own in front of an array does not mask it like that.
 */
class HeadReader {
  private stepped = false;
  /** Instructions since the load that may still be followed by the mask. */
  private patience = 0;
  private mask = false;

  /** `constant` is the value of the i32.const right before this instruction. */
  step(op: number, d: Decoder, constant: number | undefined): boolean {
    const isLocal = op === OP.LOCAL_GET || op === OP.LOCAL_SET || op === OP.LOCAL_TEE;
    if (d.immediates === IMM.MEMARG && (op === I32_LOAD || op === I32_LOAD8_U) && this.stepped && d.offset === 0) {
      this.patience = MASK_WITHIN;
    } else if (op === OP.I32_AND && this.mask && this.patience > 0) {
      return true;
    } else if (!isLocal && this.patience > 0) {
      this.patience--;
    }
    if (op === OP.LOCAL_TEE) return false; // the address is kept for a store, and is still on the stack
    this.stepped = (op === OP.I32_SUB && constant === HEAD) || (op === OP.I32_ADD && constant === -HEAD);
    this.mask = op === OP.I32_CONST && (d.value === 3 || d.value === -8);
    return false;
  }
}

const I32_LOAD = 0x28;
const I32_LOAD8_U = 0x2d;
const MASK_WITHIN = 2;
const HEAD = 4;
const LAST_STORE = 0x3e;
const I64_MUL = 0x7e;

const CONSTANTS_AND_ACCESSES = stopTable(OP.I32_CONST, ...ACCESS_TABLE.map((access) => access.op));

const I32_CONST: number = OP.I32_CONST;
const I32_AND: number = OP.I32_AND;
const I32_ADD: number = OP.I32_ADD;
const I32_SUB: number = OP.I32_SUB;

/** Whether `i32.const` of a value, or of its double, may end at `at`. Linkers pad some numbers, with zeros or ones. */
function mayEnd(bytes: Uint8Array, at: number, value: number, lastPadding: number, padding: number): boolean {
  const last = bytes[at - 1]!;
  const before = bytes[at - 2]!;
  if (last === value || last === ((value * 2) & 0x7f)) return before === OP.I32_CONST;
  return last === lastPadding && before === padding;
}

/** p - 4 or p - 8, as a subtraction or as the addition of a negative constant. */
function isHeaderStep(op: number, constant: number | undefined): boolean {
  if (op === OP.I32_SUB) return constant === 4 || constant === 8;
  return op === OP.I32_ADD && (constant === -4 || constant === -8);
}
