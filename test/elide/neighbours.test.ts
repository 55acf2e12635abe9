// Neighbours share one look at the shadow and one question whether they store into constants. What that finds is what the
// exact checks of each would have found.

import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { ALL_FEATURES, parseText } from '../../instrument/binaryen/raw.ts';
import * as abi from '../../runtime/abi.ts';
import { EVERY_RULE, moduleText, type Outcome, run } from './harness.ts';

const CONSTANTS = 50000;
const CONSTANTS_END = CONSTANTS + 32;

/** With the names of its segments: they say which of them hold constants. */
function assembleNamed(text: string): Uint8Array {
  const module = parseText(text, ALL_FEATURES);
  const named = binaryen.getDebugInfo();
  binaryen.setDebugInfo(true);
  try {
    return module.emitBinary();
  } finally {
    binaryen.setDebugInfo(named);
    module.dispose();
  }
}

const load = (offset: number) => `(drop (i32.load offset=${offset} (local.get $p)))`;
const store = (offset: number) => `(i32.store offset=${offset} (local.get $p) (i32.const 1))`;
/** The same accesses without the promise of an alignment. */
const unaligned = (body: string) => body.replaceAll(/offset=\d+/g, '$& align=1');

/** The accesses of one stretch through $p, which is the address or a block of 20 bytes. */
async function outcome(address: number | 'block', body: string, elide = true): Promise<Outcome> {
  const value = address === 'block' ? '(call $malloc (i32.const 20))' : `(i32.const ${address})`;
  const original = assembleNamed(
    moduleText(`(data $.rodata (i32.const ${CONSTANTS}) "${'constant'.repeat(4)}")
      (data $.data (i32.const ${CONSTANTS_END}) "variable")
      (func $pointer (export "pointer") (result i32) ${value})
      (func (export "test") (local $p i32) (local.set $p (call $pointer)) ${body})`),
  );
  const { outcomes } = await run(original, ['test'], elide ? EVERY_RULE : 'none', { mode: 'inline' });
  return outcomes[0]!;
}

describe('a store into constants', () => {
  const written = (address: number) => ({
    finding: expect.objectContaining({ kind: abi.KIND_RODATA_WRITE, access: abi.ACCESS_WRITE, address, size: 4 }),
  });

  test.each([
    ['behind a load of other bytes', CONSTANTS - 16, load(0) + store(16), CONSTANTS],
    ['behind a store of other bytes', CONSTANTS - 16, store(0) + store(16), CONSTANTS],
    ['behind a load of constants', CONSTANTS, load(8) + store(16), CONSTANTS + 16],
    ['of a value that was read', CONSTANTS, load(8) + store(8), CONSTANTS + 8],
    ['in front of a load', CONSTANTS_END - 4, store(0) + load(4), CONSTANTS_END - 4],
  ])('%s is found', async (_, pointer, body, address) => {
    const found = await outcome(pointer, body);
    expect(found).toEqual(written(address));
    expect(found).toEqual(await outcome(pointer, body, false));
  });

  test('is found among neighbours where its end alone is constant', async () => {
    expect(await outcome(CONSTANTS - 2, unaligned(store(0) + load(8)))).toEqual(written(CONSTANTS - 2));
  });

  test.each([
    ['loads of constants in front of a store', CONSTANTS_END - 8, load(0) + load(4) + store(8)],
    ['a store in front of loads of constants', CONSTANTS - 4, store(0) + load(4) + load(8)],
    ['stores on both sides of what is read', CONSTANTS - 4, store(0) + load(4) + load(32) + store(36)],
  ])('is not what %s is', async (_, pointer, body) => {
    expect(await outcome(pointer, body)).toEqual({ result: undefined });
  });
});

describe('a value that is read and written', () => {
  const both = (offset: number) => load(offset) + store(offset);

  test('may lie at an address that is not its alignment', async () => {
    expect(await outcome('block', both(7))).toEqual({ result: undefined });
  });

  test.each([16, 17, 18, 20])('is judged to its last byte at %i of 20', async (offset) => {
    const found = await outcome('block', both(offset));
    expect(found).toEqual(await outcome('block', both(offset), false));
    expect('finding' in found).toBe(offset > 16);
  });
});
