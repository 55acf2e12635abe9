// Reads the DIEs (debugging information entries) of one DWARF unit: header, abbreviations and attribute values.
//
//   .debug_info   | unit | unit | unit | ...          one unit per source file, as a rule
//   unit          | header | DIE | DIE | 0 | DIE | 0 |   children follow their parent, zero closes a list
//   DIE           | abbreviation code | value | value |   the abbreviation says tag, attributes and forms

import { ByteReader, MalformedError } from './byte-reader.ts';
import { AT, FORM, UNIT } from './dwarf-constants.ts';
import { lazy } from './wasm-module.ts';

export interface DwarfSections {
  info: Uint8Array;
  types: Uint8Array;
  abbrev: Uint8Array;
  line: Uint8Array;
  str: Uint8Array;
  lineStr: Uint8Array;
  strOffsets: Uint8Array;
  addr: Uint8Array;
  ranges: Uint8Array;
  rnglists: Uint8Array;
  loc: Uint8Array;
  loclists: Uint8Array;
}

export interface AttributeSpec {
  name: number;
  form: number;
  constant: number;
}

export interface Abbreviation {
  tag: number;
  hasChildren: boolean;
  attributes: AttributeSpec[];
  /** Byte count of all values together if each form has a fixed one, otherwise -1. */
  fixedSize: number;
  hasSibling: boolean;
}

/** A number (constants, offsets, indices, addresses) or the bytes of a block; strings are read from their offset on demand. */
export interface Attribute {
  form: number;
  value: number;
  block?: Uint8Array;
}

export interface Die {
  offset: number;
  tag: number;
  hasChildren: boolean;
  /** Where the first child, or else the next DIE, begins. */
  next: number;
  attributes: Map<number, Attribute>;
}

export interface UnitHeader {
  /** Section the unit lies in: .debug_info, or .debug_types of DWARF 4. */
  section: Uint8Array;
  offset: number;
  end: number;
  version: number;
  unitType: number;
  addressSize: number;
  offsetSize: number;
  abbrevOffset: number;
  firstDie: number;
  /** Of a type unit: its signature, and its type's offset inside the unit. */
  signature?: string;
  typeOffset?: number;
}

export function readUnitHeader(section: Uint8Array, offset: number, isTypesSection: boolean): UnitHeader {
  const reader = new ByteReader(section, offset);
  let length = reader.u32();
  const offsetSize = length === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) length = reader.u64();
  const end = Math.min(reader.position + length, section.length);
  const version = reader.u16();
  if (version < 2 || version > 5) return emptyUnit(section, offset, end, version);
  let unitType = isTypesSection ? UNIT.type : 0;
  let addressSize = 0;
  if (version >= 5) {
    unitType = reader.u8();
    addressSize = reader.u8();
  }
  const abbrevOffset = reader.unsigned(offsetSize);
  if (version < 5) addressSize = reader.u8();
  const header: UnitHeader = {
    ...emptyUnit(section, offset, end, version),
    unitType,
    addressSize,
    offsetSize,
    abbrevOffset,
  };
  if (unitType === UNIT.type || unitType === UNIT.splitType) {
    header.signature = signatureKey(reader);
    header.typeOffset = reader.unsigned(offsetSize);
  } else if (unitType === UNIT.skeleton || unitType === UNIT.splitCompile) {
    reader.skip(8);
  }
  header.firstDie = Math.min(reader.position, end);
  return header;
}

function emptyUnit(section: Uint8Array, offset: number, end: number, version: number): UnitHeader {
  return { section, offset, end, version, unitType: 0, addressSize: 4, offsetSize: 4, abbrevOffset: 0, firstDie: end };
}

/** 64 bits do not fit a number. */
function signatureKey(reader: ByteReader): string {
  const low = reader.u32();
  return `${reader.u32()}:${low}`;
}

/** Byte count of a form's value; -1 if it depends on the value. */
function fixedFormSize(form: number, header: UnitHeader): number {
  switch (form) {
    case FORM.flagPresent:
    case FORM.implicitConst:
      return 0;
    case FORM.data1:
    case FORM.flag:
    case FORM.ref1:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.strx4:
    case FORM.addrx4:
    case FORM.refSup4:
      return 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.refSig8:
    case FORM.refSup8:
      return 8;
    case FORM.data16:
      return 16;
    case FORM.addr:
      return header.addressSize;
    case FORM.refAddr:
      return header.version === 2 ? header.addressSize : header.offsetSize;
    case FORM.strp:
    case FORM.lineStrp:
    case FORM.secOffset:
    case FORM.strpSup:
    case FORM.gnuRefAlt:
    case FORM.gnuStrpAlt:
      return header.offsetSize;
    default:
      return -1;
  }
}

export function readAbbreviations(section: Uint8Array, header: UnitHeader): Map<number, Abbreviation> {
  const table = new Map<number, Abbreviation>();
  const reader = new ByteReader(section, header.abbrevOffset);
  for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
    const tag = reader.uleb();
    const hasChildren = reader.u8() !== 0;
    const attributes: AttributeSpec[] = [];
    let fixedSize = 0;
    for (;;) {
      const name = reader.uleb();
      const form = reader.uleb();
      if (name === 0 && form === 0) break;
      const constant = form === FORM.implicitConst ? reader.sleb() : 0;
      const size = fixedFormSize(form, header);
      fixedSize = size < 0 || fixedSize < 0 ? -1 : fixedSize + size;
      attributes.push({ name, form, constant });
    }
    const hasSibling = attributes.some((attribute) => attribute.name === AT.sibling);
    table.set(code, { tag, hasChildren, attributes, fixedSize, hasSibling });
    if (reader.atEnd) break;
  }
  return table;
}

export function skipForm(reader: ByteReader, form: number, header: UnitHeader): void {
  const size = fixedFormSize(form, header);
  if (size >= 0) reader.skip(size);
  else if (form === FORM.string) reader.skipCString();
  else readForm(reader, form, 0, header);
}

export function readForm(reader: ByteReader, form: number, constant: number, header: UnitHeader): Attribute {
  switch (form) {
    case FORM.implicitConst:
      return { form, value: constant };
    case FORM.flagPresent:
      return { form, value: 1 };
    case FORM.sdata:
      return { form, value: reader.sleb() };
    case FORM.udata:
    case FORM.refUdata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
    case FORM.gnuAddrIndex:
    case FORM.gnuStrIndex:
      return { form, value: reader.uleb() };
    case FORM.string:
      return { form, value: reader.skipCString() };
    case FORM.strx3:
    case FORM.addrx3:
      return { form, value: reader.u24() };
    case FORM.data16:
      return { form, value: 0, block: reader.take(16) };
    case FORM.refSig8:
      return { form, value: reader.skip(8) };
    case FORM.block1:
      return { form, value: 0, block: reader.take(reader.u8()) };
    case FORM.block2:
      return { form, value: 0, block: reader.take(reader.u16()) };
    case FORM.block4:
      return { form, value: 0, block: reader.take(reader.u32()) };
    case FORM.block:
    case FORM.exprloc:
      return { form, value: 0, block: reader.take(reader.uleb()) };
    case FORM.indirect: {
      const actual = reader.uleb();
      if (actual === FORM.indirect) throw new MalformedError('an indirect form that is indirect');
      return readForm(reader, actual, actual === FORM.implicitConst ? reader.sleb() : 0, header);
    }
    default: {
      const size = fixedFormSize(form, header);
      if (size <= 0) throw new MalformedError(`unknown form 0x${form.toString(16)}`);
      return { form, value: reader.unsigned(size) };
    }
  }
}

export class Unit {
  readonly header: UnitHeader;
  readonly sections: DwarfSections;
  /** Shared by the units that use the same table. */
  readonly abbreviations: () => Map<number, Abbreviation>;
  readonly root: () => Die;

  constructor(header: UnitHeader, sections: DwarfSections, abbreviations: () => Map<number, Abbreviation>) {
    this.header = header;
    this.sections = sections;
    this.abbreviations = abbreviations;
    this.root = lazy(() => this.die(header.firstDie) ?? emptyDie(header.firstDie));
  }

  contains(offset: number): boolean {
    return offset >= this.header.firstDie && offset < this.header.end;
  }

  reader(offset: number): ByteReader {
    return new ByteReader(this.header.section, offset, this.header.end);
  }

  abbreviation(code: number): Abbreviation {
    const found = this.abbreviations().get(code);
    if (!found) throw new MalformedError(`abbreviation ${code} is not defined`);
    return found;
  }

  /** The DIE at a section offset; undefined where a list of children ends. */
  die(offset: number): Die | undefined {
    const reader = this.reader(offset);
    const code = reader.uleb();
    return code === 0 ? undefined : this.dieOf(reader, offset, this.abbreviation(code));
  }

  /** Reads the values behind an abbreviation code that has been read already. */
  dieOf(reader: ByteReader, offset: number, abbreviation: Abbreviation): Die {
    const attributes = new Map<number, Attribute>();
    for (const { name, form, constant } of abbreviation.attributes) {
      attributes.set(name, readForm(reader, form, constant, this.header));
    }
    return { offset, tag: abbreviation.tag, hasChildren: abbreviation.hasChildren, next: reader.position, attributes };
  }

  skipValues(reader: ByteReader, abbreviation: Abbreviation): void {
    if (abbreviation.fixedSize >= 0) {
      reader.skip(abbreviation.fixedSize);
      return;
    }
    for (const { form } of abbreviation.attributes) skipForm(reader, form, this.header);
  }

  number(die: Die, name: number): number | undefined {
    return die.attributes.get(name)?.value;
  }

  string(die: Die, name: number): string | undefined {
    const attribute = die.attributes.get(name);
    return attribute && this.stringOf(attribute);
  }

  stringOf({ form, value }: Attribute): string | undefined {
    const { sections, header } = this;
    switch (form) {
      case FORM.string:
        return new ByteReader(header.section, value).cString();
      case FORM.strp:
        return new ByteReader(sections.str, value).cString();
      case FORM.lineStrp:
        return new ByteReader(sections.lineStr, value).cString();
      case FORM.strx:
      case FORM.strx1:
      case FORM.strx2:
      case FORM.strx3:
      case FORM.strx4:
      case FORM.gnuStrIndex: {
        const at = this.base(AT.strOffsetsBase, header.version < 5 ? 0 : 2 * header.offsetSize);
        const reader = new ByteReader(sections.strOffsets, at + value * header.offsetSize);
        return new ByteReader(sections.str, reader.unsigned(header.offsetSize)).cString();
      }
      default:
        return undefined;
    }
  }

  /** An address attribute, looked up in .debug_addr if it is an index. */
  address({ form, value }: Attribute): number {
    return form === FORM.addr ? value : this.indexedAddress(value);
  }

  indexedAddress(index: number): number {
    const { addressSize, version } = this.header;
    const base = this.base(AT.addrBase, version < 5 ? 0 : 8) || this.base(AT.gnuAddrBase, 0);
    return new ByteReader(this.sections.addr, base + index * addressSize).unsigned(addressSize);
  }

  /** A base attribute of the unit's root, or what it is when left out. */
  base(name: number, otherwise: number): number {
    return this.number(this.root(), name) ?? otherwise;
  }
}

/** Section offset of the DIE that a reference names, or the key of a type signature. */
export function referenceOf(unit: Unit, attribute: Attribute): number | string | undefined {
  const { form, value } = attribute;
  switch (form) {
    case FORM.ref1:
    case FORM.ref2:
    case FORM.ref4:
    case FORM.ref8:
    case FORM.refUdata:
      return unit.header.offset + value;
    case FORM.refAddr:
      return value;
    case FORM.refSig8:
      return signatureKey(new ByteReader(unit.header.section, value));
    default:
      return undefined;
  }
}

export function isAddressForm(form: number): boolean {
  return (
    form === FORM.addr ||
    form === FORM.addrx ||
    form === FORM.gnuAddrIndex ||
    (form >= FORM.addrx1 && form <= FORM.addrx4)
  );
}

export function emptyDie(offset: number): Die {
  return { offset, tag: 0, hasChildren: false, next: offset, attributes: new Map() };
}
