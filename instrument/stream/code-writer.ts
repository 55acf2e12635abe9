// Writes the instructions that are put into a body: scratch locals, constants, accesses to the runtime's memory, calls of the
// runtime. It keeps what belongs to the body being written, and which functions of the runtime any body has called so far.

import type { Emitter, Target } from '../plan.ts';
import { Writer } from '../wasm/bytes.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { BranchHints } from './branch-hints.ts';
import type { NumberPlaces } from './number-places.ts';
import type { SiteMap } from './site-map.ts';

interface ScratchLocal {
  stamp: number;
  index: number;
}

export class CodeWriter implements Emitter {
  /** Code of the current body, without its local declarations. */
  readonly code = new Writer(1 << 16);
  /** Its local declarations, once its code is written. */
  readonly locals = new Writer(64);
  readonly target: Target;
  readonly sites: SiteMap;
  readonly hints: BranchHints;
  /** Where numbers stand, for those who want to know. */
  readonly places: NumberPlaces | undefined;
  readonly writesShadow: boolean;
  /** Functions of the runtime that the code written so far calls. */
  private readonly functions = new Map<string, number>();
  /** Locals of the original, parameters included. */
  localCount = 0;
  /** Types of the scratch locals, which come behind them. */
  readonly scratchTypes: number[] = [];
  /** By value type and role: roles are constants, so a lookup builds no string. Those of bodies before have other stamps. */
  private readonly scratchLocals: (Map<string, ScratchLocal> | undefined)[] = new Array(128).fill(undefined);
  /** The current body's. */
  private stamp = 0;

  constructor(target: Target, sites: SiteMap, hints: BranchHints, places?: NumberPlaces) {
    this.target = target;
    this.sites = sites;
    this.hints = hints;
    this.places = places;
    this.writesShadow = !target.paged && !target.is64 && !target.shared;
  }

  /** Names of functions of the runtime that the code written so far calls. */
  get called(): ReadonlySet<string> {
    return new Set(this.functions.keys());
  }

  beginBody(localCount: number): void {
    this.code.length = 0;
    this.localCount = localCount;
    this.stamp++;
    this.scratchTypes.length = 0;
    this.hints.beginBody();
    this.places?.beginBody();
  }

  byte(value: number): void {
    this.code.byte(value);
  }

  u32(value: number): void {
    this.code.u32(value);
  }

  site(): number {
    return this.sites.next();
  }

  // ------------------------------------------------------------------------------------------------- locals, constants

  scratchLocal(role: string, type: number): number {
    this.scratchLocals[type] ??= new Map();
    const roles = this.scratchLocals[type];
    let local = roles.get(role);
    if (!local) {
      local = { stamp: 0, index: 0 };
      roles.set(role, local);
    }
    if (local.stamp !== this.stamp) {
      local.stamp = this.stamp;
      local.index = this.localCount + this.scratchTypes.push(type) - 1;
    }
    return local.index;
  }

  scratch(op: number, role: string, type: number): void {
    this.local(op, this.scratchLocal(role, type));
  }

  local(op: number, index: number): void {
    this.code.byte(op);
    this.code.u32(index);
  }

  constant(value: number): void {
    this.code.byte(OP.I32_CONST);
    this.code.s32(value);
  }

  constant64(value: number, high = Math.floor(value / 2 ** 32)): void {
    this.code.byte(OP.I64_CONST);
    this.code.halves(value, high);
  }

  siteConstant(site: number): void {
    this.code.byte(OP.I32_CONST);
    this.places?.site(this.code.length);
    this.code.s32(site);
  }

  frameConstant(value: number): void {
    this.code.byte(OP.I32_CONST);
    this.places?.frame(this.code.length);
    this.code.s32(value);
  }

  /** Of a local that holds an address. */
  get pointerType(): number {
    return this.target.is64 ? TYPE.I64 : TYPE.I32;
  }

  pointerConstant(value: number): void {
    if (this.target.is64) this.constant64(value);
    else this.constant(value);
  }

  // ------------------------------------------------------------------------------------------------- addresses

  addToAddress(value: number): void {
    if (value === 0) return;
    this.pointerConstant(value);
    this.code.byte(this.target.is64 ? OP.I64_ADD : OP.I32_ADD);
  }

  shiftRight(bits: number): void {
    this.pointerConstant(bits);
    this.code.byte(this.target.is64 ? OP.I64_SHR_U : OP.I32_SHR_U);
  }

  wrap(): void {
    if (this.target.is64) this.code.byte(OP.I32_WRAP_I64);
  }

  // ------------------------------------------------------------------------------------------------- the runtime

  rarely(): void {
    this.hints.unlikely(this.code.length);
    this.code.byte(OP.IF);
    this.code.byte(TYPE.VOID);
  }

  runtimeFunction(name: string): number {
    let index = this.functions.get(name);
    if (index === undefined) {
      index = this.target.checks.get(name);
      if (index === undefined) throw new Error(`the runtime has no ${name}`);
      this.functions.set(name, index);
    }
    return index;
  }

  callRuntime(name: string): void {
    this.code.byte(OP.CALL);
    this.code.u32(this.runtimeFunction(name));
  }

  runtimeGlobal(name: string): void {
    const index = this.target.globals.get(name);
    if (index === undefined) throw new Error(`the runtime has no global ${name}`);
    this.code.byte(OP.GLOBAL_GET);
    this.code.u32(index);
  }

  runtimeAccess(op: number, align: number, offset: number): void {
    this.target.runtimeMemory.access(this.code, op, align, offset);
  }

  runtimeLoad(address: number): void {
    this.constant(0);
    this.runtimeAccess(OP.I32_LOAD, 2, address);
  }

  runtimeByte(address: number): void {
    this.runtimeAccess(OP.I32_LOAD8_U, 0, address);
  }

  runtimeStore(address: number, value: () => void): void {
    this.constant(0);
    value();
    this.runtimeAccess(OP.I32_STORE, 2, address);
  }

  runtimeCount(address: number, keeps: boolean): void {
    this.constant(0);
    this.constant(0);
    this.runtimeAccess(OP.I32_LOAD8_U, 0, address);
    this.constant(1);
    this.code.byte(OP.I32_ADD);
    if (keeps) this.scratch(OP.LOCAL_TEE, 'count', TYPE.I32);
    this.runtimeAccess(OP.I32_STORE8, 0, address);
    if (keeps) this.scratch(OP.LOCAL_GET, 'count', TYPE.I32);
  }
}
