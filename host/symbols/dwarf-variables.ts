// Which variables lie in linear memory, and where: those of a function relative to its frame base, globals at their
// program address. A variable that lives in wasm locals only has no address and is left out.

import { ByteReader } from './byte-reader.ts';
import { type Compiler, compilerOf, type Dwarf, isCppLike, type Located } from './dwarf.ts';
import { AT, OP, TAG } from './dwarf-constants.ts';
import type { Scope } from './dwarf-functions.ts';
import { listOffset, type PcRange } from './dwarf-ranges.ts';
import { endsOpen, typeName, typeSize } from './dwarf-types.ts';
import type { Attribute, Die, Unit } from './dwarf-unit.ts';

export interface Variable {
  name: string;
  /** Bytes from the frame base (stack variable) or program address (global). */
  offset: number;
  /** Bytes, 0 if unknown. */
  size: number;
  file?: string;
  line?: number;
  type?: string;
  /** File offsets of the code in which a stack variable exists; absent if that is the entire function. */
  scope?: PcRange[];
  /** The inlined function it belongs to. */
  inlinedFrom?: string;
  /** May be larger than `size`: it ends in a flexible array, or its compiler does not describe all of its storage. */
  open?: true;
  /** Where the object begins of which it is a part (of C++: a structured binding), as `offset` counts. */
  partOf?: number;
  /** A whole data segment, not a variable: the best a module without DWARF can say. */
  segment?: true;
}

/** Where a function keeps the address that its variables count from. */
export interface FrameBase {
  kind: 'local' | 'global' | 'stack';
  index: number;
}

export interface StackFrame {
  frameBase: FrameBase | undefined;
  variables: Variable[];
  compiler: Compiler;
  file?: string;
  line?: number;
}

const WASM_LOCATIONS: readonly FrameBase['kind'][] = ['local', 'global', 'stack', 'global'];

export function dwarfStackFrame(dwarf: Dwarf, bodyStart: number, codeStart: number): StackFrame | undefined {
  const found = dwarf.functionAt(bodyStart - codeStart);
  if (!found) return undefined;
  const { unit, die } = found;
  const base = die.attributes.get(AT.frameBase)?.block;
  const frameBase = base && readWasmLocation(new ByteReader(base));
  const variables: Variable[] = [];
  const context = { dwarf, unit, frameBase, codeStart };
  collect(context, dwarf.scope(unit, die), undefined, undefined, variables);
  variables.sort((a, b) => a.offset - b.offset);
  return { frameBase, variables, compiler: knownCompiler(unit), ...dwarf.declaration(dwarf.chain(found)) };
}

interface FrameContext {
  dwarf: Dwarf;
  unit: Unit;
  frameBase: FrameBase | undefined;
  codeStart: number;
}

function collect(
  context: FrameContext,
  scope: Scope,
  within: PcRange[] | undefined,
  inlinedFrom: string | undefined,
  into: Variable[],
): void {
  const { dwarf, unit, codeStart } = context;
  for (const die of scope.variables) {
    const place = framePlace(context, die);
    if (place === undefined) continue;
    const { storage, offset } = place;
    const { name, ...rest } = describe(dwarf, { unit, die }, offset);
    const part = storage !== offset && { partOf: storage, open: true as const };
    const scoped = {
      ...rest,
      ...part,
      ...(within && { scope: within }),
      ...(inlinedFrom !== undefined && { inlinedFrom }),
    };
    if (!isKnown(into, name, rest.offset, within)) into.push({ name, ...scoped });
  }
  for (const child of scope.children) {
    const ranges = child.ranges.map(({ start, end }) => ({ start: start + codeStart, end: end + codeStart }));
    const isInlined = child.die.tag === TAG.inlinedSubroutine;
    const from = isInlined ? dwarf.string(dwarf.chain({ unit, die: child.die }), AT.name) : inlinedFrom;
    collect(context, child, ranges.length > 0 ? ranges : within, from, into);
  }
}

/** A variable with several locations is one variable. */
function isKnown(variables: Variable[], name: string, offset: number, scope: PcRange[] | undefined): boolean {
  return variables.some((other) => other.name === name && other.offset === offset && other.scope === scope);
}

function describe(dwarf: Dwarf, located: Located, offset: number): Variable {
  const chain = dwarf.chain(located);
  const owner = chain.find(({ die }) => die.attributes.has(AT.type));
  const type = owner && dwarf.follow(owner.unit, owner.die, AT.type);
  return {
    name: dwarf.string(chain, AT.name) ?? '<unknown>',
    offset,
    size: sane(typeSize(dwarf, type)),
    ...dwarf.declaration(chain),
    ...(type && { type: typeName(dwarf, type) }),
    ...((endsOpen(dwarf, type) || knownCompiler(located.unit) === 'other') && { open: true }),
  };
}

const compilers = new WeakMap<Unit, Compiler>();

function knownCompiler(unit: Unit): Compiler {
  const compiler = compilers.get(unit) ?? compilerOf(unit);
  compilers.set(unit, compiler);
  return compiler;
}

/** Damaged array bounds multiply to anything. */
function sane(size: number): number {
  return size >= 0 && size <= Number.MAX_SAFE_INTEGER ? size : 0;
}

/** Bytes from the frame base, to a variable and to the object that it is a part of (mostly itself). */
interface FramePlace {
  storage: number;
  offset: number;
}

/** Undefined if the variable is not in memory there. */
function framePlace(context: FrameContext, die: Die): FramePlace | undefined {
  const location = die.attributes.get(AT.location);
  if (!location) return undefined;
  const expressions = location.block ? [location.block] : locationList(context.unit, location);
  for (const expression of expressions) {
    const place = evaluatePlace(expression, context.frameBase);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Understands `fbreg n` and `WASM_location <frame base>`, `plus_uconst n` with nothing else behind. */
function evaluatePlace(expression: Uint8Array, frameBase: FrameBase | undefined): FramePlace | undefined {
  const reader = new ByteReader(expression);
  if (reader.atEnd) return undefined;
  const first = reader.u8();
  let storage = 0;
  if (first === OP.fbreg) {
    storage = reader.sleb();
  } else if (first === OP.wasmLocation) {
    reader.position = 0;
    const location = readWasmLocation(reader);
    const isFrameBase = location?.kind === frameBase?.kind && location?.index === frameBase?.index;
    if (!location || !isFrameBase || reader.atEnd) return undefined; // bare, it is the value and not the address
    if (reader.u8() !== OP.plusUconst) return undefined;
    storage = reader.uleb();
  } else {
    return undefined;
  }
  let offset = storage;
  while (!reader.atEnd) {
    if (reader.u8() !== OP.plusUconst) return undefined;
    offset += reader.uleb();
  }
  return { storage, offset };
}

function readWasmLocation(reader: ByteReader): FrameBase | undefined {
  if (reader.u8() !== OP.wasmLocation) return undefined;
  const kind = reader.u8();
  const name = WASM_LOCATIONS[kind];
  return name && { kind: name, index: kind === 3 ? reader.u32() : reader.uleb() };
}

const LLE = {
  endOfList: 0,
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  defaultLocation: 5,
  baseAddress: 6,
  startEnd: 7,
  startLength: 8,
};

/** The expressions of a location list, whatever addresses they are for. */
function locationList(unit: Unit, list: Attribute): Uint8Array[] {
  const { version, addressSize } = unit.header;
  const expressions: Uint8Array[] = [];
  if (version < 5) {
    const reader = new ByteReader(unit.sections.loc, list.value);
    while (!reader.atEnd) {
      const start = reader.unsigned(addressSize);
      const end = reader.unsigned(addressSize);
      if (start === 0 && end === 0) break;
      const isBase = start === (addressSize === 8 ? 2 ** 64 : 0xffffffff);
      if (!isBase) expressions.push(reader.take(reader.u16()));
    }
    return expressions;
  }
  const { loclists } = unit.sections;
  const reader = new ByteReader(loclists, listOffset(unit, list, AT.loclistsBase, loclists));
  for (let kind = reader.u8(); kind !== LLE.endOfList; kind = reader.u8()) {
    if (kind === LLE.baseAddressx) reader.uleb();
    else if (kind === LLE.baseAddress) reader.skip(addressSize);
    else {
      skipLocationRange(reader, kind, addressSize);
      expressions.push(reader.take(reader.uleb()));
    }
    if (kind > LLE.startLength) break;
  }
  return expressions;
}

function skipLocationRange(reader: ByteReader, kind: number, addressSize: number): void {
  if (kind === LLE.startEnd) reader.skip(2 * addressSize);
  else if (kind === LLE.startLength) reader.skip(addressSize);
  else if (kind !== LLE.defaultLocation) reader.uleb();
  if (kind !== LLE.startEnd && kind !== LLE.defaultLocation) reader.uleb();
}

/** Every variable of every unit that has a program address, by address. */
export function dwarfGlobals(dwarf: Dwarf, readable: (name: string) => string): Variable[] {
  const variables = new Map<string, Variable>();
  for (const unit of dwarf.units) {
    for (const offset of dwarf.index(unit).globals) {
      const die = unit.die(offset);
      const address = die && programAddress(unit, die);
      if (!die || address === undefined) continue;
      const name = globalName(dwarf, { unit, die }, readable);
      const key = `${address} ${name}`;
      if (!variables.has(key)) variables.set(key, { ...describe(dwarf, { unit, die }, address), name });
    }
  }
  return [...variables.values()].sort((a, b) => a.offset - b.offset || b.size - a.size);
}

/** Qualified with its namespace, class or (a static local) function. Only string literals have no name. */
function globalName(dwarf: Dwarf, located: Located, readable: (name: string) => string): string {
  const chain = dwarf.chain(located);
  const linkageName = dwarf.linkageName(chain);
  if (linkageName !== undefined) return readable(linkageName);
  const name = dwarf.string(chain, AT.name);
  if (name === undefined) return '<string literal>';
  const owner = dwarf.enclosingFunction(chain);
  if (!owner) return dwarf.qualifiedName(chain) ?? name;
  const ownerName = readable(dwarf.functionName(owner) ?? '');
  return ownerName + (isCppLike(located.unit) ? '::' : '.') + name;
}

/** The address if the location is nothing but one; 0 and -1 stand for variables the linker dropped. */
function programAddress(unit: Unit, die: Die): number | undefined {
  const expression = die.attributes.get(AT.location)?.block;
  if (!expression) return undefined;
  const reader = new ByteReader(expression);
  const operation = reader.u8();
  let address: number;
  if (operation === OP.addr) address = reader.unsigned(unit.header.addressSize);
  else if (operation === OP.addrx || operation === OP.gnuAddrIndex) address = unit.indexedAddress(reader.uleb());
  else return undefined;
  while (!reader.atEnd) {
    if (reader.u8() !== OP.plusUconst) return undefined;
    address += reader.uleb();
  }
  const isDropped = address === 0 || address >= (unit.header.addressSize === 8 ? 2 ** 53 : 0xfffffffe);
  return isDropped ? undefined : address;
}
