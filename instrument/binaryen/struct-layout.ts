// Finds children that no accessor of Binaryen's C interface reaches: each sample below is parsed, and the words of the
// C++ object are searched for the pointer to the constant that marks a child. If a release moves a field, the offsets
// follow; if it changes the object's nature, nothing is found and start-up fails instead of skipping a subtree.

import { ALL_FEATURES, type Pointer, parseText, raw, rawFunction } from './raw.ts';

/** Words of an object that are searched. */
const SEARCHED_WORDS = 64;

/** Index of the local that marks a first child of reference type; the next child's is one higher. */
const MARKER_LOCAL = 21;
const PARAMETERS = '(param'.concat(' i32'.repeat(MARKER_LOCAL), ')');

/** One expression per bridged kind; child n is marked by the constant 7001 + n, or by reading local 21 + n. */
const SAMPLES: Readonly<Record<string, string>> = {
  TableFill: `(func ${PARAMETERS} (param i32 funcref) (table.fill $t (i32.const 7001) (local.get 22) (i32.const 7003)))`,
  TableCopy: '(func (table.copy $t $t (i32.const 7001) (i32.const 7002) (i32.const 7003)))',
  TableInit: '(func (table.init $t $e (i32.const 7001) (i32.const 7002) (i32.const 7003)))',
  ThrowRef: `(func ${PARAMETERS} (param exnref) (throw_ref (local.get 21)))`,
  TryTable: '(func (result i32) (try_table (result i32) (i32.const 7001)))',
};

/** Byte offsets of the children of a bridged kind in its C++ object, in evaluation order. */
export type StructLayout = ReadonlyMap<string, readonly number[]>;

export function calibrate(kinds: ReadonlyMap<string, readonly string[]>): StructLayout {
  const layout = new Map<string, readonly number[]>();
  for (const [kind, children] of kinds) {
    const sample = SAMPLES[kind];
    if (!sample) throw new Error(`no sample of ${kind} to calibrate on`);
    layout.set(kind, measure(kind, sample, children.length));
  }
  return layout;
}

function measure(kind: string, sample: string, count: number): number[] {
  const text = `(module (table $t 1 funcref) (elem $e func $marker) (func $marker) ${sample})`;
  const module = parseText(text, ALL_FEATURES);
  try {
    const body = raw.functionBody(raw.functionAt(module.ptr, 1));
    const node = raw.idOf(body) === rawFunction(`Binaryen${kind}Id`)() ? body : onlyChild(body);
    if (raw.idOf(node) !== rawFunction(`Binaryen${kind}Id`)()) throw new Error(`the sample of ${kind} is another kind`);
    const offsets = Array.from({ length: count }, (_, i) => findChild(node, i));
    if (offsets.some((offset, i) => offset < 0 || offsets.indexOf(offset) !== i)) {
      throw new Error(`cannot find the children of ${kind} in this release of binaryen`);
    }
    return offsets;
  } finally {
    module.dispose();
  }
}

function onlyChild(block: Pointer): Pointer {
  return rawFunction('BinaryenBlockGetChildAt')(block, 0);
}

function findChild(node: Pointer, child: number): number {
  for (let offset = 4; offset < SEARCHED_WORDS * 4; offset += 4) {
    const word = raw.load32(node + offset);
    if (word !== 0 && word % 4 === 0 && isMarker(word, child)) return offset;
  }
  return -1;
}

const CONST = rawFunction('BinaryenConstId')();
const LOCAL_GET = rawFunction('BinaryenLocalGetId')();
const INT32 = rawFunction('BinaryenTypeInt32')();
const constantOf = rawFunction('BinaryenConstGetValueI32');
const indexOf = rawFunction('BinaryenLocalGetGetIndex');

/** Reads the words itself first: the accessors assert that they are given what they expect. */
function isMarker(pointer: Pointer, child: number): boolean {
  const [id, type] = header(pointer);
  if (id === CONST && type === INT32) return constantOf(pointer) === 7001 + child;
  return id === LOCAL_GET && type !== INT32 && indexOf(pointer) === MARKER_LOCAL + child;
}

/** Kind and type of the expression at a word that may be no pointer at all. */
function header(pointer: Pointer): [id: number, type: number] {
  try {
    return [raw.load32(pointer) & 0xff, raw.load32(pointer + 4)];
  } catch {
    return [-1, -1]; // beyond Binaryen's memory
  }
}
