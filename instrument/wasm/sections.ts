// The sections of a wasm module: what there may be, in which order, and where they lie in a file.

import { InstrumentError } from '../errors.ts';
import { Reader } from './bytes.ts';

export const SECTION = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
} as const;

export const KIND = { FUNC: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3, TAG: 4 } as const;

/** The order the format prescribes for non-custom sections. */
export const SECTION_ORDER: readonly number[] = [
  SECTION.TYPE,
  SECTION.IMPORT,
  SECTION.FUNCTION,
  SECTION.TABLE,
  SECTION.MEMORY,
  SECTION.TAG,
  SECTION.GLOBAL,
  SECTION.EXPORT,
  SECTION.START,
  SECTION.ELEMENT,
  SECTION.DATA_COUNT,
  SECTION.CODE,
  SECTION.DATA,
];

export interface Section {
  readonly id: number;
  /** Offset of the contents; `end` is just past them. */
  readonly start: number;
  readonly end: number;
  /** Custom sections only. */
  readonly name: string;
}

/** Throws InstrumentError for what is not a wasm core module. */
export function readSections(bytes: Uint8Array): Section[] {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    throw new InstrumentError('E_NOT_WASM', bytes.length === 0 ? 'it is empty' : 'it does not start with "\\0asm"');
  }
  if (bytes.length < 8) throw new InstrumentError('E_TRUNCATED', 'in the header');
  const version = bytes[4]! | (bytes[5]! << 8);
  const layer = bytes[6]! | (bytes[7]! << 8);
  if (layer === 1) throw new InstrumentError('E_COMPONENT', `binary version ${version}, layer 1`);
  if (version !== 1 || layer !== 0) throw new InstrumentError('E_WASM_VERSION', String(version + layer * 65536));
  const sections: Section[] = [];
  const reader = new Reader(bytes, 8);
  let last = 0;
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.pos;
    if (start + size > bytes.length) throw new InstrumentError('E_TRUNCATED', `section ${id} claims ${size} bytes`);
    const end = start + size;
    if (id > SECTION.TAG) throw new InstrumentError('E_UNSUPPORTED', `section ${id}`);
    if (id !== SECTION.CUSTOM) {
      const rank = SECTION_ORDER.indexOf(id);
      if (rank < last) throw new InstrumentError('E_INVALID_WASM', `section ${id} is out of order`);
      last = rank + 1;
    }
    sections.push({ id, start, end, name: id === SECTION.CUSTOM ? new Reader(bytes, start, end).name() : '' });
    reader.pos = end;
  }
  return sections;
}
