// Finds the functions of a unit in one pass over its DIEs, and the scopes inside one function on demand:
//
//   subprogram                      the function at the address
//   ├─ variable, formal_parameter
//   ├─ lexical_block                a { } with its own variables
//   └─ inlined_subroutine           another function's body, with the place it was called from

import type { ByteReader } from './byte-reader.ts';
import { AT, OP, TAG } from './dwarf-constants.ts';
import { hasRanges, type PcRange, rangesOf } from './dwarf-ranges.ts';
import type { Abbreviation, Die, Unit } from './dwarf-unit.ts';

export interface FunctionEntry {
  die: Die;
  ranges: PcRange[];
}

export interface UnitIndex {
  /** Sorted by first address. */
  functions: FunctionEntry[];
  /** Section offsets of the variables that have a program address. */
  globals: number[];
  /** Section offset of a named DIE -> that of the namespace, type or function around it. */
  parents: Map<number, number>;
}

export interface Scope {
  die: Die;
  ranges: PcRange[];
  variables: Die[];
  children: Scope[];
}

const NAMED_SCOPES = new Set<number>([
  TAG.namespace,
  TAG.module,
  TAG.classType,
  TAG.structureType,
  TAG.unionType,
  TAG.enumerationType,
  TAG.subprogram,
]);

/** DIEs that have a name to be qualified. */
const NAMED = new Set<number>([...NAMED_SCOPES, TAG.variable, TAG.member, TAG.typedef]);

/** What comes before the first damaged DIE is kept. */
export function indexUnit(
  unit: Unit,
  isCode: (range: PcRange) => boolean,
  onProblem: (error: unknown) => void,
): UnitIndex {
  const index: UnitIndex = { functions: [], globals: [], parents: new Map() };
  try {
    fillIndex(unit, index, isCode);
  } catch (error) {
    onProblem(error);
  }
  index.functions.sort((a, b) => a.ranges[0]!.start - b.ranges[0]!.start);
  return index;
}

function fillIndex(unit: Unit, index: UnitIndex, isCode: (range: PcRange) => boolean): void {
  const reader = unit.reader(unit.header.firstDie);
  // around[depth] is the innermost named scope around DIEs at that depth; -1 at the top.
  const around: number[] = [-1];
  let depth = 0;
  while (!reader.atEnd) {
    const offset = reader.position;
    const code = reader.uleb();
    if (code === 0) {
      depth--;
      if (depth <= 0) break;
      continue;
    }
    const abbreviation = unit.abbreviation(code);
    const parent = around[depth]!;
    if (NAMED.has(abbreviation.tag) && parent >= 0) index.parents.set(offset, parent);
    if (abbreviation.tag === TAG.subprogram || abbreviation.tag === TAG.variable) {
      addEntry(unit, index, reader, offset, abbreviation, isCode);
    } else {
      unit.skipValues(reader, abbreviation);
    }
    if (abbreviation.hasChildren) around[++depth] = NAMED_SCOPES.has(abbreviation.tag) ? offset : parent;
    else if (depth === 0) break;
  }
}

function addEntry(
  unit: Unit,
  index: UnitIndex,
  reader: ByteReader,
  offset: number,
  abbreviation: Abbreviation,
  isCode: (range: PcRange) => boolean,
): void {
  const wanted = abbreviation.attributes.some(
    ({ name }) => name === AT.lowPc || name === AT.ranges || name === AT.location,
  );
  if (!wanted) {
    unit.skipValues(reader, abbreviation);
    return;
  }
  const die = unit.dieOf(reader, offset, abbreviation);
  if (abbreviation.tag === TAG.subprogram) {
    const ranges = rangesOf(unit, die, isCode);
    if (ranges.length > 0) index.functions.push({ die, ranges });
  } else {
    const operation = die.attributes.get(AT.location)?.block?.[0];
    if (operation === OP.addr || operation === OP.addrx || operation === OP.gnuAddrIndex) index.globals.push(offset);
  }
}

/** The scopes below a function or block; one without addresses of its own covers what its parent covers. */
export function readScope(unit: Unit, die: Die, isCode: (range: PcRange) => boolean): Scope {
  const root: Scope = { die, ranges: rangesOf(unit, die, isCode), variables: [], children: [] };
  if (!die.hasChildren) return root;
  const stack: (Scope | undefined)[] = [root]; // undefined below what is no scope, such as a local class
  const reader = unit.reader(die.next);
  while (stack.length > 0 && !reader.atEnd) {
    const offset = reader.position;
    const code = reader.uleb();
    if (code === 0) {
      stack.pop();
      continue;
    }
    const abbreviation = unit.abbreviation(code);
    const scope = stack.at(-1);
    const child = scope && readScopeMember(unit, scope, reader, offset, abbreviation, isCode);
    if (!scope) unit.skipValues(reader, abbreviation);
    if (abbreviation.hasChildren) stack.push(child);
  }
  return root;
}

function readScopeMember(
  unit: Unit,
  scope: Scope,
  reader: ByteReader,
  offset: number,
  abbreviation: Abbreviation,
  isCode: (range: PcRange) => boolean,
): Scope | undefined {
  const { tag } = abbreviation;
  if (tag === TAG.variable || tag === TAG.formalParameter) {
    scope.variables.push(unit.dieOf(reader, offset, abbreviation));
    return undefined;
  }
  if (tag !== TAG.lexicalBlock && tag !== TAG.inlinedSubroutine) {
    unit.skipValues(reader, abbreviation);
    return undefined;
  }
  const die = unit.dieOf(reader, offset, abbreviation);
  const ranges = hasRanges(die) ? rangesOf(unit, die, isCode) : scope.ranges;
  const child: Scope = { die, ranges, variables: [], children: [] };
  scope.children.push(child);
  return child;
}

export function covers(ranges: PcRange[], pc: number): boolean {
  return ranges.some(({ start, end }) => pc >= start && pc < end);
}

/** The chain of scopes around an address, outermost (the function itself) first. */
export function scopesAt(root: Scope, pc: number): Scope[] {
  const chain = [root];
  for (let scope: Scope | undefined = root; scope; ) {
    scope = scope.children.find(({ ranges }) => covers(ranges, pc));
    if (scope) chain.push(scope);
  }
  return chain;
}
