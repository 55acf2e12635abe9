// The counters themselves: each block counts its entries, also in a loop that runs without its hoisted checks; comparisons
// are recorded with their operands.

import { expect, test } from 'vitest';
import { readCompares } from '../../fuzz/compares.ts';
import { load } from '../../host/index.ts';
import { instrument } from '../../index.ts';
import * as abi from '../../runtime/abi.ts';
import { compileC } from '../support/compile-c.ts';

const SOURCE = `
#include <stdlib.h>
__attribute__((export_name("make"))) int *make(int n) { return calloc(n, 4); }
__attribute__((export_name("sum"))) int sum(volatile int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) s += p[i];
  return s == 0x12345 ? 1 : s;
}`;

async function open(coverage: 'counters' | 'compares') {
  const original = await compileC({ file: 'sum.c', source: SOURCE, flags: ['-O1', '-g', '-mexec-model=reactor'] });
  const { instance } = await load({ original, instrumented: instrument(original, { host: true, coverage }).bytes });
  const memory = instance.exports.__wasan_memory as WebAssembly.Memory;
  const header = new Uint32Array(memory.buffer, 0, abi.HEADER_END / 4);
  const [at, count] = [header[abi.HEADER_COVERAGE / 4]!, header[abi.HEADER_COVERAGE_COUNT / 4]!];
  // Made anew for each use: the runtime's memory grows, and views of it do not.
  const counters = () => new Uint8Array(memory.buffer, at, count);
  const { make, sum, __wasan_hits } = instance.exports as unknown as {
    __wasan_hits: () => number;
    make: (n: number) => number;
    sum: (p: number, n: number) => number;
  };
  /** What the runtime lists, as number and value. */
  const hits = () => {
    const found = __wasan_hits();
    const list = new Uint32Array(memory.buffer, at + ((count + 31) & ~31), found);
    return Array.from(list, (entry) => [entry >>> 8, entry & 255]);
  };
  return { memory, counters, hits, make, sum };
}

test('a loop is counted round by round, and stays in the highest bucket when its counter is full', async () => {
  const { counters, make, sum } = await open('counters');
  const array = make(1000);
  const rounds = (n: number) => {
    counters().fill(0);
    expect(sum(array, n)).toBe(0);
    return Math.max(...counters());
  };
  expect(rounds(17)).toBe(17);
  expect(rounds(255)).toBe(255);
  expect(rounds(256)).toBe(128);
  expect(rounds(1000)).toBeGreaterThanOrEqual(128);
  counters().fill(0);
  sum(array, 0);
  expect(counters().reduce((count, hits) => count + Math.min(hits, 1), 0)).toBeGreaterThan(0);
  expect(Math.max(...counters())).toBe(1);
});

test('what was reached is listed once, in the order of the counters', async () => {
  const { counters, hits, make, sum } = await open('counters');
  const array = make(1000);
  hits();
  for (const n of [0, 3, 300]) {
    sum(array, n);
    const reached = Array.from(counters(), (value, i) => [i, value]).filter(([, value]) => value !== 0);
    expect(reached.length).toBeGreaterThan(0);
    expect(hits()).toEqual(reached);
    expect(hits()).toEqual([]);
  }
  const last = counters().length - 1;
  counters().set([7], last);
  expect(hits()).toEqual([[last, 7]]);
});

test('a comparison is recorded with both operands', async () => {
  const { memory, make, sum } = await open('compares');
  const array = make(4);
  sum(array, 4);
  const pairs = readCompares(new Uint8Array(memory.buffer)).map(({ left, right }) => [le(left), le(right)]);
  expect(pairs).toContainEqual([0, 0x12345]);
});

function le(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
