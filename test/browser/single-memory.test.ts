// Memory 1 in a second instance, for engines that give a module one memory: some of KASAN's test suite, which must report
// exactly the same, and no module that the engine gets has more than one memory. The rest is in single-memory.long.ts.

import { expect, test } from 'vitest';
import { instrument } from '../../index.ts';
import { InstrumentError } from '../../instrument/errors.ts';
import { singleMemorySuite } from './kasan-single-memory.ts';

singleMemorySuite((file) => /^k(01|09|18|30|47|56|58|62|66)-/.test(file));

test('it is refused where it cannot work', () => {
  const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1);
  expect(() => instrument(module, { singleMemory: true })).toThrow(InstrumentError);
  expect(() => instrument(module, { singleMemory: true, host: true })).not.toThrow();
});
