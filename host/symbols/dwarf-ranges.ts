// Which code addresses a DIE covers: its low/high pair, or its list in .debug_ranges (DWARF 4) or .debug_rnglists (5).
// A linker leaves dead functions' entries in place with addresses that cannot be (0, or close to the maximum);
// the caller's `isCode` filters them out.

import { ByteReader } from './byte-reader.ts';
import { AT, FORM } from './dwarf-constants.ts';
import { type Attribute, type Die, isAddressForm, type Unit } from './dwarf-unit.ts';

export interface PcRange {
  start: number;
  end: number;
}

type IsCode = (range: PcRange) => boolean;

export function hasRanges(die: Die): boolean {
  return die.attributes.has(AT.lowPc) || die.attributes.has(AT.ranges);
}

export function rangesOf(unit: Unit, die: Die, isCode: IsCode): PcRange[] {
  const list = die.attributes.get(AT.ranges);
  if (list) return readList(unit, list).filter(isCode);
  const low = die.attributes.get(AT.lowPc);
  const high = die.attributes.get(AT.highPc);
  if (!low || !high) return [];
  const start = unit.address(low);
  const end = isAddressForm(high.form) ? unit.address(high) : start + high.value;
  return [{ start, end }].filter(isCode);
}

function readList(unit: Unit, list: Attribute): PcRange[] {
  const low = unit.root().attributes.get(AT.lowPc);
  const base = low ? unit.address(low) : 0;
  if (unit.header.version < 5) {
    return readRanges(unit, list.value + unit.base(AT.gnuRangesBase, 0), base);
  }
  return readRnglist(unit, listOffset(unit, list, AT.rnglistsBase, unit.sections.rnglists), base);
}

/** Offset in its section of a list named by offset (sec_offset) or by index (rnglistx, loclistx). */
export function listOffset(unit: Unit, list: Attribute, baseName: number, section: Uint8Array): number {
  if (list.form !== FORM.rnglistx && list.form !== FORM.loclistx) return list.value;
  const { offsetSize } = unit.header;
  const base = unit.base(baseName, offsetSize === 8 ? 20 : 12);
  return base + new ByteReader(section, base + list.value * offsetSize).unsigned(offsetSize);
}

function readRanges(unit: Unit, offset: number, unitBase: number): PcRange[] {
  const { addressSize } = unit.header;
  const baseMark = addressSize === 8 ? 2 ** 64 : 0xffffffff; // all ones (as read by u64: rounded up)
  const reader = new ByteReader(unit.sections.ranges, offset);
  const ranges: PcRange[] = [];
  let base = unitBase;
  while (!reader.atEnd) {
    const start = reader.unsigned(addressSize);
    const end = reader.unsigned(addressSize);
    if (start === 0 && end === 0) break;
    if (start === baseMark) base = end;
    else ranges.push({ start: base + start, end: base + end });
  }
  return ranges;
}

const RLE = {
  endOfList: 0,
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  baseAddress: 5,
  startEnd: 6,
  startLength: 7,
};

function readRnglist(unit: Unit, offset: number, unitBase: number): PcRange[] {
  const { addressSize } = unit.header;
  const reader = new ByteReader(unit.sections.rnglists, offset);
  const ranges: PcRange[] = [];
  let base = unitBase;
  for (let kind = reader.u8(); kind !== RLE.endOfList; kind = reader.u8()) {
    if (kind === RLE.baseAddressx) base = unit.indexedAddress(reader.uleb());
    else if (kind === RLE.baseAddress) base = reader.unsigned(addressSize);
    else if (kind === RLE.offsetPair) ranges.push({ start: base + reader.uleb(), end: base + reader.uleb() });
    else if (kind === RLE.startEnd) {
      ranges.push({ start: reader.unsigned(addressSize), end: reader.unsigned(addressSize) });
    } else if (kind === RLE.startxEndx) {
      ranges.push({ start: unit.indexedAddress(reader.uleb()), end: unit.indexedAddress(reader.uleb()) });
    } else {
      if (kind !== RLE.startLength && kind !== RLE.startxLength) break;
      const start = kind === RLE.startLength ? reader.unsigned(addressSize) : unit.indexedAddress(reader.uleb());
      ranges.push({ start, end: start + reader.uleb() });
    }
  }
  return ranges;
}
