// The operands, locals and state of one function while it is walked, and all that comes to light about its frame meanwhile.

import type { BodyScan } from '../body-scan.ts';
import { Reader } from '../wasm/bytes.ts';
import type { FuncType, Module } from '../wasm/module.ts';
import { OP } from '../wasm/opcodes.ts';
import type { Address, Analysis, Borrow, DirectAccess, FrameTrouble, PointerWrite, ReachedAccess } from './analysis.ts';
import { type Clues, NO_CLUES } from './clues.ts';
import { type Assumptions, Control } from './control.ts';
import { OTHER, type Room, type State, type Value } from './values.ts';

/** Thrown to end the walk of a function; no error, so that no stack trace is taken for every tenth function. */
export class Trouble {
  readonly trouble: FrameTrouble;
  constructor(trouble: FrameTrouble) {
    this.trouble = trouble;
  }
}

/** Where frames are looked for. */
export interface FrameSubject {
  readonly module: Module;
  readonly scan: BodyScan;
  readonly stackPointer: number;
}

export abstract class Operands {
  protected readonly module: Module;
  protected readonly scan: BodyScan;
  /** The instruction that the walk stands at. */
  protected i = 0;
  protected readonly stackPointer: number;
  protected readonly control: Control;
  protected readonly type: FuncType;
  protected readonly add: number;
  protected readonly stack: Value[] = [];
  /** How many operands there are; what lies above them in `stack` is left over. */
  protected height = 0;
  /** Undefined in code that is never reached. */
  protected state: State | undefined;
  protected block = 0;

  protected entryRead = 0;
  protected size: Analysis['size'];
  protected baseEnd = 0;
  protected align = 16;
  protected catches = false;
  protected optimised = false;
  protected baseUnclear = false;
  /** A call that may be memset's was given the base: LLVM then goes on from its result. */
  protected baseReturned = false;
  protected readonly baseLocals = new Set<number>();
  protected readonly writes: PointerWrite[] = [];
  protected readonly rooms: Room[] = [];
  /** Room of constant size was taken: a dynamic allocation, or the frame of an inlined function. */
  protected constantRoom = false;
  /** What would be dynamic allocations in a leaf function, which takes them without moving the stack pointer. */
  protected readonly unwritten: Room[] = [];
  protected unclearRoom = false;
  /** Something is subtracted from what is not followed. */
  protected subtracts = false;
  /** LLVM moves the stack pointer for all room in functions that call others. */
  protected calls = false;
  protected readonly rereads: number[] = [];
  /**
   * Those from which a constant is taken at once, by that subtraction: a leaf function was inlined after compilation. Its
   * frame lies below the stack pointer, which it does not move.
   */
  protected readonly borrows = new Map<number, Borrow>();
  protected readonly addresses: Address[] = [];
  /** Constants that lead back to the stack pointer at entry. */
  protected readonly restores = new Set<number>();
  protected readonly accesses: DirectAccess[] = [];
  protected readonly reached: ReachedAccess[] = [];
  protected readonly escapes = new Set<number>();
  protected readonly clues: Clues | undefined;

  constructor({ module, scan, stackPointer }: FrameSubject, body: number, assumptions: Assumptions, clues?: Clues) {
    this.module = module;
    this.scan = scan;
    this.stackPointer = stackPointer;
    this.control = new Control(assumptions);
    this.clues = clues;
    this.type = module.types[module.functions[module.importedFunctions + body]!]!;
    const is64 = module.memories[0]!.is64;
    this.add = is64 ? OP.I64_ADD : OP.I32_ADD;
  }

  result(trouble: FrameTrouble | undefined): Analysis {
    if (this.writes.length === 0) this.leafRooms();
    // The end of the frame, where it serves for nothing but to give the frame back, is no address of anything.
    const isRestored = (a: Address) => this.restores.has(a.at) && !this.escapes.has(a.offset);
    const { optimised, clues } = this;
    const { merged, folded, hints, loose, shared, kept } = clues ?? NO_CLUES;
    return {
      trouble: trouble ?? this.missing(),
      entryRead: this.entryRead,
      size: this.size,
      baseEnd: this.baseEnd,
      align: this.align,
      baseLocals: this.baseLocals,
      writes: this.writes,
      rooms: this.rooms,
      rereads: this.rereads,
      borrows: this.borrows.size > 0 ? [...this.borrows.values()] : [],
      unseenRoom: this.unseenRoom(),
      addresses: this.addresses.filter((a) => !isRestored(a)),
      accesses: this.accesses,
      reached: this.reached,
      escapes: this.escapes,
      loose,
      merged,
      folded,
      hints,
      catches: this.catches,
      optimised,
      baseUnclear: this.baseUnclear || (optimised && this.baseReturned),
      sharedConstants: optimised && clues ? new Set([...shared, ...kept]) : shared,
    };
  }

  /** Whose room may be taken without moving the stack pointer: the function's own, that of leaf functions inlined into it, or none. */
  private unseenRoom(): Analysis['unseenRoom'] {
    const isTaken = (room: Room) => this.rooms.some(({ end }) => end === room.end);
    const untaken = this.unwritten.some((room) => room.end > this.baseEnd && !isTaken(room));
    if (!this.calls && (untaken || (this.subtracts && this.baseUnclear))) return 'own';
    return this.rereads.length + this.borrows.size > 0 && (untaken || this.subtracts) ? 'inlined' : undefined;
  }

  protected leafRooms(): void {
    for (const room of this.unwritten) if (isRoomSize(room.size)) this.rooms.push(room);
  }

  protected missing(): FrameTrouble | undefined {
    if (this.writes.length === 0 && this.rooms.length > 0 && this.unclearRoom) return 'pointer kept';
    if (this.entryRead === 0 || (!this.size && this.rooms.length === 0)) return 'no prologue';
    if (this.size && this.size.bytes % 16 !== 0) return 'odd size';
    if (this.borrows.size > 0 && this.writes.some(({ to }) => to === 'other')) return 'several prologues';
    if (this.optimised && this.rooms.some((room) => room.size.kind === 'constant')) return 'folded allocation';
    return undefined;
  }

  /** First index, constant or block type of the current instruction. */
  protected get arg(): number {
    return this.scan.arg[this.i]!;
  }

  /** Offset of the current instruction, and of the one behind it. */
  protected get at(): number {
    return this.scan.at[this.i]!;
  }

  protected get end(): number {
    return this.scan.at[this.i + 1]!;
  }

  /** What follows its opcode of one byte. */
  protected immediates(): Reader {
    return new Reader(this.module.bytes, this.at + 1, this.end);
  }

  protected push(value: Value): void {
    this.stack[this.height++] = value;
  }

  protected pop(): Value {
    return this.height > this.control.floor ? this.stack[--this.height]! : OTHER;
  }

  /** Takes `count` operands whose use is not followed: pointers among them go out of sight. */
  protected consume(count: number): void {
    for (let n = count; n > 0; n--) {
      const value = this.pop();
      if (value !== OTHER) this.escape(value);
    }
  }

  protected escape(value: Value): void {
    if (value === OTHER) return;
    if (value.kind === 'base' || value.kind === 'object') {
      this.pass(value);
      this.clues?.loose.add(originOf(value));
    } else if (value.kind === 'constant') this.clues?.use(value.at);
    else if (value.kind === 'below' && value.ours && !isRoomSize(value.room.size)) {
      // Not room, but a pointer to something in the frame: an index was subtracted.
      this.escapes.add(0);
      this.baseUnclear = true;
    }
  }

  /** The last operand of a call: where the variable arguments of a call lie, it goes nowhere else. */
  protected pass(value: Value): void {
    if (value.kind === 'base' || value.kind === 'object') this.escapes.add(originOf(value));
    else this.escape(value);
  }

  /** One of the values that may be in the same place, depending on the way taken to it. */
  protected merge(value: Value): void {
    if (value.kind === 'object') this.clues?.merged.add(value.origin);
    this.escape(value);
  }

  protected getLocal(local: number): Value {
    const { state } = this;
    if (!state) return OTHER;
    const lost = state.lostBy(local);
    if (lost) {
      for (const value of lost) {
        if (value.kind === 'base') this.baseUnclear = true;
        this.merge(value);
      }
    }
    return state.get(local);
  }

  protected setLocal(value: Value): void {
    const local = this.arg;
    if (value.kind === 'base') this.baseLocals.add(local);
    if (value.kind === 'constant') this.clues?.kept.add(value.at);
    this.state?.set(local, value);
    this.control.changed(local);
  }

  protected constant(): void {
    const isWide = this.scan.op[this.i] === OP.I64_CONST;
    // Nothing is added to an address but what is as wide.
    if (isWide && this.add === OP.I32_ADD) return this.push(OTHER);
    this.push({ kind: 'constant', value: this.scan.integer(this.i), at: this.at, end: this.end });
  }
}

/** Where the object begins that it points to, from the base. */
function originOf(value: Value & { kind: 'base' | 'object' }): number {
  return value.kind === 'base' ? 0 : value.origin;
}

/** What the compiler makes of the size of a dynamic allocation. */
export function isRoomSize(size: Value): boolean {
  return size.kind === 'rounded' || (size.kind === 'constant' && size.value % 16 === 0);
}
