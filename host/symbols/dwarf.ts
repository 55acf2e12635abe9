// All DWARF of a module: finds the unit of an address without reading the others, follows references between DIEs,
// and caches what has been read. Addresses ("pc") count from the start of the code section's payload.

import { AT, CPP_LIKE_LANGUAGES, TAG, UNIT } from './dwarf-constants.ts';
import { covers, type FunctionEntry, indexUnit, readScope, type Scope, type UnitIndex } from './dwarf-functions.ts';
import { LineTable } from './dwarf-lines.ts';
import { hasRanges, type PcRange, rangesOf } from './dwarf-ranges.ts';
import {
  type Abbreviation,
  type Die,
  type DwarfSections,
  readAbbreviations,
  readUnitHeader,
  referenceOf,
  Unit,
} from './dwarf-unit.ts';
import { lazy, type WasmModule } from './wasm-module.ts';

/** How many references (origin, specification) are followed from one DIE. */
const MAX_REFERENCES = 8;

/** How many scopes a qualified name has at most. */
const MAX_SCOPES = 64;

export interface Located {
  unit: Unit;
  die: Die;
}

export interface FoundFunction extends FunctionEntry {
  unit: Unit;
}

/** Tells code addresses from the impossible ones a linker writes for dead functions. */
export interface CodeBounds {
  first: number;
  end: number;
}

export class Dwarf {
  readonly #sections: DwarfSections;
  readonly #isCode: (range: PcRange) => boolean;
  readonly #onProblem: (error: unknown) => void;
  readonly #units: () => Unit[];
  readonly #unitRanges: () => { start: number; end: number; unit: Unit }[];
  readonly #rangeless: () => Unit[];
  readonly #indices = new Map<Unit, UnitIndex>();
  readonly #lines = new Map<Unit, LineTable | undefined>();
  readonly #scopes = new Map<Die, Scope>();
  readonly #abbreviations = new Map<string, Map<number, Abbreviation>>();

  constructor(sections: DwarfSections, bounds: () => CodeBounds, onProblem: (error: unknown) => void) {
    this.#sections = sections;
    this.#onProblem = onProblem;
    const resolved = lazy(bounds);
    this.#isCode = ({ start, end }) => start < end && start >= resolved().first && end <= resolved().end;
    this.#units = lazy(() => [...this.#readUnits(sections.info, false), ...this.#readUnits(sections.types, true)]);
    const described = lazy(() => this.#describeUnits());
    this.#unitRanges = () => described().ranges;
    this.#rangeless = () => described().rangeless;
  }

  get units(): Unit[] {
    return this.#units();
  }

  #guard<T>(fallback: T, run: () => T): T {
    try {
      return run();
    } catch (error) {
      this.#onProblem(error);
      return fallback;
    }
  }

  #readUnits(section: Uint8Array, isTypesSection: boolean): Unit[] {
    const units: Unit[] = [];
    this.#guard(undefined, () => {
      for (let offset = 0; offset < section.length; ) {
        const header = readUnitHeader(section, offset, isTypesSection);
        if (header.version >= 2 && header.version <= 5) {
          units.push(
            new Unit(
              header,
              this.#sections,
              lazy(() => this.#abbreviationsOf(header)),
            ),
          );
        }
        if (header.end <= offset) break;
        offset = header.end;
      }
    });
    return units;
  }

  #abbreviationsOf(header: Unit['header']): Map<number, Abbreviation> {
    // The sizes of forms depend on the header too.
    const key = `${header.abbrevOffset}:${header.addressSize}:${header.offsetSize}:${header.version === 2}`;
    let table = this.#abbreviations.get(key);
    if (!table) {
      table = readAbbreviations(this.#sections.abbrev, header);
      this.#abbreviations.set(key, table);
    }
    return table;
  }

  #describeUnits(): { ranges: { start: number; end: number; unit: Unit }[]; rangeless: Unit[] } {
    const ranges: { start: number; end: number; unit: Unit }[] = [];
    const rangeless: Unit[] = [];
    for (const unit of this.units) {
      if (unit.header.unitType === UNIT.type) continue;
      const own = this.#guard<PcRange[]>([], () => rangesOf(unit, unit.root(), this.#isCode));
      for (const { start, end } of own) ranges.push({ start, end, unit });
      if (this.#guard(false, () => !hasRanges(unit.root()))) rangeless.push(unit);
    }
    ranges.sort((a, b) => a.start - b.start);
    return { ranges, rangeless };
  }

  /** The function whose code contains the address, the narrowest one if several claim it. */
  functionAt(pc: number): FoundFunction | undefined {
    for (const { start, end, unit } of this.#unitRanges()) {
      if (start > pc) break;
      if (pc >= end) continue;
      const found = this.#functionIn(unit, pc);
      if (found) return found;
    }
    for (const unit of this.#rangeless()) {
      const found = this.#functionIn(unit, pc);
      if (found) return found;
    }
    return undefined;
  }

  #functionIn(unit: Unit, pc: number): FoundFunction | undefined {
    let best: FunctionEntry | undefined;
    for (const entry of this.index(unit).functions) {
      if (covers(entry.ranges, pc) && (!best || extent(entry.ranges) < extent(best.ranges))) best = entry;
    }
    return best && { ...best, unit };
  }

  /** The unit whose line table covers the address, for code that no function DIE claims. */
  unitAt(pc: number): Unit | undefined {
    return this.#unitRanges().find(({ start, end }) => pc >= start && pc < end)?.unit;
  }

  index(unit: Unit): UnitIndex {
    let index = this.#indices.get(unit);
    if (!index) {
      index = this.#guard<UnitIndex>({ functions: [], globals: [], parents: new Map() }, () =>
        indexUnit(unit, this.#isCode, this.#onProblem),
      );
      this.#indices.set(unit, index);
    }
    return index;
  }

  scope(unit: Unit, die: Die): Scope {
    let scope = this.#scopes.get(die);
    if (!scope) {
      scope = this.#guard<Scope>({ die, ranges: [], variables: [], children: [] }, () =>
        readScope(unit, die, this.#isCode),
      );
      this.#scopes.set(die, scope);
    }
    return scope;
  }

  lines(unit: Unit): LineTable | undefined {
    if (!this.#lines.has(unit)) {
      const table = this.#guard<LineTable | undefined>(undefined, () => {
        const offset = unit.number(unit.root(), AT.stmtList);
        if (offset === undefined) return undefined;
        const compDir = unit.string(unit.root(), AT.compDir) ?? '';
        return new LineTable(unit, offset, compDir, (start) => this.#isCode({ start, end: start + 1 }));
      });
      this.#lines.set(unit, table);
    }
    return this.#lines.get(unit);
  }

  /** What a reference attribute points to; it may lie in another unit. */
  follow(unit: Unit, die: Die, name: number): Located | undefined {
    const attribute = die.attributes.get(name);
    const target = attribute && referenceOf(unit, attribute);
    if (target === undefined) return undefined;
    return this.#guard(undefined, () =>
      typeof target === 'string' ? this.#typeUnit(target) : this.#dieAt(unit, target),
    );
  }

  #dieAt(near: Unit, offset: number): Located | undefined {
    const unit = near.contains(offset) ? near : this.units.find((candidate) => candidate.contains(offset));
    const die = unit?.die(offset);
    return unit && die && { unit, die };
  }

  #typeUnit(signature: string): Located | undefined {
    const unit = this.units.find(({ header }) => header.signature === signature);
    const die = unit?.die(unit.header.offset + unit.header.typeOffset!);
    return unit && die && { unit, die };
  }

  /** The DIE and those it completes (abstract origin, specification), nearest first. */
  chain(located: Located): Located[] {
    const chain = [located];
    for (let at: Located | undefined = located; at && chain.length < MAX_REFERENCES; ) {
      const { unit, die }: Located = at;
      at = this.follow(unit, die, AT.abstractOrigin) ?? this.follow(unit, die, AT.specification);
      if (at) chain.push(at);
    }
    return chain;
  }

  /** First string value of an attribute along a chain. */
  string(chain: Located[], name: number): string | undefined {
    for (const { unit, die } of chain) {
      const value = this.#guard(undefined, () => unit.string(die, name));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The name a linker knows the function or variable by. */
  linkageName(chain: Located[]): string | undefined {
    return this.string(chain, AT.linkageName) ?? this.string(chain, AT.mipsLinkageName);
  }

  /** The linker's name says more (parameters, generic arguments), except for `main`, which clang renames. */
  functionName(chain: Located[]): string | undefined {
    const linkageName = this.linkageName(chain);
    if (linkageName === undefined || /^__(?:main_|original_main$)/.test(linkageName)) return this.qualifiedName(chain);
    return linkageName;
  }

  /** Name with the namespaces and types around it. */
  qualifiedName(chain: Located[]): string | undefined {
    const name = this.string(chain, AT.name);
    if (name === undefined || !isCppLike(chain[0]!.unit)) return name;
    const parts = [name];
    for (let around = this.#around(chain); around && parts.length < MAX_SCOPES; around = this.#around(around)) {
      const anonymous = around[0]!.die.tag === TAG.namespace ? '(anonymous namespace)' : undefined;
      const part = this.string(around, AT.name) ?? anonymous;
      if (part !== undefined) parts.unshift(part);
    }
    return parts.join('::');
  }

  /** The chain of the namespace, type or function in which the last of this chain is declared. */
  #around(chain: Located[]): Located[] | undefined {
    const { unit, die } = chain.at(-1)!;
    const offset = this.index(unit).parents.get(die.offset);
    const parent = offset === undefined ? undefined : this.#guard(undefined, () => unit.die(offset));
    return parent && this.chain({ unit, die: parent });
  }

  /** Of a static local: the function it is declared in. */
  enclosingFunction(chain: Located[]): Located[] | undefined {
    const around = this.#around(chain);
    return around?.[0]?.die.tag === TAG.subprogram ? around : undefined;
  }

  /** Source position of a declaration, first along the chain that has one. */
  declaration(chain: Located[]): { file?: string; line?: number } {
    for (const { unit, die } of chain) {
      const line = unit.number(die, AT.declLine);
      if (line === undefined) continue;
      const fileIndex = unit.number(die, AT.declFile);
      const file = fileIndex === undefined ? undefined : this.lines(unit)?.file(fileIndex);
      return { ...(file !== undefined && { file }), line };
    }
    return {};
  }
}

export function isCppLike(unit: Unit): boolean {
  return CPP_LIKE_LANGUAGES.has(unit.number(unit.root(), AT.language) ?? 0);
}

/** Who wrote the debug information: how much it says of what is stored differs. */
export type Compiler = 'clang' | 'rustc' | 'other';

export function compilerOf(unit: Unit): Compiler {
  const producer = unit.string(unit.root(), AT.producer) ?? '';
  if (producer.includes('rustc')) return 'rustc'; // "clang LLVM (rustc version 1.63.0)"
  return /\bclang version\b/.test(producer) ? 'clang' : 'other';
}

function extent(ranges: PcRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

const EMPTY = new Uint8Array(0);

/** Undefined if the module has no .debug_info. */
export function dwarfSections(module: WasmModule): DwarfSections | undefined {
  const info = module.custom('.debug_info');
  if (!info) return undefined;
  const section = (name: string) => module.custom(`.debug_${name}`) ?? EMPTY;
  return {
    info,
    types: section('types'),
    abbrev: section('abbrev'),
    line: section('line'),
    str: section('str'),
    lineStr: section('line_str'),
    strOffsets: section('str_offsets'),
    addr: section('addr'),
    ranges: section('ranges'),
    rnglists: section('rnglists'),
    loc: section('loc'),
    loclists: section('loclists'),
  };
}
