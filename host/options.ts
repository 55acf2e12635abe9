// Reads options from ASAN_OPTIONS, LSAN_OPTIONS and command-line flags into one typed record, by the rows of option-table.ts.
import { SanitizerError } from './errors.ts';
import { LSAN_NAMES, OPTIONS, type OptionRow, SHORT_FLAGS } from './option-table.ts';
import type { LeakStyle } from './report/text-leak.ts';
import { isRefused, upstreamOption } from './upstream-options.ts';

type Rows = (typeof OPTIONS)[number];

type ValueOf<R> = R extends { type: 'bool' }
  ? boolean
  : R extends { type: 'int' }
    ? number
    : R extends { choices: readonly (infer C)[] }
      ? C
      : string;

/** Every option with its value. */
export type Options = { readonly [R in Rows as R['name']]: ValueOf<R> };

export type OptionName = Rows['name'];

/** What somebody set, not yet completed by defaults. */
export type OptionValues = Partial<Record<OptionName, boolean | number | string>>;

/** Where options come from; later ones win. */
export interface OptionSources {
  /** What the program says itself (__asan_default_options): it may not name files. */
  readonly program?: { readonly asan: string; readonly lsan: string };
  /** The text of ASAN_OPTIONS. */
  readonly asan?: string;
  /** The text of LSAN_OPTIONS. */
  readonly lsan?: string;
  /** From the command line or a program. */
  readonly flags?: OptionValues;
  /** Reads the files of include and include_if_exists; without it, nobody may name files. */
  readonly read?: ReadOptionFile;
}

/** The text of a file; undefined if there is none and none is needed. */
export type ReadOptionFile = (path: string, isOptional: boolean) => string | undefined;

const BY_NAME: ReadonlyMap<string, OptionRow> = new Map(OPTIONS.map((row) => [row.name, row]));

/** All sources over the defaults. `format` and `scheme` follow each other unless both were given. */
export function resolveOptions(sources: OptionSources): Options {
  const { program } = sources;
  const given: OptionValues = {
    ...(program && withoutFiles(parseOptionString(program.asan, 'asan'))),
    ...(program && withoutFiles(parseOptionString(program.lsan, 'lsan'))),
    ...parseOptionString(sources.asan ?? '', 'asan', sources.read),
    ...parseOptionString(sources.lsan ?? '', 'lsan', sources.read),
    ...included(sources.flags ?? {}, 'asan', sources.read),
    ...sources.flags,
  };
  const implied: OptionValues = {
    ...(given.scheme === 'kasan' && { format: 'kasan' }),
    ...(given.format === 'kasan' && { scheme: 'kasan' }),
  };
  const defaults = Object.fromEntries(OPTIONS.map((row) => [row.name, row.default]));
  const options = { ...defaults, ...implied, ...given } as Options;
  if (options.redzone > options.max_redzone) {
    throw new SanitizerError(
      'E_OPTION_VALUE',
      `redzone: ${options.redzone} is larger than max_redzone, ${options.max_redzone}`,
    );
  }
  return options;
}

/** Options of type text but one are paths. */
function withoutFiles(values: OptionValues): OptionValues {
  const isPath = (name: string) => BY_NAME.get(name)!.type === 'text' && name !== 'strip_path_prefix';
  return Object.fromEntries(Object.entries(values).filter(([name]) => !isPath(name)));
}

/** Parses "name=value:name=value": separated by colons, commas or white space; values may be quoted. */
export function parseOptionString(text: string, family: 'asan' | 'lsan', read?: ReadOptionFile): OptionValues {
  const values: OptionValues = {};
  for (const { name, value } of splitOptions(text)) {
    const ours = family === 'lsan' ? (LSAN_NAMES[name] ?? name) : name;
    const upstream = BY_NAME.has(ours) ? undefined : upstreamOption(ours);
    if (upstream && isRefused(upstream, value)) {
      throw new SanitizerError('E_OPTION_VALUE', `${ours}: ${upstream.because}`);
    }
    if (upstream) continue;
    const set = setOption(ours, value);
    Object.assign(values, set, included(set, family, read));
  }
  return values;
}

/** The names among `text` that are accepted and do nothing. */
export function optionsWithoutEffect(text: string): string[] {
  const names = [...splitOptions(text)].map(({ name }) => name);
  return names.filter((name) => !BY_NAME.has(name) && !LSAN_NAMES[name] && upstreamOption(name));
}

/** What the file says that `include` or `include_if_exists` names. */
function included(values: OptionValues, family: 'asan' | 'lsan', read: ReadOptionFile | undefined): OptionValues {
  const { include, include_if_exists: ifExists } = values;
  const text = (include && read?.(String(include), false)) || (ifExists && read?.(String(ifExists), true)) || '';
  return parseOptionString(text, family); // files name no other files
}

/**
 * One command-line argument: "--name=value", "--name" and "--no-name" for booleans, dashes as good as underscores.
 * Undefined if it is not one of these options, so that a command can have flags of its own.
 */
export function parseFlag(argument: string): OptionValues | undefined {
  const short = SHORT_FLAGS[argument];
  if (short) return setOption(...short);
  const match = /^--([a-z][a-z0-9_-]*)(?:=(.*))?$/s.exec(argument);
  if (!match) return undefined;
  const name = match[1]!.replaceAll('-', '_');
  if (BY_NAME.has(name)) return setOption(name, match[2] ?? (BY_NAME.get(name)!.type === 'bool' ? '1' : undefined));
  const positive = name.replace(/^no_/, '');
  if (positive === name || match[2] !== undefined || BY_NAME.get(positive)?.type !== 'bool') return undefined;
  return setOption(positive, '0');
}

/** One option by name and text. */
export function setOption(name: string, value: string | undefined): OptionValues {
  const row = BY_NAME.get(name);
  if (!row) throw new SanitizerError('E_UNKNOWN_OPTION', unknownOption(name, [...BY_NAME.keys()]));
  if (value === undefined)
    throw new SanitizerError('E_OPTION_VALUE', `${name}: it needs a value, as in ${name}=${row.default}`);
  return { [name]: parseValue(row, value) } as OptionValues;
}

/** The detail of "unknown option": the name, and what may have been meant. */
export function unknownOption(name: string, known: readonly string[]): string {
  const distances = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
  const nearest = distances.reduce((best, next) => (next.distance < best.distance ? next : best));
  const close = nearest.distance <= Math.max(2, Math.floor(name.length / 3));
  return close ? `"${name}": did you mean "${nearest.candidate}"?` : `"${name}"; help=1 lists all options`;
}

/** The text of help=1. */
export function helpText(options: Options): string {
  const lines = OPTIONS.flatMap((row: OptionRow) => {
    const choices = row.type === 'choice' ? ` One of ${row.choices.join(', ')}.` : '';
    const value = options[row.name as OptionName];
    const differs = row.differs ? ` ASan: ${row.differs.upstream}; here, ${row.differs.because}.` : '';
    const current = `(Current Value: ${value === '' ? '(empty)' : value})`;
    return [`\t${row.name}`, `\t\t- ${row.sentence}${choices}${differs} ${current}`];
  });
  return ['Available options, for ASAN_OPTIONS, LSAN_OPTIONS or the command line (--name=value):', ...lines, ''].join(
    '\n',
  );
}

/** How text reports are rendered under these options. */
export function styleOf(options: Options, terminal: boolean): LeakStyle {
  return {
    color: options.color === 'always' || (options.color === 'auto' && terminal),
    printLegend: options.print_legend,
    printSummary: options.print_summary,
    stripPathPrefix: options.strip_path_prefix,
    maxLeaks: options.max_leaks,
    reportObjects: options.report_objects,
    printSuppressions: options.print_suppressions,
  };
}

function* splitOptions(text: string): Generator<{ name: string; value: string | undefined }> {
  const token = /[\s:,]*([^\s:,=]+)(?:=(?:"([^"]*)"|'([^']*)'|([^\s:,]*)))?/gy;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    yield { name: match[1]!, value: match[2] ?? match[3] ?? match[4] };
  }
}

function parseValue(row: OptionRow, text: string): boolean | number | string {
  const fail = (wanted: string): never => {
    throw new SanitizerError('E_OPTION_VALUE', `${row.name}: "${text}" is not ${wanted}`);
  };
  switch (row.type) {
    case 'bool':
      if (['1', 'true', 'yes'].includes(text)) return true;
      return ['0', 'false', 'no'].includes(text) ? false : fail('0, 1, true, false, yes or no');
    case 'int': {
      const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
      if (!(value >= row.min && value <= row.max)) fail(`a number from ${row.min} to ${row.max}`);
      return row.powerOfTwo && !Number.isInteger(Math.log2(value)) ? fail('a power of two') : value;
    }
    case 'choice':
      return row.choices.includes(text) ? text : fail(`one of ${row.choices.join(', ')}`);
    case 'text':
      return text;
  }
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}
