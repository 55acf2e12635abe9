// The header of memory 1: each field has four bytes of its own.

import { expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';

test('no two fields share a place', () => {
  const fields = Object.entries(abi).filter(
    ([name, value]) => /^HEADER_/.test(name) && name !== 'HEADER_END' && typeof value === 'number',
  ) as [string, number][];
  const taken = new Map<number, string>();
  for (const [name, at] of fields) {
    expect(at % 4).toBe(0);
    expect({ name, sharesWith: taken.get(at) }).toEqual({ name, sharesWith: undefined });
    expect(at).toBeGreaterThanOrEqual(abi.HEADER);
    expect(at).toBeLessThan(abi.HEADER_END);
    taken.set(at, name);
  }
});
