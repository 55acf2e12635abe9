// What is known of a module's static data before it runs, and the checks that follow from it: redzones in the padding
// between objects, bounds for accesses whose address is a constant plus something, constants that nobody may write.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  GLOBALS_BASE,
  GLOBALS_END,
  HEADER_GLOBALS,
  HEADER_RODATA_SIZE,
} from '../../runtime/abi.ts';
import { accessOf, OPERAND_TYPE } from '../access-table.ts';
import type { DebugInfo } from '../debug-info.ts';
import type { Edit, Emitter } from '../plan.ts';
import type { Module } from '../wasm/module.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import { type BasedAccess, findBases } from './bases.ts';
import { type Extents, findExtents, type GlobalObject } from './extents.ts';
import { readOnlyData } from './segments.ts';

/** Bytes preset in the runtime's memory. */
export interface Preset {
  readonly address: number;
  readonly bytes: Uint8Array;
}

const ENTRY = 8;
const SLOT = 4;

export class Globals {
  readonly objects: readonly GlobalObject[];
  readonly gaps: readonly GlobalObject[];
  readonly readOnly: GlobalObject | undefined;
  private readonly module: Module;
  private readonly stackPointer: number | undefined;
  /** Where the next access's slot goes. */
  private slot: number;

  constructor(module: Module, debugInfo: DebugInfo | undefined, nullLimit: number, stackPointer: number | undefined) {
    this.module = module;
    this.stackPointer = stackPointer;
    const known: Extents = debugInfo ? findExtents(module, debugInfo, nullLimit) : { objects: [], gaps: [] };
    // Slots get what objects and gaps leave; a program with more objects than fit has the rest unchecked.
    const room = Math.floor((GLOBALS_END - GLOBALS_BASE) / ENTRY / 2);
    this.objects = known.objects.slice(0, room);
    this.gaps = known.gaps.slice(0, Math.floor(room / 2));
    this.readOnly = readOnlyData(module);
    this.slot = GLOBALS_BASE + (this.objects.length + this.gaps.length) * ENTRY;
  }

  /** Some accesses are held against the objects they belong to, or there are redzones between those. */
  get hasObjects(): boolean {
    return this.objects.length > 0 || this.gaps.length > 0;
  }

  /** What init() of the runtime reads. */
  presets(): Preset[] {
    const table = new Uint8Array((this.objects.length + this.gaps.length) * ENTRY);
    const view = new DataView(table.buffer);
    [...this.objects, ...this.gaps].forEach(({ begin, end }, i) => {
      view.setUint32(i * ENTRY, begin, true);
      view.setUint32(i * ENTRY + 4, end - begin, true);
    });
    const header = new Uint8Array(HEADER_RODATA_SIZE + 4 - HEADER_GLOBALS);
    const fields = [
      GLOBALS_BASE,
      this.objects.length,
      GLOBALS_BASE + this.objects.length * ENTRY,
      this.gaps.length,
      this.readOnly?.begin ?? 0,
      this.readOnly ? this.readOnly.end - this.readOnly.begin : 0,
    ];
    fields.forEach((value, i) => new DataView(header.buffer).setUint32(i * 4, value, true));
    const presets = [{ address: HEADER_GLOBALS, bytes: header }];
    return table.length > 0 ? [...presets, { address: GLOBALS_BASE, bytes: table }] : presets;
  }

  /** Whether a byte of [address, address + size) is a redzone, or read-only. */
  poisons(address: number, size: number, write: boolean): boolean {
    const meets = (o: GlobalObject) => o.begin < address + size && o.end > address;
    return (write && this.readOnly !== undefined && meets(this.readOnly)) || this.gaps.some(meets);
  }

  /** Checks of a function's accesses against the objects their addresses come from, in code order. */
  edits(body: number): Edit[] {
    const { module } = this;
    if (this.objects.length === 0 || module.memories[0]!.is64) return [];
    const type = module.types[module.functions[module.importedFunctions + body]!]!;
    const found = findBases(module, module.bodies[body]!, type.params.length, this.stackPointer);
    const shared = new Map<string, number>();
    return found.accesses.flatMap((access) => this.boundsCheck(access, found.unoptimised, shared) ?? []);
  }

  private boundsCheck(access: BasedAccess, unoptimised: boolean, shared: Map<string, number>): Edit | undefined {
    const object = this.objectOf(access.base);
    const row = accessOf(access.op)!;
    if (!object || object.end - object.begin < row.size) return undefined;
    if (
      access.reach !== undefined &&
      access.base >= object.begin &&
      access.base + access.reach + row.size <= object.end
    ) {
      return undefined; // the index cannot leave the object
    }
    const slot = this.slotOf(access, shared);
    if (slot === undefined) return undefined;
    const abuts = this.objects.some((o) => o.end === object.begin);
    // What is linked without being referred to (`used`) would be hit in its middle, not at its beginning.
    const certain = object.single && access.base === object.begin;
    const asks = certain ? 'certain' : unoptimised ? (abuts ? 'exact' : 'outside') : 'once inside';
    return {
      at: access.at,
      removes: 0,
      isSite: true,
      write: (emit) => writeBoundsCheck(emit, access, object, slot, asks),
    };
  }

  /** Accesses through one local are one access: the rounds of a loop and what was unrolled from it. */
  private slotOf({ base, carrier }: BasedAccess, shared: Map<string, number>): number | undefined {
    const key = `${base} ${carrier}`;
    const known = carrier === undefined ? undefined : shared.get(key);
    if (known !== undefined) return known;
    if (this.slot + SLOT > GLOBALS_END) return undefined;
    const slot = this.slot;
    this.slot += SLOT;
    if (carrier !== undefined) shared.set(key, slot);
    return slot;
  }

  /** The object an address constant belongs to: the one it lies in, or the one it is the end of. */
  private objectOf(address: number): GlobalObject | undefined {
    let low = 0;
    let high = this.objects.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.objects[middle]!.begin <= address) low = middle + 1;
      else high = middle;
    }
    const object = this.objects[low - 1];
    return object && address <= object.end ? object : undefined;
  }
}

/** 'certain' and 'outside': only an access outside is looked into; else also the first one inside, which the slot then remembers. */
type Asks = 'certain' | 'outside' | 'exact' | 'once inside';

/** In the place of the base: it cannot be another object's. */
const CERTAIN = -1;

/** `ACCESS_*` bits leave room: the address wrapped around, which the engine is going to refuse anyway. */
const WRAPPED_SHIFT = 8;

/**
 * (address + offset) - begin > size of the object - size of the access, unsigned, or the slot does not say yet that this
 * access was seen inside: then the runtime decides.
 */
function writeBoundsCheck(emit: Emitter, access: BasedAccess, object: GlobalObject, slot: number, asks: Asks): void {
  const row = accessOf(access.op)!;
  const operand = (op: number, i: number) => emit.scratch(op, `global operand ${i}`, OPERAND_TYPE[row.operands[i]!]);
  const address = (op: number) => emit.scratch(op, 'global address', TYPE.I32);
  for (let i = row.operands.length - 1; i >= 0; i--) operand(OP.LOCAL_SET, i);
  address(OP.LOCAL_TEE);
  emit.constant((access.offset - object.begin) | 0);
  emit.byte(OP.I32_ADD);
  emit.constant(object.end - object.begin - row.size);
  emit.byte(OP.I32_GT_U);
  if (asks === 'exact' || asks === 'once inside') {
    emit.runtimeLoad(slot);
    emit.constant(1);
    emit.byte(OP.I32_NE);
    emit.byte(OP.I32_OR);
  }
  emit.byte(OP.IF);
  emit.byte(TYPE.VOID);
  address(OP.LOCAL_GET);
  emit.constant(access.offset | 0);
  emit.byte(OP.I32_ADD);
  emit.constant(row.size);
  writeAccessBits(emit, access, row.write, address);
  emit.constant(object.begin | 0);
  if (asks !== 'once inside') emit.constant(asks === 'certain' ? CERTAIN : access.base | 0);
  emit.constant(slot);
  emit.siteConstant(emit.site());
  emit.callRuntime(asks === 'once inside' ? 'global_slot' : 'global_exact');
  emit.byte(OP.END);
  address(OP.LOCAL_GET);
  row.operands.forEach((_, i) => operand(OP.LOCAL_GET, i));
}

function writeAccessBits(emit: Emitter, access: BasedAccess, write: boolean, address: (op: number) => void): void {
  emit.constant(write ? ACCESS_WRITE : ACCESS_READ);
  if (access.offset === 0) return;
  address(OP.LOCAL_GET);
  emit.constant(access.offset | 0);
  emit.byte(OP.I32_ADD);
  emit.constant(access.offset | 0);
  emit.byte(OP.I32_LT_U);
  emit.constant(WRAPPED_SHIFT);
  emit.byte(OP.I32_SHL);
  emit.byte(OP.I32_OR);
}
