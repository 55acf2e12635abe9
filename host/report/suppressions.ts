// Which findings somebody asked not to see: suppression files (as LeakSanitizer and AddressSanitizer read them) match stacks at
// run time; ignore lists (clang's special case lists) match functions, files, globals and offsets at instrumentation.
import { SanitizerError } from '../errors.ts';
import type { StackFrame } from './place.ts';
import type { Report } from './report.ts';

const SUPPRESSION_TYPES = [
  'leak',
  'interceptor_name',
  'interceptor_via_fun',
  'interceptor_via_lib',
  'alloc_dealloc_mismatch',
  'fun',
  'src',
] as const;

type SuppressionType = (typeof SUPPRESSION_TYPES)[number];

export interface Suppression {
  readonly type: SuppressionType;
  readonly pattern: string;
}

/** Parses a suppression file: "type:pattern" lines, "#" comments. Throws on a line of neither sort. */
export function parseSuppressions(text: string): Suppression[] {
  return meaningfulLines(text).map(({ line, number }) => {
    const [, type, pattern] = /^([a-z_]+):(.+)$/.exec(line) ?? [];
    const known = SUPPRESSION_TYPES.find((name) => name === type);
    if (!known || pattern === undefined) {
      throw new SanitizerError(
        'E_SUPPRESSIONS',
        `line ${number}, "${line}": expected one of ${SUPPRESSION_TYPES.join(', ')}`,
      );
    }
    return { type: known, pattern: pattern.trim() };
  });
}

/** The suppression that a leak's allocation stack matches by function, file or module, if any. */
export function findLeakSuppression(
  stack: readonly StackFrame[],
  suppressions: readonly Suppression[],
): Suppression | undefined {
  return findMatch(stack, suppressions, ['leak'], placesOf);
}

/** The suppression that a finding other than a leak matches, if any. "fun:" and "src:" are ours: any frame of any finding. */
export function findSuppression(report: Report, suppressions: readonly Suppression[]): Suppression | undefined {
  const anywhere =
    findMatch(report.stack, suppressions, ['fun'], (frame) => [frame.function]) ??
    findMatch(report.stack, suppressions, ['src'], (frame) => [frame.file]);
  if (anywhere) return anywhere;
  if (report.layout === 'free' && report.families) {
    return findMatch(report.stack, suppressions, ['alloc_dealloc_mismatch'], placesOf);
  }
  const isRange = (report.layout === 'access' && report.access.range) || report.layout === 'parameter';
  if (!isRange) return undefined;
  return (
    findMatch(report.stack.slice(0, 1), suppressions, ['interceptor_name'], (frame) => [frame.function]) ??
    findMatch(report.stack, suppressions, ['interceptor_via_fun'], (frame) => [frame.function]) ??
    findMatch(report.stack, suppressions, ['interceptor_via_lib'], (frame) => [frame.module])
  );
}

function findMatch(
  stack: readonly StackFrame[],
  suppressions: readonly Suppression[],
  types: readonly SuppressionType[],
  names: (frame: StackFrame) => readonly (string | undefined)[],
): Suppression | undefined {
  const candidates = stack.flatMap(names).filter((name) => name !== undefined && name !== '');
  return suppressions
    .filter(({ type }) => types.includes(type))
    .find(({ pattern }) => candidates.some((name) => templateMatches(pattern, name!)));
}

function placesOf(frame: StackFrame): (string | undefined)[] {
  return [frame.function, frame.file, frame.module];
}

/** compiler-rt's templates: found anywhere in the text; "*" is anything, "^" and "$" anchor. */
export function templateMatches(template: string, text: string): boolean {
  const start = template.startsWith('^');
  const end = template.endsWith('$');
  const middle = template.slice(start ? 1 : 0, end ? -1 : undefined);
  const source = middle.split('*').map(escapeRegExp).join('.*');
  return new RegExp((start ? '^' : '') + source + (end ? '$' : ''), 's').test(text);
}

/** What an ignore list is asked about. */
export interface IgnoreSubject {
  readonly function?: string;
  readonly file?: string;
  readonly global?: string;
  /** Of an instruction in the original file. */
  readonly offset?: number;
  /** Of a whole function there; one offset of it suffices. */
  readonly extent?: readonly [begin: number, end: number];
}

interface IgnoreRule {
  readonly subject: 'fun' | 'src' | 'global';
  readonly expression: RegExp;
}

export interface IgnoreList {
  readonly rules: readonly IgnoreRule[];
  /** Ranges of offsets, ends exclusive. */
  readonly offsets: readonly (readonly [begin: number, end: number])[];
}

const SUBJECTS: Readonly<Record<string, IgnoreRule['subject']>> = {
  fun: 'fun',
  src: 'src',
  mainfile: 'src',
  global: 'global',
};

/**
 * Parses clang's special case list: "[section]" headers, "fun:", "src:", "mainfile:" and "global:" globs, "=category" suffixes;
 * and, since a binary may have no names, "offset:0x12" or "offset:0x12-0x34". Sections for other sanitizers are skipped.
 */
export function parseIgnoreList(text: string): IgnoreList {
  const rules: IgnoreRule[] = [];
  const offsets: [number, number][] = [];
  let applies = true;
  for (const { line, number } of meaningfulLines(text)) {
    const section = /^\[(.+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      applies = section.split('|').some((name) => globExpression(name).test('address'));
      continue;
    }
    const [, prefix = '', rest = ''] = /^([a-z]+):([^=]+)(?:=[a-z-]+)?$/.exec(line) ?? [];
    const range = prefix === 'offset' ? parseOffsets(rest) : undefined;
    const subject = SUBJECTS[prefix];
    if (!range && !subject && prefix !== 'type') {
      throw new SanitizerError(
        'E_SUPPRESSIONS',
        `line ${number}, "${line}": expected fun:, src:, mainfile:, global: or offset:`,
      );
    }
    if (!applies) continue;
    if (range) offsets.push(range);
    if (subject) rules.push({ subject, expression: globExpression(rest) });
  }
  return { rules, offsets };
}

/** True if any rule names the subject. */
export function isIgnored(list: IgnoreList, subject: IgnoreSubject): boolean {
  const texts = { fun: subject.function, src: subject.file, global: subject.global };
  const { offset, extent } = subject;
  if (extent && list.offsets.some(([begin, end]) => begin < extent[1] && end > extent[0])) return true;
  if (offset !== undefined && list.offsets.some(([begin, end]) => offset >= begin && offset < end)) return true;
  return list.rules.some(({ subject: kind, expression }) => texts[kind] !== undefined && expression.test(texts[kind]));
}

function parseOffsets(text: string): [number, number] | undefined {
  const [, begin, end] = /^(0x[0-9a-f]+|\d+)(?:-(0x[0-9a-f]+|\d+))?$/i.exec(text) ?? [];
  if (begin === undefined) return undefined;
  return [Number(begin), end === undefined ? Number(begin) + 1 : Number(end)];
}

/** A glob of a whole text: "*", "?", "[a-z]", "{a,b}". */
function globExpression(glob: string): RegExp {
  const source = glob.replace(/\*|\?|\[!?[^\]]+\]|\{[^}]*\}|[^*?[{]+|[[{]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1 && part[0] === '[') return `[${part.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    if (part.length > 1 && part[0] === '{') return `(?:${part.slice(1, -1).split(',').map(escapeRegExp).join('|')})`;
    return escapeRegExp(part);
  });
  return new RegExp(`^${source}$`, 's');
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function meaningfulLines(text: string): { line: string; number: number }[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}
