// One table for all mutators: what each does with given bytes and given random numbers, to the byte; and for any bytes at
// all, that no result is too long and no input is changed in place.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { find, type Materials, MUTATORS, mutateOnce } from '../../fuzz/mutators.ts';
import { type Random, seededRandom } from '../../fuzz/random.ts';
import { Room } from '../../fuzz/room.ts';

/** Gives these numbers, and fails where the mutator asks for one too large or too many. */
function scripted(...numbers: number[]): Random {
  return {
    below: (limit) => {
      const number = numbers.shift();
      if (number === undefined || number >= limit) throw new Error(`asked for one below ${limit}, has ${number}`);
      return number;
    },
  };
}

const text = (s: string) => new TextEncoder().encode(s);

const MATERIALS: Materials = {
  maxLength: 16,
  dictionary: [text('WORD')],
  proven: [text('KEY')],
  compares: [{ from: text('bc'), to: text('XYZ') }],
  other: text('12345678'),
};

const TABLE: readonly [name: string, input: string, random: number[], expected: string | undefined][] = [
  ['EraseBytes', 'abcdef', [1, 2], 'abef'],
  ['EraseBytes', 'a', [], undefined],
  ['InsertByte', 'abc', [1, 0x58], 'aXbc'],
  ['InsertRepeatedBytes', 'ab', [0, 0x2d, 1, 1], 'a----b'],
  ['ChangeByte', 'abc', [2, 0x5a], 'abZ'],
  ['ChangeBit', 'abc', [0, 1], 'cbc'],
  ['ShuffleBytes', 'abcd', [1, 1, 0, 0], 'acdb'],
  ['ChangeASCIIInt', 'n=19;', [0, 0], 'n=20;'],
  ['ChangeASCIIInt', 'n=;', [0], undefined],
  ['ChangeBinInt', 'abcd', [0, 1, 0, 2, 11], 'abcd'.replace('b', 'c')],
  ['CopyPart', 'abcd', [0, 1, 2, 0, 0], 'cdabcd'],
  ['CrossOver', 'abcd', [0, 2, 4, 1, 1], 'a567'],
  ['SplitAndJoin', 'abcd', [1, 6], 'ab78'],
  ['Dict', 'abcd', [0, 0, 2], 'abWORDcd'],
  ['Dict', 'abc', [0, 1], undefined],
  ['PersAutoDict', 'abcd', [0, 0, 2], 'abKEYcd'],
  ['CMP', 'abcd', [0, 0], 'aXYZd'],
  ['CMP', 'abcd', [0, 2], 'aXYZd'],
  ['CMP', 'none', [0, 0], undefined],
];

describe('one step', () => {
  test.each(TABLE)('%s of "%s" with %j', (name, input, random, expected) => {
    const { mutate } = MUTATORS.find((m) => m.name === name)!;
    const result = mutate(text(input), scripted(...random), MATERIALS);
    expect(result && new TextDecoder().decode(result)).toBe(expected);
  });

  test('no mutator is missing from the table', () => {
    expect(new Set(TABLE.map(([name]) => name))).toEqual(new Set(MUTATORS.map((m) => m.name)));
  });
});

test('results fit and inputs stay as they are, in room of their own or shared', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      (bytes, seed, maxLength) => {
        const input = bytes.slice(0, maxLength);
        const before = input.slice();
        const result = mutateOnce(input, seededRandom(seed), { ...MATERIALS, maxLength });
        expect(result.length).toBeLessThanOrEqual(maxLength);
        expect(input).toEqual(before);
        const room = new Room();
        const first = mutateOnce(input, seededRandom(seed), { ...MATERIALS, maxLength, room });
        expect(first).toEqual(result);
        const next = mutateOnce(result, seededRandom(seed), { ...MATERIALS, maxLength });
        expect(mutateOnce(first, seededRandom(seed), { ...MATERIALS, maxLength, room })).toEqual(next);
        expect(first).toEqual(result);
      },
    ),
    { seed: 42, numRuns: 2000 },
  );
});

test('random numbers stay below their limit and depend on the seed', () => {
  const numbers = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 1000 }, () => random.below(10));
  };
  expect(new Set(numbers(1))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
});

test('find looks from the start it is given', () => {
  expect(find(text('abcabc'), text('abc'))).toBe(0);
  expect(find(text('abcabc'), text('abc'), 1)).toBe(3);
  expect(find(text('abcxx'), text('abc'), 2)).toBe(-1);
  expect(find(text('abc'), text('abcd'))).toBe(-1);
  expect(find(text('abc'), text(''))).toBe(-1);
});
