// Which proposals a module uses, as Binaryen's feature mask. Never "all": Binaryen would then write what no engine loads
// (compact imports), or write references otherwise than they were (GC).

import { Decoder } from '../wasm/decoder.ts';
import { KIND, type Module, SECTION } from '../wasm/module.ts';
import { IMM, OP, PREFIX_ATOMIC, PREFIX_GC, PREFIX_MISC, PREFIX_SIMD } from '../wasm/opcodes.ts';
import { rawFunction } from './raw.ts';

const feature = (name: string) => rawFunction(`BinaryenFeature${name}`)();

const F = {
  atomics: feature('Atomics'),
  mutableGlobals: feature('MutableGlobals'),
  truncations: feature('NontrappingFPToInt'),
  simd: feature('SIMD128'),
  relaxedSimd: feature('RelaxedSIMD'),
  bulk: feature('BulkMemory') | feature('BulkMemoryOpt'),
  signExtension: feature('SignExt'),
  exceptions: feature('ExceptionHandling'),
  tailCall: feature('TailCall'),
  references: feature('ReferenceTypes'),
  multivalue: feature('Multivalue'),
  gc: feature('GC'),
  memory64: feature('Memory64'),
  extendedConst: feature('ExtendedConst'),
  multiMemory: feature('MultiMemory'),
  wideArithmetic: feature('WideArithmetic'),
} as const;

const RELAXED_SIMD = 0x100;
const FIRST_BULK = 8;
const FIRST_TABLE = 12;
const FIRST_WIDE = 19;

/** Features by one-byte opcode; the default is 0. */
const BY_OPCODE: readonly (readonly [from: number, to: number, features: number])[] = [
  [OP.TRY, OP.RETHROW, F.exceptions],
  [0x0a, 0x0a, F.exceptions | F.references], // throw_ref
  [OP.RETURN_CALL, OP.RETURN_CALL_INDIRECT, F.tailCall],
  [OP.CALL_REF, OP.CALL_REF, F.references | F.gc],
  [OP.RETURN_CALL_REF, OP.RETURN_CALL_REF, F.tailCall | F.references | F.gc],
  [OP.DELEGATE, OP.CATCH_ALL, F.exceptions],
  [0x1c, 0x1c, F.references], // select with types
  [OP.TRY_TABLE, OP.TRY_TABLE, F.exceptions | F.references],
  [0x25, 0x26, F.references], // table.get table.set
  [0xc0, 0xc4, F.signExtension],
  [0xd0, 0xd2, F.references], // ref.null ref.is_null ref.func
  [0xd3, 0xd6, F.references | F.gc], // ref.eq ref.as_non_null br_on_null br_on_non_null
];

const PLAIN = new Int32Array(256);
for (const [from, to, features] of BY_OPCODE) PLAIN.fill(features, from, to + 1);

function prefixedFeatures(op: number): number {
  const sub = op & 0xfff;
  switch (op >> 12) {
    case PREFIX_ATOMIC:
      return F.atomics;
    case PREFIX_SIMD:
      return sub >= RELAXED_SIMD ? F.simd | F.relaxedSimd : F.simd;
    case PREFIX_GC:
      return F.gc | F.references;
    case PREFIX_MISC:
      if (sub < FIRST_BULK) return F.truncations;
      if (sub >= FIRST_WIDE) return F.wideArithmetic;
      return sub < FIRST_TABLE ? F.bulk : F.bulk | F.references;
    default:
      return 0;
  }
}

/** The mask for the modules that are linked into one. */
export function featuresOf(modules: readonly Module[]): number {
  let mask = F.multiMemory | F.mutableGlobals;
  for (const module of modules) mask |= declarationFeatures(module) | bodyFeatures(module);
  return mask;
}

function bodyFeatures(module: Module): number {
  const d = new Decoder(module.bytes);
  let mask = 0;
  for (const body of module.bodies) {
    d.pos = body.start;
    d.end = body.end;
    d.skipLocals((type) => {
      mask |= typeFeatures(type);
    });
    while (d.pos < d.end) {
      d.next();
      mask |= d.op < 256 ? PLAIN[d.op]! : prefixedFeatures(d.op);
      if (d.immediates === IMM.BLOCK_TYPE || d.immediates === IMM.TRY_TABLE) mask |= blockFeatures(module, d.value);
      else if (d.immediates === IMM.TYPE_TABLE && d.index2 !== 0) mask |= F.references; // several tables
    }
  }
  return mask;
}

function blockFeatures(module: Module, type: number): number {
  if (type < 0) return typeFeatures(type & 0x7f);
  const signature = module.types[type];
  return signature && signature.params.length + Math.max(signature.results.length, 1) > 1 ? F.multivalue : 0;
}

function declarationFeatures(module: Module): number {
  let mask = 0;
  for (const type of module.types) {
    if (!type) mask |= F.gc | F.references;
    else {
      for (const t of [...type.params, ...type.results]) mask |= typeFeatures(t);
      if (type.results.length > 1) mask |= F.multivalue;
    }
  }
  if ([...module.memories, ...module.tables].some((m) => m.is64)) mask |= F.memory64;
  if (module.memories.some((m) => m.shared)) mask |= F.atomics;
  if (module.tables.length > 1) mask |= F.references;
  for (const global of module.globals) mask |= typeFeatures(global.type);
  for (const { id } of module.sections) {
    if (id === SECTION.TAG) mask |= F.exceptions;
    if (id === SECTION.DATA_COUNT) mask |= F.bulk;
  }
  if (module.imports.some((i) => i.kind === KIND.TAG)) mask |= F.exceptions;
  return mask | initialiserFeatures(module);
}

/** Constant expressions: anything longer than one constant may be extended-const, references or GC. */
function initialiserFeatures(module: Module): number {
  let mask = 0;
  if (module.globals.some((g) => !g.imported && g.constant === undefined)) mask |= F.extendedConst | F.references;
  if (module.data.some((d) => d.passive)) mask |= F.bulk;
  if (module.data.some((d) => !d.passive && d.address === undefined)) mask |= F.extendedConst;
  if (module.elements.some((e) => e.slot === undefined || e.table !== 0))
    mask |= F.references | F.extendedConst | F.bulk;
  return mask;
}

function typeFeatures(type: number): number {
  switch (type) {
    case 0x7f:
    case 0x7e:
    case 0x7d:
    case 0x7c:
    case 0x40:
      return 0;
    case 0x7b:
      return F.simd;
    case 0x70:
    case 0x6f:
      return F.references;
    case 0x69:
    case 0x74:
      return F.references | F.exceptions; // exnref, its bottom
    default:
      return F.references | F.gc;
  }
}
