// Every instruction of the wasm binary format wasan understands: what immediates follow the opcode.
// One list. An opcode that is not here is refused (E_UNSUPPORTED) and never skipped by guess.

/** Kinds of immediates. Numbers, because the decoder switches on them once per instruction. */
export const IMM = {
  ILLEGAL: 0,
  NONE: 1,
  BLOCK_TYPE: 2,
  LABEL: 3,
  BR_TABLE: 4,
  FUNC: 5,
  TYPE_TABLE: 6, // call_indirect: type, table
  LOCAL: 7,
  GLOBAL: 8,
  MEMARG: 9,
  MEMORY: 10, // memory index
  I32: 11,
  I64: 12,
  F32: 13,
  F64: 14,
  INDEX: 15, // one index that never moves: table, tag, type, elem, data
  INDEX2: 16, // two of them
  SELECT_TYPES: 17,
  TRY_TABLE: 18,
  HEAP_TYPE: 19,
  MEMORY_INIT: 20, // data, memory
  MEMORY_COPY: 21, // destination memory, source memory
  V128: 22, // 16 bytes (v128.const, i8x16.shuffle)
  LANE: 23, // 1 byte
  MEMARG_LANE: 24,
  FENCE: 25, // 1 byte, 0
  BR_ON_CAST: 26, // flags, label, two heap types
  REF_FUNC: 27,
  DATA: 28, // data.drop
} as const;

/** Prefixed opcodes are numbered `prefix << 12 | sub-opcode`. */
export const PREFIX_GC = 0xfb;
export const PREFIX_MISC = 0xfc;
export const PREFIX_SIMD = 0xfd;
export const PREFIX_ATOMIC = 0xfe;

type Span = readonly [from: number, to: number, immediates: number];

const ONE_BYTE: readonly Span[] = [
  [0x00, 0x01, IMM.NONE], // unreachable nop
  [0x02, 0x04, IMM.BLOCK_TYPE], // block loop if
  [0x05, 0x05, IMM.NONE], // else
  [0x06, 0x06, IMM.BLOCK_TYPE], // try (legacy)
  [0x07, 0x08, IMM.INDEX], // catch throw
  [0x09, 0x09, IMM.LABEL], // rethrow
  [0x0a, 0x0b, IMM.NONE], // throw_ref end
  [0x0c, 0x0d, IMM.LABEL], // br br_if
  [0x0e, 0x0e, IMM.BR_TABLE],
  [0x0f, 0x0f, IMM.NONE], // return
  [0x10, 0x10, IMM.FUNC], // call
  [0x11, 0x11, IMM.TYPE_TABLE], // call_indirect
  [0x12, 0x12, IMM.FUNC], // return_call
  [0x13, 0x13, IMM.TYPE_TABLE], // return_call_indirect
  [0x14, 0x15, IMM.INDEX], // call_ref return_call_ref
  [0x18, 0x18, IMM.LABEL], // delegate
  [0x19, 0x1b, IMM.NONE], // catch_all drop select
  [0x1c, 0x1c, IMM.SELECT_TYPES],
  [0x1f, 0x1f, IMM.TRY_TABLE],
  [0x20, 0x22, IMM.LOCAL],
  [0x23, 0x24, IMM.GLOBAL],
  [0x25, 0x26, IMM.INDEX], // table.get table.set
  [0x28, 0x3e, IMM.MEMARG],
  [0x3f, 0x40, IMM.MEMORY], // memory.size memory.grow
  [0x41, 0x41, IMM.I32],
  [0x42, 0x42, IMM.I64],
  [0x43, 0x43, IMM.F32],
  [0x44, 0x44, IMM.F64],
  [0x45, 0xc4, IMM.NONE],
  [0xd0, 0xd0, IMM.HEAP_TYPE], // ref.null
  [0xd1, 0xd1, IMM.NONE], // ref.is_null
  [0xd2, 0xd2, IMM.REF_FUNC],
  [0xd3, 0xd4, IMM.NONE], // ref.eq ref.as_non_null
  [0xd5, 0xd6, IMM.LABEL], // br_on_null br_on_non_null
];

const GC: readonly Span[] = [
  [0, 1, IMM.INDEX], // struct.new struct.new_default
  [2, 5, IMM.INDEX2], // struct.get(_s/_u) struct.set
  [6, 7, IMM.INDEX], // array.new array.new_default
  [8, 10, IMM.INDEX2], // array.new_fixed array.new_data array.new_elem
  [11, 14, IMM.INDEX], // array.get(_s/_u) array.set
  [15, 15, IMM.NONE], // array.len
  [16, 16, IMM.INDEX], // array.fill
  [17, 19, IMM.INDEX2], // array.copy array.init_data array.init_elem
  [20, 23, IMM.HEAP_TYPE], // ref.test ref.cast
  [24, 25, IMM.BR_ON_CAST],
  [26, 30, IMM.NONE], // any.convert_extern extern.convert_any ref.i31 i31.get_s i31.get_u
];

const MISC: readonly Span[] = [
  [0, 7, IMM.NONE], // saturating truncations
  [8, 8, IMM.MEMORY_INIT],
  [9, 9, IMM.DATA],
  [10, 10, IMM.MEMORY_COPY],
  [11, 11, IMM.MEMORY], // memory.fill
  [12, 12, IMM.INDEX2], // table.init
  [13, 13, IMM.INDEX], // elem.drop
  [14, 14, IMM.INDEX2], // table.copy
  [15, 17, IMM.INDEX], // table.grow table.size table.fill
  [19, 22, IMM.NONE], // wide arithmetic
];

const SIMD: readonly Span[] = [
  [0, 11, IMM.MEMARG],
  [12, 13, IMM.V128],
  [14, 20, IMM.NONE],
  [21, 34, IMM.LANE],
  [35, 83, IMM.NONE],
  [84, 91, IMM.MEMARG_LANE],
  [92, 93, IMM.MEMARG],
  [94, 0x113, IMM.NONE],
];

const ATOMIC: readonly Span[] = [
  [0x00, 0x02, IMM.MEMARG], // notify wait32 wait64
  [0x03, 0x03, IMM.FENCE],
  [0x10, 0x4e, IMM.MEMARG],
];

function spread(spans: readonly Span[], size: number): Uint8Array {
  const table = new Uint8Array(size);
  for (const [from, to, immediates] of spans) table.fill(immediates, from, to + 1);
  return table;
}

/** Immediates by one-byte opcode; prefixes read as IMM.ILLEGAL here. */
export const IMMEDIATES = spread(ONE_BYTE, 256);

/** Immediates by sub-opcode, per prefix byte. */
export const PREFIXED: Readonly<Record<number, Uint8Array>> = {
  [PREFIX_GC]: spread(GC, 32),
  [PREFIX_MISC]: spread(MISC, 32),
  [PREFIX_SIMD]: spread(SIMD, 0x120),
  [PREFIX_ATOMIC]: spread(ATOMIC, 0x50),
};

/** Opcodes the rewriter names. */
export const OP = {
  UNREACHABLE: 0x00,
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  TRY: 0x06,
  CATCH: 0x07,
  THROW: 0x08,
  RETHROW: 0x09,
  THROW_REF: 0x0a,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  RETURN: 0x0f,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  CALL_REF: 0x14,
  RETURN_CALL_REF: 0x15,
  DELEGATE: 0x18,
  CATCH_ALL: 0x19,
  DROP: 0x1a,
  SELECT: 0x1b,
  SELECT_T: 0x1c,
  TRY_TABLE: 0x1f,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  I32_LOAD: 0x28,
  I64_LOAD: 0x29,
  I32_LOAD8_S: 0x2c,
  I32_LOAD8_U: 0x2d,
  I32_LOAD16_U: 0x2f,
  I64_LOAD8_U: 0x31,
  I32_STORE: 0x36,
  I64_STORE: 0x37,
  I32_STORE8: 0x3a,
  MEMORY_SIZE: 0x3f,
  MEMORY_GROW: 0x40,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  I32_EQZ: 0x45,
  I32_EQ: 0x46,
  I32_NE: 0x47,
  I32_LT_U: 0x49,
  I32_GT_U: 0x4b,
  I32_GE_U: 0x4f,
  I64_EQZ: 0x50,
  I64_EQ: 0x51,
  I64_NE: 0x52,
  I64_LT_U: 0x54,
  I64_LE_S: 0x57,
  I64_GE_S: 0x59,
  I64_GE_U: 0x5a,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_MUL: 0x6c,
  I32_DIV_U: 0x6e,
  I32_AND: 0x71,
  I32_OR: 0x72,
  I32_SHL: 0x74,
  I32_SHR_U: 0x76,
  I64_ADD: 0x7c,
  I64_SUB: 0x7d,
  I64_MUL: 0x7e,
  I64_SHR_U: 0x88,
  I32_WRAP_I64: 0xa7,
  I64_EXTEND_I32_U: 0xad,
  REF_FUNC: 0xd2,
  MEMORY_INIT: (PREFIX_MISC << 12) | 8,
  MEMORY_COPY: (PREFIX_MISC << 12) | 10,
  MEMORY_FILL: (PREFIX_MISC << 12) | 11,
} as const;

/** Value types as the binary format writes them. */
export const TYPE = { I32: 0x7f, I64: 0x7e, F32: 0x7d, F64: 0x7c, V128: 0x7b, VOID: 0x40 } as const;

/** Block type `void`, as the decoder reads it: a signed number. */
export const VOID_BLOCK = TYPE.VOID - 128;
