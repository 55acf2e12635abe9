// Every flag of libFuzzer is dealt with, one way or another, and the documentation says which.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FUZZ_FLAGS, parseFuzzFlags } from '../../cli/fuzz/flags.ts';
import { OTHER_FLAGS } from '../../cli/fuzz/other-flags.ts';
import { LIBFUZZER_DEFAULTS, LIBFUZZER_FLAGS } from './driver.ts';

const page = readFileSync(new URL('../../docs/FUZZING.md', import.meta.url), 'utf8');
const ours: ReadonlySet<string> = new Set(FUZZ_FLAGS.map((flag) => flag.name));

test('each flag of libFuzzer is in one of the two tables, and what else is there is ours', () => {
  const others = OTHER_FLAGS.map((flag) => flag.name);
  expect(new Set(others).size).toBe(others.length);
  expect(others.filter((name) => ours.has(name))).toEqual([]);
  expect(LIBFUZZER_FLAGS.filter((name) => !ours.has(name)).sort()).toEqual(others.sort());
  const extra = FUZZ_FLAGS.map((flag) => flag.name).filter((name) => !LIBFUZZER_FLAGS.includes(name));
  const [, differs] = /What differs from libFuzzer:\n\n- ([\s\S]*?) are ours/.exec(page)!;
  expect([...differs!.matchAll(/`-(\w+)`/g)].map(([, name]) => name).sort()).toEqual(extra.sort());
});

test.each(LIBFUZZER_FLAGS)('-%s is taken, ignored with one sentence, or refused with one', (name) => {
  const other = OTHER_FLAGS.find((flag) => flag.name === name);
  const parse = () => parseFuzzFlags([`-${name}=7`, 'a.wasm']);
  const sentence = `-${name} is ${other?.what}: ${other?.why}`;
  if (other?.what === 'refused') expect(parse).toThrow(sentence);
  else expect(parse()).toMatchObject({ unknown: [], rest: ['a.wasm'], ignored: other ? [sentence] : [] });
});

test('defaults are libFuzzer’s, but for those that the documentation lists', () => {
  for (const { name, fallback } of OTHER_FLAGS)
    expect({ name, fallback: String(fallback) }).toEqual({ name, fallback: LIBFUZZER_DEFAULTS.get(name) });
  const others = FUZZ_FLAGS.filter(
    ({ name, fallback }) => (LIBFUZZER_DEFAULTS.get(name) ?? `${fallback}`) !== `${fallback}`,
  );
  const rows = others.map(({ name, fallback }) => [`-${name}`, `${fallback}`, LIBFUZZER_DEFAULTS.get(name)]);
  const [, table] = /\| default of \| here \| libFuzzer \| \|\n\|.*\n((?:\|.*\n)+)/.exec(page)!;
  const listed = [...table!.matchAll(/^\| `(-\w+)` \| (\S+) \| (\S+) \|/gm)].map((match) => match.slice(1));
  expect(listed.sort()).toEqual(rows.sort());
});

test('of a flag that does nothing, libFuzzer’s own value is not worth a word', () => {
  for (const { name, fallback } of OTHER_FLAGS)
    expect(parseFuzzFlags([`-${name}=${fallback}`])).toMatchObject({ unknown: [], ignored: [] });
});

test('the documentation lists the flags there are, and those that do nothing', () => {
  const listed = (title: string, end: string) => {
    const [, table] = new RegExp(`${title}\\n([\\s\\S]*?)\\n${end}`).exec(page)!;
    return [...table!.matchAll(/`-(\w+)`/g)].map(([, name]) => name!).sort();
  };
  expect(listed('## Flags', 'What differs')).toEqual([...ours].sort());
  for (const what of ['ignored', 'refused']) {
    const names = OTHER_FLAGS.filter((flag) => flag.what === what).map((flag) => flag.name);
    const [, row] = new RegExp(`\\n\\| ${what} \\|(.*)\\|\\n`).exec(page)!;
    expect([...row!.matchAll(/`-(\w+)`/g)].map(([, name]) => name!).sort()).toEqual(names.sort());
  }
});
