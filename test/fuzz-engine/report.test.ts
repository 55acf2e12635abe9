// The files about a campaign: which source lines a corpus reaches, line by line; lcov; the page.

import { parse } from 'parse5';
import { expect, test } from 'vitest';
import { coverSources, openModule } from '../../fuzz/index.ts';
import { History } from '../../fuzz/report/history.ts';
import { campaignHtml } from '../../fuzz/report/html.ts';
import { lcovText } from '../../fuzz/report/lcov.ts';
import { compileTarget } from './targets.ts';

const SOURCE = `#include <stdlib.h>
volatile int sink;
static __attribute__((noinline)) void never(void) {
  sink = 9;
}
static __attribute__((noinline)) int early(int c) {
  if (c == 'a')
    return 1;
  sink = 2;
  return 3;
}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  if (size == 0)
    return 0;
  if (data[0] == 'n')
    never();
  early(data[0]);
  return 0;
}
`;
const module = await compileTarget(SOURCE, ['-O0']);
const text = (s: string) => new TextEncoder().encode(s);

/** What each line's count is, as the tests write it. */
function counts(inputs: readonly string[]): Record<number, number> {
  const [file, ...more] = coverSources(module, inputs.map(text));
  expect(more).toEqual([]);
  expect(file!.file).toBe('/target.c');
  return Object.fromEntries([...file!.lines].map(([line, { count }]) => [line, count]));
}

test('a line counts the units that run it, also behind an early return', () => {
  expect(counts(['', 'a'])).toMatchObject({ 4: 0, 7: 1, 8: 1, 9: 0, 10: 0, 13: 2, 14: 1, 15: 1, 16: 0, 17: 1, 18: 1 });
  expect(counts(['b', 'n'])).toMatchObject({ 4: 1, 7: 2, 8: 0, 9: 2, 10: 2, 13: 2, 14: 0, 15: 2, 16: 1, 17: 2, 18: 2 });
});

test('lcov holds the same: each file once, sums that agree with the lines', () => {
  const records = lcovText(coverSources(module, [text('b')])).split('end_of_record\n');
  expect(records).toHaveLength(2);
  const lines = records[0]!.trim().split('\n');
  const of = (key: string) => lines.filter((l) => l.startsWith(`${key}:`)).map((l) => l.slice(key.length + 1));
  expect(of('SF')).toEqual(['/target.c']);
  expect(of('DA').length).toBe(Number(of('LF')[0]));
  expect(of('DA').filter((l) => !l.endsWith(',0')).length).toBe(Number(of('LH')[0]));
  expect(of('FNDA').sort()).toEqual(['0,never', '1,LLVMFuzzerTestOneInput', '1,early']);
  expect([of('FNF'), of('FNH')]).toEqual([['3'], ['2']]);
});

test('the page stands alone, shows what was given, and lets nothing of it be markup', () => {
  const finding = openModule(module).run(text('zz'));
  expect(finding).toBeUndefined();
  const totals = { runs: 10, edges: 3, features: 4, units: 1, bytes: 2, findings: 1, duplicates: 0 };
  const history = new History();
  history.take(0, { ...totals, runs: 0, edges: 0 });
  history.take(2, totals, true);
  const evil = '<script>alert(1)</script>';
  const html = campaignHtml({
    moduleName: evil,
    toolVersion: '1',
    seed: 7,
    totals,
    samples: history.samples,
    units: [{ name: 'abc', bytes: text(evil), features: 3, chosen: 5 }],
    findings: [
      {
        finding: { kind: 'crash', title: evil, key: 'k', text: evil, stack: [] },
        input: text('long'),
        minimized: text('lo'),
        replay: 'wasan fuzz target.wasm crash-1',
      },
    ],
    files: coverSources(module, [text('a')]),
    source: () => SOURCE,
  });
  const problems: string[] = [];
  parse(html, { onParseError: (error) => problems.push(error.code) });
  expect(problems).toEqual([]);
  expect(html).not.toMatch(/<script|https?:|src=/);
  expect(html).toContain('wasan fuzz target.wasm crash-1');
  expect(html).toContain('+      1     8      return 1;');
  expect(html).toContain('!      0    10    return 3;');
  expect(html).toContain('aria-label="Coverage over time: 3 edges, 4 features and 1 unit after 10 runs in 2.0 s."');
});

test('a finding in the input’s own block says whose block it is, one in the program’s where it was allocated', async () => {
  const target = await compileTarget(`
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  volatile char *own = malloc(8);
  if (size == 1) return own[8];
  free((void *)own);
  return size == 2 ? ((volatile unsigned char *)data)[2] : 0;
}`);
  const stacks = ['a', 'ab'].map((input) => {
    const { text: report } = openModule(target).run(text(input))!;
    return /allocated by thread T0 here:\n([\s\S]*?)\n\n/.exec(report)?.[1];
  });
  expect(stacks[0]).toMatch(
    /^ {4}#0 0x[\da-f]+ in malloc \(.*\)\n {4}#1 0x[\da-f]+ in LLVMFuzzerTestOneInput \/target\.c:4:\d+$/,
  );
  expect(stacks[1]).toBe('    #0 in the fuzzer, for an input');
});

test('a long history keeps its shape in few samples', () => {
  const history = new History();
  const totals = { features: 0, units: 0, bytes: 0, findings: 0, duplicates: 0 };
  for (let i = 0; i < 100_000; i++) history.take(i / 10, { ...totals, runs: i, edges: i });
  expect(history.samples.length).toBeLessThanOrEqual(512);
  expect(history.samples[0]!.runs).toBe(0);
  for (const { seconds, runs } of history.samples) expect(runs).toBe(Math.round(10 * seconds));
});
