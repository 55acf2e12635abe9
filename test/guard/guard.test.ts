// Guarded views: what JavaScript reads and writes in a module's memory is judged element by element, right uses are silent
// and give what they gave before, wrong ones are reported with the JavaScript stack.

import { createHash, randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { load, type Report } from '../../host/index.ts';
import { instrument } from '../../index.ts';
import { findingText } from '../support/run-instrumented.ts';
import { compileLibrary, type Library } from './library.ts';

const found: Report[] = [];
let library: Library;

beforeEach(async () => {
  const original = await compileLibrary();
  found.length = 0;
  const { instance } = await load({
    original,
    instrumented: instrument(original, { host: true, runtime: { halt: false } }).bytes,
    guardJs: true,
    onFinding: (report) => {
      found.push(report);
      return false;
    },
  });
  library = instance.exports as unknown as Library;
});

function reading<T>(use: (file: number) => T): T {
  const file = fs.openSync(fileURLToPath(import.meta.url), 'r');
  try {
    return use(file);
  } finally {
    fs.closeSync(file);
  }
}

function writing<T>(use: (file: number) => T): T {
  const file = fs.openSync('/dev/null', 'w');
  try {
    return use(file);
  } finally {
    fs.closeSync(file);
  }
}

const texts = (): string[] => found.map((report) => findingText(report));
const heap = (): Uint8Array<ArrayBuffer> => new Uint8Array(library.memory.buffer as ArrayBuffer);

test('glue writes into a block that is freed: reported with its own stack', () => {
  const block = library.take(10);
  const HEAPU8 = heap();
  HEAPU8[block + 9] = 7;
  expect(library.sum(block, 10)).toBe(9 * 65 + 7);
  library.give(block);
  expect(texts()).toEqual([]);
  (function storeInGlue() {
    HEAPU8[block + 3] = 1;
  })();
  expect(texts()).toEqual(['heap-use-after-free, WRITE of size 1, 3 bytes inside 10-byte region']);
  const [access, glue] = found[0]!.stack;
  expect(access).toMatchObject({ function: 'Uint8Array write', module: 'JavaScript' });
  expect(glue!.function).toMatch(/^storeInGlue \(.*guard\.test\.ts:\d+:\d+\)$/);
});

describe('each way to touch memory', () => {
  const OVERFLOW_READ = 'heap-buffer-overflow, READ of size';
  const OVERFLOW_WRITE = 'heap-buffer-overflow, WRITE of size';
  const AFTER = '0 bytes after 10-byte region';
  const uses: readonly (readonly [string, (at: number) => unknown, string[]])[] = [
    ['an element read', (at) => heap()[at + 10], [`${OVERFLOW_READ} 1, ${AFTER}`]],
    [
      'an element of four bytes',
      (at) => new Int32Array(library.memory.buffer)[(at >> 2) + 2],
      [`${OVERFLOW_READ} 4, ${AFTER}`],
    ],
    [
      'DataView',
      (at) => new DataView(library.memory.buffer).setUint16(at + 9, 1, true),
      [`${OVERFLOW_WRITE} 2, ${AFTER}`],
    ],
    [
      'a view of the block',
      (at) => (new Uint8Array(library.memory.buffer, at, 16)[11] = 1),
      [`${OVERFLOW_WRITE} 1, 1 bytes after 10-byte region`],
    ],
    ['set', (at) => heap().set([1, 2, 3], at + 8), [`${OVERFLOW_WRITE} 3, ${AFTER}`]],
    ['fill', (at) => heap().fill(0, at, at + 12), [`${OVERFLOW_WRITE} 12, ${AFTER}`]],
    ['slice', (at) => heap().slice(at, at + 11), [`${OVERFLOW_READ} 11, ${AFTER}`]],
    ['copyWithin', (at) => heap().copyWithin(at + 5, at, at + 8), [`${OVERFLOW_WRITE} 8, ${AFTER}`]],
    [
      'subarray and TextDecoder',
      (at) => new TextDecoder().decode(heap().subarray(at, at + 12)),
      [`${OVERFLOW_READ} 12, ${AFTER}`],
    ],
    ['a copy by constructor', (at) => new Uint8Array(heap().subarray(at, at + 11)), [`${OVERFLOW_READ} 11, ${AFTER}`]],
    [
      'set of another array',
      (at) => new Uint8Array(20).set(heap().subarray(at, at + 11)),
      [`${OVERFLOW_READ} 11, ${AFTER}`],
    ],
    ['a search past the end', (at) => heap().indexOf(1, at + 8), [`${OVERFLOW_READ} 1, ${AFTER}`]],
    ['spread', (at) => [...heap().subarray(at + 9, at + 11)], [`${OVERFLOW_READ} 1, ${AFTER}`]],
    [
      'a file read past the end',
      (at) => reading((file) => fs.readSync(file, heap(), at + 2, 9, 0)),
      [`${OVERFLOW_WRITE} 9, ${AFTER}`],
    ],
    [
      'a file written from too much',
      (at) => writing((file) => fs.writeSync(file, heap(), at, 11)),
      [`${OVERFLOW_READ} 11, ${AFTER}`],
    ],
    [
      'Atomics',
      (at) => Atomics.add(new Uint32Array(library.memory.buffer), (at >> 2) + 2, 1),
      [`${OVERFLOW_WRITE} 4, ${AFTER}`],
    ],
    ['a Buffer copied into it', (at) => Buffer.alloc(11).copy(heap(), at), [`${OVERFLOW_WRITE} 11, ${AFTER}`]],
    ['random bytes of Node', (at) => randomFillSync(heap(), at + 8, 3), [`${OVERFLOW_WRITE} 3, ${AFTER}`]],
    ['a hash', (at) => createHash('sha256').update(heap().subarray(at, at + 11)), [`${OVERFLOW_READ} 11, ${AFTER}`]],
    ['crypto', (at) => crypto.getRandomValues(heap().subarray(at, at + 11)), [`${OVERFLOW_WRITE} 11, ${AFTER}`]],
  ];
  test.each(uses)('%s', (_, use, expected) => {
    use(library.take(10));
    expect(texts().slice(0, 1)).toEqual(expected);
  });
});

test('natives that touch only a part of a view are silent if that part is right', () => {
  const at = library.take(10);
  const short = reading((file) => fs.readSync(file, heap(), at, 1000, fs.fstatSync(file).size - 4));
  const written = writing((file) => fs.writeSync(file, heap(), at, 10));
  const words = new Int32Array(library.memory.buffer);
  Atomics.store(words, at >> 2, 258);
  expect([short, written, Atomics.load(words, at >> 2), Buffer.from([1, 2, 3]).copy(heap(), at + 7)]).toEqual([
    4, 10, 258, 3,
  ]);
  expect(randomFillSync(heap(), at, 10).length).toBe(heap().length);
  expect(texts()).toEqual([]);
});

test('right uses give what they give on plain memory, and nothing is reported', () => {
  const at = library.take(16);
  const use = (view: Uint8Array, from: number, memory: ArrayBufferLike) => {
    view.set([5, 3, 9, 1], from);
    view.copyWithin(from + 8, from, from + 4);
    view.fill(7, from + 12, from + 14);
    const part = view.subarray(from, from + 16);
    return JSON.stringify([
      [...part],
      part.slice(0, 4).sort().join(),
      part.indexOf(9),
      part.at(-1),
      part.map((v) => v + 1).length,
      [...part.entries()].length,
      part.byteOffset - from,
      part instanceof Uint8Array,
      Object.prototype.toString.call(part),
      ArrayBuffer.isView(part),
      new TextDecoder().decode(part.subarray(14, 16)),
      Buffer.from(part.subarray(0, 4)).toString('hex'),
      String.fromCharCode.apply(null, part.subarray(14) as unknown as number[]),
      new DataView(memory, from, 16).getUint32(0, true),
      part.length,
      99 in part,
      part[99],
    ]);
  };
  const plain = new Uint8Array(library.memory.buffer.byteLength);
  plain.fill(65, at, at + 16);
  expect(use(heap(), at, library.memory.buffer)).toBe(use(plain, at, plain.buffer));
  expect(texts()).toEqual([]);
});

test('after the memory has grown, views on the new buffer are guarded', () => {
  const block = library.take(10);
  library.memory.grow(1);
  heap()[block + 10] = 1;
  expect(texts()).toEqual(['heap-buffer-overflow, WRITE of size 1, 0 bytes after 10-byte region']);
});

test('each place in the JavaScript is reported once', () => {
  const block = library.take(10);
  const view = heap();
  for (let i = 0; i < 5; i++) view[block + 10] = i;
  view[block + 10] = 9;
  expect(texts()).toHaveLength(2);
});
