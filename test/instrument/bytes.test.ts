// Numbers in the binary format: what the writer writes, the reader reads, in as few bytes as there can be.

import { expect, test } from 'vitest';
import { Reader, Writer } from '../../instrument/wasm/bytes.ts';

const around = (value: bigint) => [value - 1n, value, value + 1n];
const POWERS = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
const VALUES = [0n, ...POWERS.flatMap(around), ...POWERS.flatMap((p) => around(-p))];

test.each(VALUES.map((value) => BigInt.asIntN(64, value)))('s64 %s', (value) => {
  const bits = (value < 0n ? ~value : value).toString(2).replace(/^0$/, '').length + 1;
  const w = new Writer(1);
  w.s64(value);
  expect(w.length).toBe(Math.ceil(bits / 7));
  expect(new Reader(w.view()).s64()).toBe(value);
  if (BigInt.asIntN(32, value) !== value) return;
  const short = new Writer(1);
  short.s32(Number(value));
  expect(short.view()).toEqual(w.view());
});

test.each(VALUES.map((value) => Number(BigInt.asUintN(32, value))))('u32 %d', (value) => {
  const w = new Writer(1);
  w.u32(value);
  expect(w.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
  expect(new Reader(w.view()).u32()).toBe(value);
});

test.each(['', 'malloc', 'a'.repeat(200), 'naïve', '名', 'a\u{1f600}b'])('name %s', (text) => {
  const w = new Writer(1);
  w.name(text);
  const reader = new Reader(w.view());
  expect(reader.name()).toBe(text);
  expect(reader.done).toBe(true);
});
