// What to insert, as pure data: one FunctionPlan per defined function. How it is inserted is the engine's business
// (stream/ copies bytes; binaryen/ edits an expression tree); both follow the same plan and so make the same sites.

import type { RuntimeMemory } from './stream/runtime-memory.ts';

/** How one function is checked. */
export type Mode = 'inline' | 'outline';

/** Why a function or an access carries no check. `--explain-checks` prints these. */
export const SKIP_REASONS = {
  checked: '',
  allocator: 'part of the allocator: its own headers look like redzones',
  runtime: 'part of the sanitizer runtime',
  libc: 'a memory or string function: checked as a range wherever it is called',
  ignored: 'listed in an ignore list',
  repeated: 'the same bytes were checked on every path here, and nothing since could poison them',
  static: 'a constant address, or one plus a bounded index, inside static data that nothing poisons',
  frame: "inside the function's own stack frame",
  hoisted: 'checked for all rounds at once in front of the loop',
  neighbour: 'the first of its neighbours looks at its bytes, too',
} as const;
export type SkipReason = keyof typeof SKIP_REASONS;

export interface FunctionPlan {
  /** 'checked' if accesses are checked. */
  skip: SkipReason;
  mode: Mode;
  /** Calls leave their site on the shadow call stack, because the allocator can be reached from here. */
  recordsCalls: boolean;
  /** The top of that stack is set before each such call, not once: an exception or a tail call may have left it elsewhere. */
  resetsTop?: boolean;
  /** Calls to the allocator go to the runtime's wrappers. False only inside the allocator itself. */
  redirectsCalls: boolean;
  /** Except calls of this function: what it gives is cut in pieces here. */
  keepsCallsOf?: number | undefined;
  /** Changes to the program's own instructions, in code order: stack frames, argument checks. */
  edits?: readonly Edit[];
  /** Accesses whose constant offset moved with the variable they touch: instruction offset -> new memarg offset. */
  movedOffsets?: ReadonlyMap<number, number> | undefined;
  /** Accesses at constant places of the function's own frame, which are valid as long as it runs: they need no check. */
  inFrame?: ReadonlySet<number> | undefined;
  /** Loads that are checked only where conditions hold. */
  discarded?: Conditions | undefined;
  /** Bytes inside the function's own frame may be poisoned, so accesses to its slots need their checks. */
  poisonsFrame?: boolean;
  /** A libc function known to read the whole aligned granule that holds the end of its object. */
  overReads: boolean;
}

/** Writes instructions into the function being rewritten. */
export interface Emitter {
  byte(value: number): void;
  u32(value: number): void;
  constant(value: number): void;
  /** An i64.const: an integer, or the lower half of a word whose upper one is `high`. */
  constant64(value: number, high?: number): void;
  /** The number of a site as an i32.const; its place is remembered, in case sites are counted from elsewhere later. */
  siteConstant(site: number): void;
  /** An i32.const with the number of a frame in its lowest bits; its place is remembered, too. */
  frameConstant(value: number): void;
  /** A constant of the program's pointer type. */
  pointerConstant(value: number): void;
  /** local.get, local.set or local.tee of a scratch local; one local per (role, type) and function. */
  scratch(op: number, role: string, type: number): void;
  /** Calls a function the runtime exports. */
  callRuntime(name: string): void;
  /** An i32.load at a fixed address of the runtime's memory. */
  runtimeLoad(address: number): void;
  /** An i32.load8_u of the runtime's memory at the address on the stack plus a fixed one. */
  runtimeByte(address: number): void;
  /** An i32.store at a fixed address there. */
  runtimeStore(address: number, value: () => void): void;
  /** A load or a store of the runtime's memory; its operands are on the stack. */
  runtimeAccess(op: number, align: number, offset: number): void;
  /** The value of a global the runtime exports. */
  runtimeGlobal(name: string): void;
  /** The shadow byte of a granule is at SHADOW_BASE + granule, and this function may write it by itself. */
  readonly writesShadow: boolean;
  /** Opens an `if` that is hardly ever entered. */
  rarely(): void;
  /** Adds 1 to a byte at a fixed address of the runtime's memory; with `keeps`, the sum (up to 256) stays on the stack. */
  runtimeCount(address: number, keeps: boolean): void;
  /** Numbers a new site that stands for the instruction being edited. */
  site(): number;
}

/** One change to the program's code: `removes` bytes at file offset `at` give way to what `write` emits. */
export interface Edit {
  readonly at: number;
  /** 0 inserts in front of the instruction at `at`, which is then still checked and copied. */
  readonly removes: number;
  /** True if `write` calls `site()` (at most once). */
  readonly isSite: boolean;
  /** May be written more than once: a loop that is copied takes it along. */
  readonly repeatable?: boolean;
  write(emit: Emitter): void;
}

/** Which accesses of a body need no check; computed when asked for, one body at a time. */
export interface CheckElision {
  /** Valid until the next call; undefined where every check stays. */
  actions(body: number): BodyActions | undefined;
}

/** One entry per access of a fixed size to memory 0, in code order. */
export interface BodyActions {
  readonly count: number;
  /** Original file offset of the instruction. */
  readonly at: Int32Array;
  /** ACTION.* of elide/rules.ts. */
  readonly action: Uint8Array;
  /** In code order. */
  readonly loops: readonly VersionedLoop[];
  /** For tests alone: windows outlive their scope. */
  readonly keepsWindows: boolean;
  /** 0, or 1 + the index of the group the access belongs to. */
  readonly group: Int32Array;
  readonly groups: readonly NeighbourGroup[];
}

/**
 * Accesses near one another, of one base, with nothing between them but straight code: the first looks at the bytes of all,
 * and leaves word in a local whether the others have anything to check.
 */
export interface NeighbourGroup {
  /** Number of the first access. */
  readonly leader: number;
  /** Bytes of all, relative to the first one's address operand. */
  readonly from: number;
  readonly to: number;
  /** Whether one of them stores. */
  readonly writes: boolean;
  readonly members: number;
  /** Groups with the same slot do not overlap. */
  readonly slot: number;
}

/** A loop that runs without its HOISTED checks where all bytes it may touch are found valid in front of it. */
export interface VersionedLoop {
  /** Original file offset of `loop`; `end` is just past its `end`. */
  readonly at: number;
  readonly end: number;
  /** The loop goes on while `tested + step * rounds` passes the test (LOOP_TEST of elide/loops.ts) against `bound`. */
  readonly test: number;
  readonly tested: Expression;
  readonly bound: Expression;
  readonly step: number;
  readonly spans: readonly LoopSpan[];
  /**
   * The outermost loop around it in which nothing is poisoned, by the offset of its instruction: bytes once found valid stay
   * so until that loop is entered anew. -1 where there is none.
   */
  readonly scope: number;
}

/** Round k touches bytes [address + from + k * stride, address + to + k * stride) at most. */
export interface LoopSpan {
  readonly address: Expression;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  /** Below this address, `address + constant` may have wrapped around. */
  readonly reach: number;
  readonly write: boolean;
}

/** Conditions by offset of a load in the file: all of them must hold (be other than 0), or its value is not used. */
export type Conditions = ReadonlyMap<number, readonly Expression[]>;

/** A value the program does not hold: i32.const, i64.const, local.get, or an operation on two others. */
export interface Expression {
  readonly op: number;
  readonly value: number;
  readonly left?: Expression;
  readonly right?: Expression;
}

export interface Plan {
  readonly functions: FunctionPlan[];
  /** Absent: every access is checked where it stands. */
  readonly elision?: CheckElision;
  /** By function index (imports included): may a call to it reach the allocator? */
  readonly reachesAllocator: Uint8Array;
}

/** What the engines need to know about the linked runtime: indices in the output module. */
export interface Target {
  /** Memory index of the runtime's memory, if it is one of the module's. */
  readonly memory: number;
  /** How code reaches it. */
  readonly runtimeMemory: RuntimeMemory;
  /** Global holding the top of the shadow call stack. */
  readonly callStackGlobal: number;
  /** Output indices of the runtime's exported globals. */
  readonly globals: ReadonlyMap<string, number>;
  readonly is64: boolean;
  readonly paged: boolean;
  /** Memory 1 is shared by several instances: each has a share of the shadow call stack. */
  readonly shared: boolean;
  /** Program addresses that no store may touch. */
  readonly readOnly?: { readonly begin: number; readonly end: number };
  /** Output function index of every original function: as it is, and with calls to the allocator redirected. */
  readonly functionMap: Int32Array;
  readonly callMap: Int32Array;
  /** Output indices of the runtime's exported functions: check_load1, ... */
  readonly checks: ReadonlyMap<string, number>;
}
