// For every memory instruction, both engines, both modes, both mappings, both pointer widths: a poisoned access makes exactly
// one call of the right check with the right address and site; a clean one makes none (inline) or the same one (outline).
import { describe, expect, test } from 'vitest';
import { ACCESS_TABLE, type Access, accessOf, checkName } from '../../instrument/access-table.ts';
import { enterBody } from '../../instrument/binaryen/events.ts';
import { Decoder } from '../../instrument/wasm/decoder.ts';
import type { Module } from '../../instrument/wasm/module.ts';
import { accessExpression, hasResult } from './access-text.ts';
import { assemble, type Call, type EngineName, engineer, Running } from './engine-harness.ts';

const OFFSET = 24;
const CLEAN = 4096;
const POISONED = 8192;
/** Length of the bulk operations in these modules. */
const LENGTH = 24;

/** One function per row; `$hook` is called while the last operand is evaluated, after the address was. */
function rowsModule(memory64: boolean, hooked: boolean, aligned = true): Uint8Array {
  const pointer = memory64 ? 'i64' : 'i32';
  const constants: Record<string, string> = { i32: '1', i64: '1', f32: '1', f64: '1', v128: 'i32x4 1 2 3 4' };
  const functions = ACCESS_TABLE.map((row, i) => {
    const operands = row.operands.map((type, k) => {
      const constant = `(${type}.const ${constants[type]})`;
      return hooked && k === row.operands.length - 1 ? `(block (result ${type}) (call $hook) ${constant})` : constant;
    });
    const offset = row.size > 0 ? OFFSET : 0;
    const align = aligned || row.atomic ? {} : { align: 1 };
    const text = accessExpression(row, { memory64, offset, operands, length: LENGTH, ...align });
    return `(func (export "f${i}") (param $p ${pointer}) (param $q ${pointer})
      ${hasResult(row.name) ? `(drop ${text})` : text})`;
  });
  return assemble(`(module (import "test" "hook" (func $hook)) (memory (export "memory") ${memory64 ? 'i64' : ''} 2)
    (data $d "0123456789abcdef0123456789abcdef") ${functions.join('\n')})`);
}

/** Offset of the only access of a function, from an independent reading of the bytes. */
function accessOffset(module: Module, func: number): number {
  const d = new Decoder(module.bytes);
  enterBody(d, module.bodies[func]!);
  for (;;) {
    d.next();
    if (accessOf(d.op)) return d.start;
  }
}

/** What the checks of one execution at `to` (and, for a copy, from `from`) must be. */
function expected(row: Access, site: number, to: number, from: number): Call[] {
  if (row.size > 0) return [{ check: checkName(row, false).slice('check_'.length), site, address: to, length: 0 }];
  const store = { check: 'range_store', site, address: to, length: LENGTH };
  return row.name === 'memory.copy' ? [{ check: 'range_load', site, address: from, length: LENGTH }, store] : [store];
}

interface Variant {
  engine: EngineName;
  mode: 'inline' | 'outline';
  paged: boolean;
  memory64: boolean;
}

const variants = (['stream', 'binaryen'] as const).flatMap((engine) =>
  (['inline', 'outline'] as const).flatMap((mode) =>
    [false, true].flatMap((paged) => [false, true].map((memory64): Variant => ({ engine, mode, paged, memory64 }))),
  ),
);

function start({ engine, mode, paged, memory64 }: Variant, aligned: boolean) {
  const built = engineer(rowsModule(memory64, false, aligned), { engine, mode, paged });
  const running = new Running(built.bytes, { test: { hook: () => {} } }, paged);
  const pointer = (address: number) => (memory64 ? BigInt(address) : address);
  const execute = (i: number, row: Access, address: number): Call[] => {
    const base = row.size > 0 ? address - OFFSET : address;
    try {
      running.exports[`f${i}`]!(pointer(base), pointer(CLEAN));
    } catch (error) {
      if (!row.name.startsWith('memory.atomic.wait')) throw error; // traps: the memory is not shared
    }
    return running.takeLog();
  };
  return { built, running, execute };
}

describe.each(variants)('$engine, $mode, paged $paged, memory64 $memory64', (variant) => {
  const { mode } = variant;
  const { built, running, execute } = start(variant, true);

  test('one site per row, at the instruction', () => {
    expect(built.sites).toBe(ACCESS_TABLE.length);
    ACCESS_TABLE.forEach((row, i) => {
      const site = { functionIndex: 1 + i, offset: accessOffset(built.module, i) };
      expect([row.name, built.table.site(i + 1)]).toEqual([row.name, site]);
    });
  });

  test('clean accesses', () => {
    ACCESS_TABLE.forEach((row, i) => {
      const called = mode === 'outline' || row.size === 0 ? expected(row, i + 1, CLEAN, CLEAN) : [];
      expect([row.name, execute(i, row, CLEAN)]).toEqual([row.name, called]);
    });
  });

  test('poisoned accesses', () => {
    running.poison(POISONED, 32);
    ACCESS_TABLE.forEach((row, i) => {
      expect([row.name, execute(i, row, POISONED)]).toEqual([row.name, expected(row, i + 1, POISONED, CLEAN)]);
    });
    running.poison(POISONED, 32, 0);
  });

  test('aligned accesses look at the granules they touch, and at no other', () => {
    for (const { row, granule, touched, calls, all } of aroundEach(running, execute, 0)) {
      expect([row.name, granule, calls]).toEqual([row.name, granule, touched || mode === 'outline' ? all : []]);
    }
  });

  test('so do unaligned ones; where natural alignment was promised, the exact check decides', () => {
    const promised = [...aroundEach(running, execute, 7)];
    for (const { row, granule, calls, all } of promised)
      expect([row.name, granule, calls]).toEqual([row.name, granule, all]);
    const other = start(variant, false);
    for (const { row, granule, touched, calls, all } of aroundEach(other.running, other.execute, 7)) {
      expect([row.name, granule, calls]).toEqual([row.name, granule, touched || mode === 'outline' ? all : []]);
    }
  });
});

/** Accesses `shift` bytes into a granule, with one granule after the other around them poisoned. */
function* aroundEach(running: Running, execute: (i: number, row: Access, address: number) => Call[], shift: number) {
  const address = POISONED + shift;
  for (const [i, row] of ACCESS_TABLE.entries()) {
    if (row.size < 2 || (row.atomic && shift > 0)) continue;
    for (let granule = POISONED - 8; granule <= POISONED + 24; granule += 8) {
      running.poison(granule, 8);
      const touched = granule + 8 > address && granule < address + row.size;
      yield { row, granule, touched, calls: execute(i, row, address), all: expected(row, i + 1, address, 0) };
      running.poison(granule, 8, 0);
    }
  }
}

describe.each(['stream', 'binaryen'] as EngineName[])('%s: a check runs after the operands', (engine) => {
  test.each([false, true])('memory64 %s', (memory64) => {
    const built = engineer(rowsModule(memory64, true), { engine });
    let hook = () => {};
    const running = new Running(built.bytes, { test: { hook: () => hook() } });
    const pointer = (address: number) => (memory64 ? BigInt(address) : address);
    ACCESS_TABLE.forEach((row, i) => {
      if (row.operands.length === 0 || row.name.startsWith('memory.atomic.wait')) return;
      const execute = (code: number) => {
        hook = () => running.poison(POISONED, 16, code);
        running.exports[`f${i}`]!(pointer(POISONED - OFFSET), pointer(0));
        return [row.name, running.takeLog()];
      };
      expect(execute(0xf7)).toEqual([row.name, expected(row, i + 1, POISONED, 0)]); // an operand poisoned it
      expect(execute(0)).toEqual([row.name, []]); // an operand made it valid again
    });
  });
});
