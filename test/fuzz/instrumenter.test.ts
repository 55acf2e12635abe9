// Whatever the bytes, the instrumenter answers soon, refuses with an InstrumentError or returns a module, and a valid
// module becomes a valid module. FUZZ_SEED and FUZZ_RUNS widen the search; what it finds goes to regressions/.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InstrumentError, type InstrumentOptions, instrument } from '../../index.ts';
import { type InstrumentErrorCode, instrument as instrumentWith } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { compiled, handMade, regressions, type Seed } from './corpus.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_123);
const RUNS = Number(process.env.FUZZ_RUNS ?? 1);
const SLOWEST_MS = 5_000;

/** Reasons to refuse a module that engines accept. Calling it malformed is not one. */
const REFUSALS: readonly InstrumentErrorCode[] = [
  'E_UNSUPPORTED',
  'E_NO_MEMORY',
  'E_SHARED_MEMORY',
  'E_NAME_CLASH',
  'E_ALREADY_INSTRUMENTED',
  'E_LIMIT',
];

const WAYS: readonly InstrumentOptions[] = [
  { host: true },
  { mode: 'outline' },
  { mapping: 'paged', elide: false },
  { stack: false, host: true },
];

function validates(bytes: Uint8Array): boolean {
  return WebAssembly.validate(bytes as BufferSource);
}

/** Throws what is wrong with the answer for these bytes. */
function tryOut(bytes: Uint8Array, options: InstrumentOptions): 'instrumented' | 'refused' {
  const valid = validates(bytes);
  const before = performance.now();
  try {
    const output = instrument(bytes, options).bytes;
    if (valid && !validates(output)) {
      throw new Error(`a valid module became an invalid one: ${compileError(output)}`);
    }
    return 'instrumented';
  } catch (error) {
    if (!(error instanceof InstrumentError)) throw error;
    if (valid && !REFUSALS.includes(error.code)) throw new Error(`a valid module was refused: ${error.message}`);
    return 'refused';
  } finally {
    expect(performance.now() - before).toBeLessThan(SLOWEST_MS);
  }
}

function compileError(bytes: Uint8Array): string {
  try {
    new WebAssembly.Module(bytes as BufferSource);
    return 'it compiles after all';
  } catch (error) {
    return (error as Error).message;
  }
}

type Mutation =
  | { readonly do: 'set' | 'flip' | 'insert'; readonly at: number; readonly byte: number }
  | { readonly do: 'delete' | 'repeat' | 'truncate'; readonly at: number; readonly count: number }
  | { readonly do: 'constant'; readonly at: number; readonly value: number };

/** Where a mutation lands: a fraction of the file. */
const AT = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const MUTATIONS: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('set', 'flip', 'insert'), at: AT, byte: fc.nat(255) }),
    fc.record({ do: fc.constantFrom('delete', 'repeat', 'truncate'), at: AT, count: fc.nat(12) }),
    fc.record({ do: fc.constant('constant'), at: AT, value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xffff, 0xffffffff) }),
  ) as fc.Arbitrary<Mutation>,
  { minLength: 1, maxLength: 3 },
);

function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let result = [...bytes];
  for (const m of mutations) {
    const at = Math.floor(m.at * result.length);
    if (m.do === 'set') result[at] = m.byte;
    else if (m.do === 'flip') result[at] = (result[at] ?? 0) ^ (1 << (m.byte & 7));
    else if (m.do === 'insert') result.splice(at, 0, m.byte);
    else if (m.do === 'delete') result.splice(at, m.count);
    else if (m.do === 'repeat') result.splice(at, 0, ...result.slice(at, at + m.count));
    else if (m.do === 'constant') result.splice(at, 1, ...leb(m.value));
    else result = result.slice(0, Math.max(at, 8));
  }
  return Uint8Array.from(result);
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
}

function mutants(seed: Seed, runs: number): void {
  const counts = { instrumented: 0, refused: 0, valid: 0 };
  const way = fc.nat(WAYS.length - 1);
  fc.assert(
    fc.property(MUTATIONS, way, (mutations, i) => {
      const bytes = mutate(seed.bytes, mutations);
      if (validates(bytes)) counts.valid++;
      counts[tryOut(bytes, WAYS[i]!)]++;
    }),
    { seed: SEED, numRuns: runs * RUNS },
  );
  // The search means something only if some mutants are modules and some are not.
  expect(counts.valid).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
}

const hand = handMade();
const fromC = await compiled();

test.each([...hand, ...fromC, ...regressions()])('$name, as it is', ({ bytes }) => {
  for (const options of WAYS) tryOut(bytes, options);
});

test.each(hand)('mutants of $name', (seed) => mutants(seed, 400));
test.each(fromC)('mutants of $name', (seed) => mutants(seed, 40));

test('random bytes behind a header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (tail) => {
      const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...tail]);
      tryOut(bytes, {});
    }),
    { seed: SEED, numRuns: 2000 * RUNS },
  );
});

test('bytes of any kind', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      // The instrumenter alone, without the symbols that are read of a module first.
      expect(() => instrumentWith(bytes, runtimeImages)).toThrow(InstrumentError);
    }),
    { seed: SEED, numRuns: 1000 * RUNS },
  );
});
