// Is every memory instruction in the access table, and every expression kind in the walker's? Both are held against
// Binaryen's own lists and its text parser, so that a release that adds one fails here instead of leaving it unchecked.
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { ACCESS_TABLE, type Access, accessOf } from '../../instrument/access-table.ts';
import { EVENT_KINDS, enterBody } from '../../instrument/binaryen/events.ts';
import { binaryenKinds, KINDS } from '../../instrument/binaryen/kinds.ts';
import { ALL_FEATURES, parseText, raw, rawFunction, rawNames, readBinary } from '../../instrument/binaryen/raw.ts';
import { loadRows } from '../../instrument/binaryen/walk.ts';
import { InstrumentError } from '../../instrument/errors.ts';
import { Decoder } from '../../instrument/wasm/decoder.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { accessModule, memoryMnemonics } from './access-text.ts';

const ROWS = loadRows();
const KIND_NAMES = binaryenKinds(rawNames());

describe('expression kinds', () => {
  const unknown = (table: object) => KIND_NAMES.filter((kind) => !(kind in table));

  test('Binaryen lists more than a hundred, and each has a row', () => {
    expect(KIND_NAMES.length).toBeGreaterThan(100);
    expect(unknown(KINDS)).toEqual([]);
  });

  test('no row is of a kind Binaryen lacks', () => {
    expect(Object.keys(KINDS).filter((kind) => !KIND_NAMES.includes(kind))).toEqual([]);
  });

  test('a removed row is missed', () => {
    for (const kind of KIND_NAMES) {
      const { [kind]: _, ...rest } = KINDS;
      expect(unknown(rest)).toEqual([kind]);
    }
  });

  test('the named accessors exist, and the bridged children are found', () => {
    expect(ROWS.filter((row) => row !== undefined).length).toBe(KIND_NAMES.length);
  });

  test('accessors of children that a row does not name are known exceptions', () => {
    // Getters whose result is a name, a number or a list, not an expression.
    const plain =
      /(Name|Names|Op|Index|Offset|Align|Bytes|Type|Order|Table|Segment|Tag|Target|Func|String|Params|Results|Mask|Data|ValueType|Length|Value[IFV]\d+)$/;
    const missed: string[] = [];
    for (const [kind, shape] of Object.entries(KINDS)) {
      if ('refused' in shape || 'bridged' in shape) continue;
      const named = [...(shape.before ?? []), ...(shape.after ?? [])];
      for (const name of rawNames()) {
        const slot = new RegExp(`^Binaryen${kind}Get([A-Z]\\w*)$`).exec(name)?.[1];
        if (slot === undefined || named.includes(slot) || slot.startsWith('Num') || slot.endsWith('At')) continue;
        // `ArrayGetGetRef` is the Ref of ArrayGet, not the `GetRef` of Array: only kinds' own prefixes count.
        if (
          KIND_NAMES.some(
            (other) => other !== kind && name.startsWith(`Binaryen${other}Get`) && other.length > kind.length,
          )
        )
          continue;
        if (!plain.test(slot)) missed.push(name);
      }
    }
    expect(missed).toEqual([]);
  });
});

describe('memory instructions', () => {
  const mnemonics = memoryMnemonics();
  const uncovered = (table: readonly Access[]) => {
    const names = new Set(table.map((row) => row.name));
    return mnemonics.filter((m) => !names.has(m.name)).map((m) => m.name);
  };

  test('what the parser accepts and the table lacks, the decoder refuses', () => {
    expect(mnemonics.length).toBeGreaterThan(ACCESS_TABLE.length - 1);
    const skipped = uncovered(ACCESS_TABLE).filter((name) => {
      const { bytes } = mnemonics.find((m) => m.name === name)!;
      return !refuses(bytes);
    });
    expect(skipped).toEqual([]);
  });

  test('every row is accepted by the parser', () => {
    const accepted = new Set(mnemonics.map((m) => m.name));
    expect(ACCESS_TABLE.filter((row) => !accepted.has(row.name)).map((row) => row.name)).toEqual([]);
  });

  test('a removed row is missed', () => {
    for (const row of ACCESS_TABLE) {
      const before = uncovered(ACCESS_TABLE);
      expect(uncovered(ACCESS_TABLE.filter((r) => r !== row))).toEqual(expect.arrayContaining([...before, row.name]));
      expect(uncovered(ACCESS_TABLE.filter((r) => r !== row)).length).toBe(before.length + 1);
    }
  });

  test('memory orders other than the default are refused, not misread', () => {
    const inFunction = (body: string) => `(module (memory 1) (memory $m 1) (func (drop ${body})))`;
    expect(refuses(assemble(inFunction('(i32.atomic.load (i32.const 0))')))).toBe(false);
    expect(refuses(assemble(inFunction('(i32.atomic.load $m (i32.const 0))')))).toBe(false);
    expect(refuses(assemble(inFunction('(i32.atomic.load acqrel (i32.const 0))')))).toBe(true);
    expect(refuses(assemble(inFunction('(i64.atomic.rmw.add $m acqrel (i32.const 0) (i64.const 1))')))).toBe(true);
  });

  test("Binaryen's operation constants all name a row", () => {
    const constants = rawNames().filter((n) =>
      /^Binaryen(Load|Store)\d\w*Vec128$|^BinaryenAtomicRMW(?!Id|Get|Set)[A-Z]\w*$/.test(n),
    );
    expect(constants.length).toBeGreaterThanOrEqual(12 + 8 + 6);
    const names = ACCESS_TABLE.map((row) => row.name);
    expect(constants.filter((c) => !names.some((name) => spells(c, name)))).toEqual([]);
  });

  test.each(ACCESS_TABLE.map((row) => [row.name, row] as const))(
    '%s survives text, Binaryen, bytes and decoder',
    (_, row) => {
      const bytes = assemble(accessModule(row));
      const module = parseModule(bytes);
      const d = new Decoder(bytes);
      enterBody(d, module.bodies[0]!);
      const found: Access[] = [];
      while (d.pos < d.end) {
        d.next();
        const access = accessOf(d.op);
        if (access) found.push(access);
      }
      expect(found).toEqual([row]);
      expect(statedByBinaryen(bytes, row)).toEqual({ size: row.size, write: row.write });
    },
  );
});

function assemble(text: string): Uint8Array {
  const module = parseText(text, ALL_FEATURES);
  try {
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

function refuses(bytes: Uint8Array): boolean {
  try {
    const d = new Decoder(bytes);
    for (const body of parseModule(bytes).bodies) {
      enterBody(d, body);
      while (d.pos < d.end) d.next();
    }
    return false;
  } catch (error) {
    if (error instanceof InstrumentError && error.code === 'E_UNSUPPORTED') return true;
    throw error;
  }
}

/** Whether an operation constant ("Load32x2UVec128", "AtomicRMWXchg") is the one behind a mnemonic. */
function spells(constant: string, name: string): boolean {
  const rmw = /^BinaryenAtomicRMW(\w+)$/.exec(constant)?.[1];
  if (rmw) return new RegExp(`\\.rmw\\d*\\.${rmw.toLowerCase()}(_u)?$`).test(name);
  const simd = constant.replace(/^Binaryen|Vec128$/g, '').replace(/(Splat|Zero|Lane|S|U)$/, (end) => `_${end}`);
  return name === `v128.${simd.toLowerCase()}`;
}

const LANES: Readonly<Record<string, number>> = { 8: 1, 16: 2, 32: 4, 64: 8 };

/** Size and direction as Binaryen's own accessors tell them. */
function statedByBinaryen(bytes: Uint8Array, row: Access): { size: number; write: boolean } {
  const module = readBinary(bytes, ALL_FEATURES);
  const found: { size: number; write: boolean }[] = [];
  const visit = (node: number): void => {
    const r = ROWS[raw.idOf(node)]!;
    for (let i = 0; i < r.count(node); i++) if (r.get(node, i) !== 0) visit(r.get(node, i));
    if (EVENT_KINDS.includes(r.kind)) found.push(stated(r.kind, node, row));
  };
  visit(raw.functionBody(raw.functionAt(module.ptr, 0))); // recursive: the module is tiny
  module.dispose();
  expect(found.length).toBe(1);
  return found[0]!;
}

function stated(kind: string, node: number, row: Access): { size: number; write: boolean } {
  const bytes = () => rawFunction(`Binaryen${kind}GetBytes`)(node);
  switch (kind) {
    case 'Load':
      return { size: bytes(), write: false };
    case 'Store':
    case 'AtomicRMW':
    case 'AtomicCmpxchg':
      return { size: bytes(), write: true };
    case 'AtomicNotify':
      return { size: 4, write: false };
    case 'AtomicWait':
      return { size: rawFunction('BinaryenAtomicWaitGetExpectedType')(node) === binaryen.i64 ? 8 : 4, write: false };
    case 'SIMDLoadStoreLane':
      return {
        size: LANES[/\d+/.exec(row.name.slice(4))![0]]!,
        write: rawFunction(`Binaryen${kind}IsStore`)(node) !== 0,
      };
    case 'SIMDLoad': // `load8x8` reads 8 lanes of 8 bits, `load32_zero` 32 bits
      return { size: /x/.test(row.name) ? 8 : LANES[/\d+/.exec(row.name.slice(4))![0]]!, write: false };
    default:
      return { size: 0, write: true };
  }
}
