// Text of modules that hold one memory instruction each, and the sweep that finds every such instruction Binaryen's parser
// accepts: all spellings of type, operation, width and suffix that the text format could form are tried.
import type { Access } from '../../instrument/access-table.ts';
import { ALL_FEATURES, parseText } from '../../instrument/binaryen/raw.ts';

const CONSTANTS: Readonly<Record<string, string>> = {
  i32: '(i32.const 1)',
  i64: '(i64.const 1)',
  f32: '(f32.const 1)',
  f64: '(f64.const 1)',
  v128: '(v128.const i32x4 1 2 3 4)',
};

export interface AccessTextOptions {
  /** Constant offset of the access. */
  offset?: number;
  /** Promised alignment in bytes; natural by default. */
  align?: number;
  memory64?: boolean;
  /** Operand expressions above the address; constants by default. */
  operands?: readonly string[];
  /** Declarations before the function. */
  extra?: string;
  /** Length operand of bulk operations. */
  length?: number;
  memory?: string;
}

/** The instruction of a row as an expression, on address `$p` (bulk: destination `$p`, source `$q`). */
export function accessExpression(row: Access, options: AccessTextOptions = {}): string {
  const { memory64 = false, offset = 0, length = 1, memory = '' } = options;
  const pointer = memory64 ? 'i64' : 'i32';
  const size = `(${pointer}.const ${length})`;
  switch (row.name) {
    case 'memory.init':
      return `(memory.init ${memory} $d (local.get $p) (i32.const 0) (i32.const ${length}))`;
    case 'memory.copy':
      return `(memory.copy ${memory} ${memory} (local.get $p) (local.get $q) ${size})`;
    case 'memory.fill':
      return `(memory.fill ${memory} (local.get $p) (i32.const 0) ${size})`;
    default: {
      const operands = options.operands ?? row.operands.map((type) => CONSTANTS[type]!);
      const immediate = `${offset > 0 ? ` offset=${offset}` : ''}${options.align ? ` align=${options.align}` : ''}`;
      const lane = row.name.endsWith('_lane') ? ' 0' : '';
      return `(${row.name} ${memory}${immediate}${lane} (local.get $p) ${operands.join(' ')})`;
    }
  }
}

export function hasResult(name: string): boolean {
  return !/store|^memory\.(init|copy|fill)$/.test(name);
}

/** A module whose exported function `f(p, q)` executes the row's instruction once. */
export function accessModule(row: Access, options: AccessTextOptions = {}): string {
  const pointer = options.memory64 ? 'i64' : 'i32';
  const expression = accessExpression(row, options);
  return `(module (memory ${options.memory64 ? 'i64' : ''} 2) (data $d "0123456789abcdef0123456789abcdef")
    ${options.extra ?? ''}
    (func (export "f") (param $p ${pointer}) (param $q ${pointer})
      ${hasResult(row.name) ? `(drop ${expression})` : expression}))`;
}

const OPERAND_SHAPES = [
  [], ['i32'], ['i64'], ['f32'], ['f64'], ['v128'],
  ['i32', 'i32'], ['i64', 'i64'], ['i32', 'i64'], ['f32', 'f32'], ['f64', 'f64'],
]; // biome-ignore format: a table

function product(...parts: readonly (readonly string[])[]): string[] {
  return parts.reduce<string[]>((all, part) => all.flatMap((a) => part.map((b) => a + b)), ['']);
}

/** Every spelling that could be a memory instruction; most are not. */
function candidates(): string[] {
  const number = ['i32', 'i64', 'f32', 'f64'];
  const width = ['', '8', '16', '32', '64', '128'];
  const sign = ['', '_s', '_u'];
  const rmw = ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg', 'nand', 'min', 'max', 'smin', 'umin'];
  return [
    ...product([...number, 'v128'], ['.load', '.store'], width, sign),
    ...product(number, ['.load', '.store'], ['_f16', '_f32', '_lane', '_splat']),
    ...product(number, ['.atomic.load', '.atomic.store'], width, sign),
    ...product(
      number,
      ['.atomic.rmw'],
      width,
      rmw.map((op) => `.${op}`),
      sign,
    ),
    ...product(['v128.load', 'v128.store'], width, ['_lane', '_splat', '_zero']),
    ...product(['v128.load'], ['8x8', '16x4', '32x2', '16x8', '32x4', '64x2', '8x4'], sign),
    ...product(['memory.atomic.', 'memory.', 'atomic.'], ['notify', 'wait', 'wait32', 'wait64', 'wait128']),
    ...product(['memory.'], ['init', 'copy', 'fill', 'discard', 'compare']),
  ];
}

export interface Mnemonic {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Every memory instruction Binaryen's parser accepts, with a module that holds it. */
export function memoryMnemonics(): Mnemonic[] {
  const found: Mnemonic[] = [];
  for (const name of new Set(candidates())) {
    const bytes = tryShapes(name);
    if (bytes) found.push({ name, bytes });
  }
  return found;
}

function tryShapes(name: string): Uint8Array | undefined {
  for (const operands of OPERAND_SHAPES) {
    const row = { op: 0, name, size: 4, write: false, atomic: false, operands } as unknown as Access;
    try {
      const module = parseText(accessModule(row), ALL_FEATURES);
      const bytes = module.emitBinary(); // of the right number of operands; their types do not matter here
      module.dispose();
      return bytes;
    } catch {
      // Not an instruction, or not of this shape.
    }
  }
  return undefined;
}
