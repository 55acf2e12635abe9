// Every flag of compiler-rt's AddressSanitizer and LeakSanitizer has its place: it is an option here, accepted without effect,
// or refused. upstream-flags.txt holds their names and defaults, as help=1 prints them on Linux, LLVM 19 and what came later.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LSAN_NAMES, OPTIONS, type OptionRow } from '../../host/option-table.ts';
import { helpText, parseOptionString, resolveOptions } from '../../host/options.ts';
import { UPSTREAM_OPTIONS, upstreamOption } from '../../host/upstream-options.ts';
import { optionsPage, PAGE } from './options-page.ts';

const FLAGS = readFileSync(new URL('upstream-flags.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(/=(.*)/s) as [name: string, byDefault: string]);
const ROWS: ReadonlyMap<string, OptionRow> = new Map(OPTIONS.map((row) => [row.name, row]));
/** Flags of older releases, in settings that are still about. */
const OLDER = ['quarantine_batch_size', 'use_odr_indicator', 'windows_hook_legacy_allocators'];
/** ASan prints -1 for what it computes. */
const COMPUTED = '-1';

describe('every flag', () => {
  test.each(FLAGS)('%s has one place', (name) => {
    expect([ROWS.has(name), upstreamOption(name) !== undefined].filter(Boolean)).toHaveLength(1);
  });

  test.each(FLAGS)('%s=%s is accepted', (name, byDefault) => {
    if (name === 'quarantine_size_mb' || name === 'include' || name === 'include_if_exists') return;
    expect(() => parseOptionString(`${name}="${byDefault}"`, 'asan')).not.toThrow();
  });

  test('that is refused says why', () => {
    const refused = UPSTREAM_OPTIONS.filter((option) => option.only !== undefined);
    expect(refused.length).toBeGreaterThan(20);
    for (const { name, because } of refused) {
      expect(() => parseOptionString(`${name}=7`, 'asan')).toThrow(`bad value for option ${name}: ${because}`);
    }
  });

  test('without effect is known to compiler-rt, and named once', () => {
    const names = UPSTREAM_OPTIONS.map((option) => option.name);
    expect(new Set(names).size).toBe(names.length);
    const known = new Set([...FLAGS.map(([name]) => name), ...OLDER]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('defaults', () => {
  test.each(FLAGS.filter(([name]) => ROWS.has(name)))('%s: %s, or a reason', (name, byDefault) => {
    const { default: ours, differs } = ROWS.get(name)!;
    const shown = typeof ours === 'boolean' ? String(Number(ours)) : String(ours);
    if (byDefault === COMPUTED) expect(differs).toBeDefined();
    else if (differs) expect([differs.upstream, shown === byDefault]).toEqual([byDefault, false]);
    else expect(shown).toBe(byDefault);
  });

  test('that differ are told by help=1', () => {
    const text = helpText(resolveOptions({}));
    const differing = OPTIONS.filter((row) => 'differs' in row);
    expect(differing.map((row) => row.name)).toEqual([
      'quarantine_size_mb',
      'allocator_may_return_null',
      'detect_stack_use_after_return',
      'allocator_frees_and_returns_null_on_realloc_zero',
    ]);
    for (const row of differing as readonly OptionRow[]) {
      expect(text).toContain(`ASan: ${row.differs!.upstream}; here, ${row.differs!.because}.`);
    }
  });

  test('of LSAN_OPTIONS have their own rows', () => {
    for (const ours of Object.values(LSAN_NAMES)) expect(ROWS.has(ours)).toBe(true);
  });
});

test('docs/OPTIONS.md says what the tables say', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(optionsPage());
});
