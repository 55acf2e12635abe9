// What a fuzzer is shown beside comparisons: divisors, and what library functions compare that are called through a pointer.

import { describe, expect, test } from 'vitest';
import { openTarget } from '../../fuzz/module.ts';
import { campaignOf, compileTarget } from './targets.ts';

const RUNS = 20_000;
const SEEDS = [1, 2, 3];

const HEAD = '#include <string.h>\n#include <stdint.h>\n';
const TARGET = 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)';

/** A word of the input divides. */
const dividing = (type: string, expression: string) => `${HEAD}volatile ${type} sink;
${TARGET} {
  ${type} x;
  if (size < sizeof x + 3) return 0;
  memcpy(&x, data + 3, sizeof x);
  sink = (${type})100 ${expression};
  return 0;
}`;

/** `call` compares the input with a text through a pointer that the optimiser does not see through. */
const pointed = (declaration: string, call: string) => `${HEAD}
${declaration}
${TARGET} {
  char text[32] = {0};
  memcpy(text, data, size < 31 ? size : 31);
  if (size > 4 && ${call} == 0) __builtin_trap();
  return 0;
}`;

const DIVISORS: readonly [name: string, source: string][] = [
  ['i32.div_u', dividing('uint32_t', '/ (x - 0x12345678)')],
  ['i32.rem_s', dividing('int32_t', '% (x + 0x2345678)')],
  ['i32.div_s, of what was read', dividing('int32_t', '/ x')],
  ['i64.rem_u, of what was read', dividing('uint64_t', '% x')],
];

const POINTED: readonly [name: string, source: string][] = [
  ['strcmp', pointed('int (*volatile compare)(const char *, const char *) = strcmp;', 'compare(text, "open sesame")')],
  [
    'strncmp',
    pointed(
      'int (*volatile compare)(const char *, const char *, unsigned long) = strncmp;',
      'compare(text + 1, "open sesame", 9)',
    ),
  ],
  [
    'memcmp, one of two in the table',
    pointed(
      `int (*volatile compare)(const void *, const void *, unsigned long) = memcmp;
int (*volatile other)(const char *, const char *, unsigned long) = strncmp;`,
      '(compare(text + 2, "\\x01\\x02\\x00\\x04\\x05\\x06", 6) || other(text, "ab", 2))',
    ),
  ],
];

async function titles(source: string): Promise<string[][]> {
  const executor = openTarget(await compileTarget(source, ['-fno-builtin-strcmp']), {});
  return SEEDS.map((seed) => {
    const campaign = campaignOf(executor, seed, RUNS, { maxLength: 64 });
    campaign.run([]);
    return campaign.findings.map(({ finding }) => finding.title);
  });
}

describe('a divisor that has to be 0', () => {
  test.each(DIVISORS)(
    '%s',
    async (_, source) => {
      for (const found of await titles(source))
        expect(found).toEqual([expect.stringMatching(/^(divide|remainder)-by-zero$/)]);
    },
    60_000,
  );
});

describe('through a function pointer', () => {
  test.each(POINTED)(
    '%s',
    async (_, source) => {
      for (const found of await titles(source)) expect(found).toEqual(['unreachable']);
    },
    60_000,
  );
});
