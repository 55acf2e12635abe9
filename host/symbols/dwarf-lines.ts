// Runs one line number program of .debug_line (versions 2 to 5) and answers which source position an address has.

import { ByteReader, MalformedError } from './byte-reader.ts';
import { FORM } from './dwarf-constants.ts';
import { type Attribute, readForm, type Unit } from './dwarf-unit.ts';
import { lazy } from './wasm-module.ts';

export interface SourcePosition {
  file?: string;
  line?: number;
  column?: number;
}

/** Rows [first, end) with rising addresses; the last one only closes the range. */
interface Sequence {
  low: number;
  high: number;
  first: number;
  end: number;
}

interface LineHeader {
  version: number;
  minInstructionLength: number;
  lineBase: number;
  lineRange: number;
  opcodeLengths: number[];
  directories: string[];
  files: { name: string; directory: number }[];
  program: ByteReader;
}

export class LineTable {
  readonly #header: LineHeader;
  readonly #compDir: string;
  readonly #addresses: number[] = [];
  /** Per row: file, line, column. */
  readonly #places: number[] = [];
  readonly #sequences: () => Sequence[];

  /** Reads the file names; the program runs when the first address is asked for. */
  constructor(unit: Unit, offset: number, compDir: string, isCode: (start: number) => boolean) {
    this.#compDir = compDir;
    this.#header = readLineHeader(unit, offset);
    this.#sequences = lazy(() => this.#readSequences(unit.header.addressSize, isCode));
  }

  at(pc: number): SourcePosition | undefined {
    for (const { low, high, first, end } of this.#sequences()) {
      if (low > pc) break;
      if (pc >= high) continue;
      let from = first;
      let to = end - 1;
      while (to - from > 1) {
        const middle = (from + to) >>> 1;
        if (this.#addresses[middle]! <= pc) from = middle;
        else to = middle;
      }
      return this.#position(from);
    }
    return undefined;
  }

  #readSequences(addressSize: number, isCode: (start: number) => boolean): Sequence[] {
    const sequences: Sequence[] = [];
    try {
      this.#run(addressSize, isCode, sequences);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
    return sequences.sort((a, b) => a.low - b.low);
  }

  #position(row: number): SourcePosition {
    const file = this.file(this.#places[row * 3]!);
    return { ...(file !== undefined && { file }), ...place(this.#places[row * 3 + 1]!, this.#places[row * 3 + 2]!) };
  }

  /** Path of a file number, made absolute with the compilation directory. */
  file(index: number): string | undefined {
    const { files, directories, version } = this.#header;
    const entry = files[version < 5 ? index - 1 : index];
    if (!entry) return undefined;
    const isCompDir = entry.directory === 0;
    const directory =
      version >= 5 || !isCompDir ? directories[version < 5 ? entry.directory - 1 : entry.directory] : '';
    return joinPath(this.#compDir, joinPath(directory ?? '', entry.name));
  }

  #run(addressSize: number, isCode: (start: number) => boolean, sequences: Sequence[]): void {
    const { program, lineBase, lineRange, opcodeLengths, minInstructionLength } = this.#header;
    const firstSpecial = opcodeLengths.length + 1;
    let state = { address: 0, file: 1, line: 1, column: 0 };
    let first = 0;
    const row = () => {
      this.#addresses.push(state.address);
      this.#places.push(state.file, state.line, state.column);
    };
    while (!program.atEnd) {
      const opcode = program.u8();
      if (opcode >= firstSpecial) {
        const adjusted = opcode - firstSpecial;
        state.address += Math.floor(adjusted / lineRange) * minInstructionLength;
        state.line += lineBase + (adjusted % lineRange);
        row();
      } else if (opcode === 0) {
        const ended = this.#extended(program, state, addressSize);
        if (!ended) continue;
        row();
        this.#close(first, isCode, sequences);
        first = this.#addresses.length;
        state = { address: 0, file: 1, line: 1, column: 0 };
      } else if (opcode === 1) row();
      else if (opcode === 2) state.address += program.uleb() * minInstructionLength;
      else if (opcode === 3) state.line += program.sleb();
      else if (opcode === 4) state.file = program.uleb();
      else if (opcode === 5) state.column = program.uleb();
      else if (opcode === 8) state.address += Math.floor((255 - firstSpecial) / lineRange) * minInstructionLength;
      else if (opcode === 9) state.address += program.u16();
      else for (let count = opcodeLengths[opcode - 1]!; count > 0; count--) program.uleb();
    }
  }

  /** Returns whether the sequence ends here. */
  #extended(program: ByteReader, state: { address: number }, addressSize: number): boolean {
    const length = program.uleb();
    const next = program.position + length;
    const opcode = length > 0 ? program.u8() : 0;
    if (opcode === 2) state.address = program.unsigned(length - 1 === 8 || length - 1 === 4 ? length - 1 : addressSize);
    program.skip(next - program.position);
    return opcode === 1;
  }

  /** Keeps the rows since `first` as a sequence, or drops them if they are a dead function's. */
  #close(first: number, isCode: (start: number) => boolean, sequences: Sequence[]): void {
    const end = this.#addresses.length;
    const low = this.#addresses[first]!;
    const high = this.#addresses[end - 1]!;
    if (end - first >= 2 && high > low && isCode(low)) {
      sequences.push({ low, high, first, end });
      return;
    }
    this.#addresses.length = first;
    this.#places.length = first * 3;
  }
}

/** Zero means "no line" and "no column". */
export function place(line: number | undefined, column?: number | undefined): { line?: number; column?: number } {
  return { ...(line && line > 0 && { line }), ...(line && line > 0 && column && { column }) };
}

export function joinPath(directory: string, name: string): string {
  if (directory === '' || /^(?:[\\/]|[A-Za-z]:[\\/])/.test(name)) return name;
  return /[\\/]$/.test(directory) ? directory + name : `${directory}/${name}`;
}

function readLineHeader(unit: Unit, offset: number): LineHeader {
  const reader = new ByteReader(unit.sections.line, offset);
  let length = reader.u32();
  const offsetSize = length === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) length = reader.u64();
  const end = Math.min(reader.position + length, unit.sections.line.length);
  const version = reader.u16();
  if (version < 2 || version > 5) throw new MalformedError(`line table version ${version}`);
  if (version >= 5) reader.skip(2); // address and segment selector size
  const headerLength = reader.unsigned(offsetSize);
  const start = reader.position + headerLength;
  const minInstructionLength = reader.u8();
  if (version >= 4) reader.skip(1); // operations per instruction
  reader.skip(1); // default_is_stmt
  const lineBase = reader.i8();
  const lineRange = reader.u8();
  const opcodeLengths = [...reader.take(Math.max(reader.u8() - 1, 0))];
  if (lineRange === 0) throw new MalformedError('line range 0');
  const tables = version >= 5 ? readTables5(reader, unit) : readTables4(reader);
  const program = new ByteReader(unit.sections.line, start, end);
  return { version, minInstructionLength, lineBase, lineRange, opcodeLengths, ...tables, program };
}

function readTables4(reader: ByteReader): Pick<LineHeader, 'directories' | 'files'> {
  const directories: string[] = [];
  for (let name = reader.cString(); name !== ''; name = reader.cString()) directories.push(name);
  const files: LineHeader['files'] = [];
  for (let name = reader.cString(); name !== ''; name = reader.cString()) {
    files.push({ name, directory: reader.uleb() });
    reader.uleb(); // time
    reader.uleb(); // size
  }
  return { directories, files };
}

function readTables5(reader: ByteReader, unit: Unit): Pick<LineHeader, 'directories' | 'files'> {
  const directories = readEntries5(reader, unit).map(({ name }) => name);
  return { directories, files: readEntries5(reader, unit) };
}

function readEntries5(reader: ByteReader, unit: Unit): LineHeader['files'] {
  const formats: { content: number; form: number }[] = [];
  for (let count = reader.u8(); count > 0; count--) formats.push({ content: reader.uleb(), form: reader.uleb() });
  const entries: LineHeader['files'] = [];
  for (let count = reader.uleb(); count > 0; count--) {
    const entry = { name: '', directory: 0 };
    const before = reader.position;
    for (const { content, form } of formats) {
      const attribute = readForm(reader, form, 0, unit.header);
      if (content === 1) entry.name = lineString(unit, reader, attribute) ?? '';
      else if (content === 2) entry.directory = attribute.value;
    }
    if (reader.position === before) break; // an empty format would repeat for ever
    entries.push(entry);
  }
  return entries;
}

/** An inline string of a line header lies in .debug_line, not in .debug_info. */
function lineString(unit: Unit, reader: ByteReader, attribute: Attribute): string | undefined {
  if (attribute.form === FORM.string) return new ByteReader(reader.bytes, attribute.value).cString();
  return unit.stringOf(attribute);
}
