// Every expression kind of Binaryen's IR: where its children are, in evaluation order. One row each.
// test/instrument/access-table.test.ts walks Binaryen's own list of kinds and fails for one that has no row, because a
// subtree skipped in silence is a program left unchecked.

/**
 * `before`, the list, `after`: children in the order they are evaluated. A slot `Ptr` of kind `Load` is read by
 * `BinaryenLoadGetPtr` and written by `BinaryenLoadSetPtr`; a list `Operand` of `Call` by `BinaryenCallGetNumOperands`,
 * `BinaryenCallGetOperandAt` and `BinaryenCallSetOperandAt`.
 */
export type Shape =
  | { readonly before?: readonly string[]; readonly list?: string; readonly after?: readonly string[] }
  /** No accessor reaches the children: their places in the C++ object are found on a sample (struct-layout.ts). */
  | { readonly bridged: readonly string[] }
  /** Belongs to a proposal the decoder refuses as well. */
  | { readonly refused: string };

const LEAF: Shape = {};
const slots = (...after: string[]): Shape => ({ after });
const stackSwitching: Shape = { refused: 'stack switching' };
const strings: Shape = { refused: 'string references' };
const sharedGc: Shape = { refused: 'shared-everything threads' };

export const KINDS: Readonly<Record<string, Shape>> = {
  // Control
  Nop: LEAF,
  Unreachable: LEAF,
  Block: { list: 'Child' },
  Loop: slots('Body'),
  If: slots('Condition', 'IfTrue', 'IfFalse'),
  Break: slots('Value', 'Condition'),
  Switch: slots('Value', 'Condition'),
  Return: slots('Value'),
  Call: { list: 'Operand' },
  CallIndirect: { list: 'Operand', after: ['Target'] },
  CallRef: { list: 'Operand', after: ['Target'] },
  Try: { before: ['Body'], list: 'CatchBody' },
  TryTable: { bridged: ['body'] },
  Throw: { list: 'Operand' },
  Rethrow: LEAF,
  ThrowRef: { bridged: ['exnref'] },
  Pop: LEAF,
  // Values
  Const: LEAF,
  LocalGet: LEAF,
  LocalSet: slots('Value'),
  GlobalGet: LEAF,
  GlobalSet: slots('Value'),
  Unary: slots('Value'),
  Binary: slots('Left', 'Right'),
  Select: slots('IfTrue', 'IfFalse', 'Condition'),
  Drop: slots('Value'),
  TupleMake: { list: 'Operand' },
  TupleExtract: slots('Tuple'),
  WideIntAddSub: slots('LeftLow', 'LeftHigh', 'RightLow', 'RightHigh'),
  WideIntMul: slots('Left', 'Right'),
  // Linear memory
  Load: slots('Ptr'),
  Store: slots('Ptr', 'Value'),
  AtomicRMW: slots('Ptr', 'Value'),
  AtomicCmpxchg: slots('Ptr', 'Expected', 'Replacement'),
  AtomicWait: slots('Ptr', 'Expected', 'Timeout'),
  AtomicNotify: slots('Ptr', 'NotifyCount'),
  AtomicFence: LEAF,
  Pause: LEAF,
  SIMDLoad: slots('Ptr'),
  SIMDLoadStoreLane: slots('Ptr', 'Vec'),
  MemorySize: LEAF,
  MemoryGrow: slots('Delta'),
  MemoryInit: slots('Dest', 'Offset', 'Size'),
  MemoryCopy: slots('Dest', 'Source', 'Size'),
  MemoryFill: slots('Dest', 'Value', 'Size'),
  DataDrop: LEAF,
  // Vectors
  SIMDExtract: slots('Vec'),
  SIMDReplace: slots('Vec', 'Value'),
  SIMDShuffle: slots('Left', 'Right'),
  SIMDTernary: slots('A', 'B', 'C'),
  SIMDShift: slots('Vec', 'Shift'),
  // Tables and references
  TableGet: slots('Index'),
  TableSet: slots('Index', 'Value'),
  TableSize: LEAF,
  TableGrow: slots('Value', 'Delta'),
  TableFill: { bridged: ['dest', 'value', 'size'] },
  TableCopy: { bridged: ['dest', 'source', 'size'] },
  TableInit: { bridged: ['dest', 'offset', 'size'] },
  ElemDrop: LEAF,
  RefNull: LEAF,
  RefFunc: LEAF,
  RefIsNull: slots('Value'),
  RefEq: slots('Left', 'Right'),
  RefAs: slots('Value'),
  RefTest: slots('Ref'),
  RefCast: slots('Ref'),
  BrOn: slots('Ref'),
  RefI31: slots('Value'),
  I31Get: slots('I31'),
  RefGetDesc: { refused: 'custom descriptors' },
  // Garbage collection
  StructNew: { list: 'Operand' },
  StructGet: slots('Ref'),
  StructSet: slots('Ref', 'Value'),
  StructRMW: sharedGc,
  StructCmpxchg: sharedGc,
  StructWait: sharedGc,
  ArrayNew: slots('Init', 'Size'),
  ArrayNewData: slots('Offset', 'Size'),
  ArrayNewElem: slots('Offset', 'Size'),
  ArrayNewFixed: { list: 'Value' },
  ArrayGet: slots('Ref', 'Index'),
  ArraySet: slots('Ref', 'Index', 'Value'),
  ArrayLen: slots('Ref'),
  ArrayCopy: slots('DestRef', 'DestIndex', 'SrcRef', 'SrcIndex', 'Length'),
  ArrayFill: slots('Ref', 'Index', 'Value', 'Size'),
  ArrayInitData: slots('Ref', 'Index', 'Offset', 'Size'),
  ArrayInitElem: slots('Ref', 'Index', 'Offset', 'Size'),
  ArrayLoad: { refused: 'multibyte array access' },
  ArrayStore: { refused: 'multibyte array access' },
  ArrayRMW: sharedGc,
  ArrayCmpxchg: sharedGc,
  WaitqueueNew: sharedGc,
  WaitqueueNotify: sharedGc,
  // Proposals the decoder refuses
  StringNew: strings,
  StringConst: strings,
  StringMeasure: strings,
  StringEncode: strings,
  StringConcat: strings,
  StringEq: strings,
  StringTest: strings,
  StringWTF16Get: strings,
  StringSliceWTF: strings,
  ContNew: stackSwitching,
  ContBind: stackSwitching,
  Suspend: stackSwitching,
  Resume: stackSwitching,
  ResumeThrow: stackSwitching,
  StackSwitch: stackSwitching,
};

/** Not kinds of expressions: the id of no expression, and the accessor that reads an expression's id. */
const NOT_KINDS = ['Invalid', 'ExpressionGet'];

/** Binaryen's own list of kinds, from the names of its `Binaryen<Kind>Id` functions. */
export function binaryenKinds(names: readonly string[]): string[] {
  return names
    .map((name) => /^Binaryen(\w+)Id$/.exec(name)?.[1])
    .filter((kind): kind is string => kind !== undefined && !NOT_KINDS.includes(kind));
}
