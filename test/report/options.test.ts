// Options from all their sources: values, precedence, refusals, and that help shows every one.
import { describe, expect, it } from 'vitest';
import { SanitizerError } from '../../host/errors.ts';
import { LSAN_NAMES, OPTIONS } from '../../host/option-table.ts';
import {
  helpText,
  optionsWithoutEffect,
  parseFlag,
  parseOptionString,
  resolveOptions,
  styleOf,
} from '../../host/options.ts';
import { upstreamOption } from '../../host/upstream-options.ts';

function refusal(run: () => unknown): SanitizerError {
  try {
    run();
  } catch (error) {
    if (error instanceof SanitizerError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the table', () => {
  it('has every option once, with a sentence', () => {
    const names = OPTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { sentence } of OPTIONS) expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(names.filter((name) => upstreamOption(name))).toEqual([]);
    expect(Object.values(LSAN_NAMES).every((name) => (names as string[]).includes(name))).toBe(true);
  });

  it('gives every option its default', () => {
    const options = resolveOptions({});
    for (const row of OPTIONS) expect(options[row.name]).toBe(row.default);
  });
});

describe('ASAN_OPTIONS', () => {
  it.each([
    ['halt_on_error=0:exitcode=3', { halt_on_error: false, exitcode: 3 }],
    ['halt_on_error=no, exitcode=0x10\n', { halt_on_error: false, exitcode: 16 }],
    ['  color=always   symbolize=true ', { color: 'always', symbolize: true }],
    ['log_path="a b:c":print_stats=yes', { log_path: 'a b:c', print_stats: true }],
    ["strip_path_prefix='/x y/'", { strip_path_prefix: '/x y/' }],
    ['suppressions=', { suppressions: '' }],
    ['exitcode=3:exitcode=4', { exitcode: 4 }],
    ['', {}],
    [':::', {}],
  ])('%j', (text, values) => {
    expect(parseOptionString(text, 'asan')).toEqual(values);
  });

  it('accepts what only native programs need', () => {
    const text = 'use_sigaltstack=1:handle_segv=0:verbosity=2:detect_odr_violation=2';
    expect(parseOptionString(text, 'asan')).toEqual({ verbosity: 2 });
    expect(optionsWithoutEffect(text)).toEqual(['use_sigaltstack', 'handle_segv', 'detect_odr_violation']);
  });

  it('refuses what would be another run than was asked for, with the reason', () => {
    const error = refusal(() => parseOptionString('intercept_intrin=0', 'asan'));
    expect(error.message).toBe('bad value for option intercept_intrin: replace_intrin=0 does that');
    for (const value of ['1', 'true', 'yes'])
      expect(parseOptionString(`intercept_intrin=${value}`, 'asan')).toEqual({});
  });

  it.each([
    ['exitcode=256', 'bad value for option exitcode: "256" is not a number from 0 to 255'],
    ['exitcode=-1', 'bad value for option exitcode: "-1" is not a number from 0 to 255'],
    ['exitcode=1x', 'bad value for option exitcode: "1x" is not a number from 0 to 255'],
    ['halt_on_error=2', 'bad value for option halt_on_error: "2" is not 0, 1, true, false, yes or no'],
    ['format=xml', 'bad value for option format: "xml" is not one of asan, kasan, json, sarif'],
    ['redzone=48', 'bad value for option redzone: "48" is not a power of two'],
    ['exitcode', 'bad value for option exitcode: it needs a value, as in exitcode=1'],
  ])('refuses %s', (text, message) => {
    const error = refusal(() => parseOptionString(text, 'asan'));
    expect(error.code).toBe('E_OPTION_VALUE');
    expect(error.message).toBe(message);
  });

  it('refuses a smallest redzone above the largest', () => {
    const error = refusal(() => resolveOptions({ asan: 'redzone=64:max_redzone=32' }));
    expect(error.message).toBe('bad value for option redzone: 64 is larger than max_redzone, 32');
  });

  it('says what may have been meant', () => {
    const typo = refusal(() => parseOptionString('halt_on_eror=0', 'asan'));
    expect(typo.code).toBe('E_UNKNOWN_OPTION');
    expect(typo.message).toBe('unknown option "halt_on_eror": did you mean "halt_on_error"?');
    const strange = refusal(() => parseOptionString('frobnicate=1', 'asan'));
    expect(strange.message).toBe('unknown option "frobnicate"; help=1 lists all options');
  });
});

describe('LSAN_OPTIONS', () => {
  it('has its own exit status and suppressions', () => {
    const options = resolveOptions({
      asan: 'exitcode=5:suppressions=a.txt',
      lsan: 'exitcode=6:suppressions=b.txt:max_leaks=2:use_tls=0',
    });
    expect(options).toMatchObject({
      exitcode: 5,
      leak_exitcode: 6,
      suppressions: 'a.txt',
      leak_suppressions: 'b.txt',
      max_leaks: 2,
    });
  });
});

describe('flags', () => {
  it.each([
    ['--exitcode=9', { exitcode: 9 }],
    ['--halt-on-error=0', { halt_on_error: false }],
    ['--print-stats', { print_stats: true }],
    ['--json', { format: 'json' }],
    ['--no-detect-leaks', { detect_leaks: false }],
    ['--log_path=a=b', { log_path: 'a=b' }],
    ['--dir=.', undefined],
    ['--no-exitcode', undefined],
    ['--no-color', undefined],
    ['-v', undefined],
    ['file.wasm', undefined],
  ])('%s', (argument, values) => {
    expect(parseFlag(argument)).toEqual(values);
  });

  it('win over the environment', () => {
    expect(resolveOptions({ asan: 'exitcode=5', flags: { exitcode: 7 } }).exitcode).toBe(7);
  });

  it('want a value where there is no default meaning', () => {
    expect(refusal(() => parseFlag('--exitcode')).code).toBe('E_OPTION_VALUE');
  });
});

describe('format and scheme', () => {
  it.each([
    ['', 'asan', 'asan'],
    ['format=kasan', 'kasan', 'kasan'],
    ['scheme=kasan', 'kasan', 'kasan'],
    ['scheme=kasan:format=json', 'json', 'kasan'],
    ['scheme=asan:format=kasan', 'kasan', 'asan'],
    ['format=sarif', 'sarif', 'asan'],
  ])('%j', (asan, format, scheme) => {
    expect(resolveOptions({ asan })).toMatchObject({ format, scheme });
  });
});

describe('style', () => {
  it.each([
    ['color=auto', true, true],
    ['color=auto', false, false],
    ['color=always', false, true],
    ['color=never', true, false],
  ])('%s on a terminal: %s', (asan, terminal, color) => {
    expect(styleOf(resolveOptions({ asan }), terminal).color).toBe(color);
  });
});

describe('help', () => {
  it('lists every option with its sentence and value', () => {
    const text = helpText(resolveOptions({ asan: 'exitcode=42' }));
    for (const { name, sentence } of OPTIONS) expect(text).toContain(`\t${name}\n\t\t- ${sentence}`);
    expect(text).toContain('\t\t- Freed memory to hold back from reuse; 0 for none. ASan: 256; here, the program');
    expect(text).toContain('\texitcode\n\t\t- Exit status of a program with findings. (Current Value: 42)\n');
    expect(text).toContain(' One of asan, kasan, json, sarif. (Current Value: asan)\n');
    expect(text.match(/^\t[a-z_]+$/gm)).toHaveLength(OPTIONS.length);
  });
});
