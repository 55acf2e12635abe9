// What a run can end with besides returning: named as libFuzzer names its files, and told apart by what is wrong and
// where, not by the input.

import { asanText, PLAIN_STYLE, type Report, toJsonValue } from '../host/index.ts';
import type { StackFrame } from '../host/report/place.ts';
import { blamed } from './blame.ts';

/** The beginning of the file's name, and with it the exit code. */
export type FindingKind = 'crash' | 'timeout' | 'oom' | 'leak';

/** libFuzzer's exit codes. */
export const FUZZ_EXIT: Readonly<Record<FindingKind, number>> = { crash: 77, timeout: 70, oom: 71, leak: 77 };

/** libFuzzer's exit code after Ctrl-C or SIGTERM. */
export const FUZZ_INTERRUPTED = 72;

/** libFuzzer's exit code after bad usage, a folder it cannot read, a file it cannot write. */
export const FUZZ_REFUSAL = 1;

export interface Finding {
  readonly kind: FindingKind;
  /** The class: "heap-buffer-overflow", "unreachable". */
  readonly title: string;
  /** Findings with the same key are the same bug: class, access frame, allocation frame. */
  readonly key: string;
  /** The report as people read it. */
  readonly text: string;
  readonly stack: readonly StackFrame[];
  /** The sanitizer's report, where it made one. */
  readonly report?: Report;
  /** The end of what the program printed before. */
  readonly printed?: string;
}

const OUT_OF_MEMORY = new Set(['allocation-size-too-big', 'out-of-memory']);

/** Where a stack would be, had the program allocated the block. */
const FUZZERS_BLOCK: StackFrame = { function: 'the fuzzer, for an input' };

/** A finding of the sanitizer. `blocks`: addresses of those that the fuzzer allocated, for inputs. */
export function reportFinding(made: Report, blocks: readonly number[] = []): Finding {
  const report = withFuzzersBlock(made, blocks);
  const allocated = 'place' in report && report.place.where === 'heap' ? report.place.allocated.frames : [];
  return {
    kind: report.layout === 'leak' ? 'leak' : OUT_OF_MEMORY.has(report.name) ? 'oom' : 'crash',
    title: report.title,
    key: [report.title, frameKey(report.stack), frameKey(allocated)].join('|'),
    text: OUT_OF_MEMORY.has(report.name) ? memoryText(report) : asanText(report, PLAIN_STYLE),
    stack: report.stack,
    report,
  };
}

function withFuzzersBlock(report: Report, blocks: readonly number[]): Report {
  if (!('place' in report) || report.place.where !== 'heap' || !blocks.includes(report.place.begin)) return report;
  const allocated = { ...report.place.allocated, frames: [FUZZERS_BLOCK] };
  return { ...report, place: { ...report.place, allocated } };
}

const TIMEOUT_ADVICE = '       (use -timeout=N to change what is allowed)\n';
const MEMORY_ADVICE = '   To change the out-of-memory limit use -rss_limit_mb=<N>\n';

/** libFuzzer's words around the sanitizer's. */
function memoryText(report: Report): string {
  const text = asanText(report, PLAIN_STYLE).replace(/^SUMMARY: .*\n/m, '');
  const size = 'parameters' in report && 'size' in report.parameters ? `(${report.parameters.size})` : '';
  const head = `==1== ERROR: libFuzzer: ${LIBFUZZER_WORDS.oom} (malloc${size})\n${MEMORY_ADVICE}\n`;
  return `${head}${text}SUMMARY: libFuzzer: ${LIBFUZZER_WORDS.oom}\n`;
}

/** What libFuzzer calls what it notices by itself; drivers know these words. */
const LIBFUZZER_WORDS = {
  timeout: 'timeout',
  oom: 'out-of-memory',
  exit: 'fuzz target exited',
  trap: 'deadly signal',
  overwrites: 'fuzz target overwrites its const input',
} as const;

type Noticed = keyof typeof LIBFUZZER_WORDS;

/** A trap, an exhausted stack, a hang: what the engine or the clock noticed. */
export function plainFinding(
  kind: FindingKind,
  title: string,
  sentence: string,
  stack: readonly StackFrame[],
  noticed?: Noticed,
): Finding {
  const lines = stack.slice(0, 64).map((f, i) => `    #${i} ${f.function}${place(f)}`);
  const words = noticed && LIBFUZZER_WORDS[noticed];
  const alarm = noticed === 'timeout' ? `ALARM: working on the last Unit for ${sentence}\n${TIMEOUT_ADVICE}` : '';
  const head = words ? `${alarm}==1== ERROR: libFuzzer: ${words}` : `==1==ERROR: wasan: ${title}`;
  const more = noticed === 'oom' ? `\n${MEMORY_ADVICE}` : '';
  const named = noticed === 'trap' && title !== sentence ? `: ${title}` : '';
  const detail = noticed === 'timeout' ? ` after ${sentence}` : `${named}: ${sentence}`;
  const name = words ? `libFuzzer: ${words}` : `wasan: ${title}`;
  const at = blamed(stack);
  return {
    kind,
    title,
    key: [title, kind === 'timeout' || kind === 'oom' ? (stack[0]?.function ?? '') : frameKey(stack)].join('|'),
    text: [
      `${head}${detail}${more}`,
      ...lines,
      `SUMMARY: ${name}${at ? `${place(at)} in ${at.function}` : ''}`,
      '',
    ].join('\n'),
    stack,
  };
}

/** The finding of a run that printed this: assertions and panics say there what was wrong. */
export function withOutput(finding: Finding, output: Uint8Array): Finding {
  if (output.length === 0) return finding;
  const printed = new TextDecoder()
    .decode(output)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what an input makes a program print must not steer a terminal
    .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return { ...finding, printed, text: `${asLines(printed)}${finding.text}` };
}

/** Its text without what the program printed: that stands above, where it was shown while the program ran. */
export function withoutOutput({ text, printed = '' }: Finding): string {
  return text.slice(asLines(printed).length);
}

function asLines(printed: string): string {
  return printed === '' || printed.endsWith('\n') ? printed : `${printed}\n`;
}

export function findingJson(finding: Finding): Record<string, unknown> {
  const { kind, title, key, stack, report, printed } = finding;
  const said = printed !== undefined && { printed };
  return report ? { kind, key, ...said, ...toJsonValue(report) } : { kind, title, key, ...said, stack };
}

function frameKey(frames: readonly StackFrame[]): string {
  const frame = blamed(frames);
  return frame ? `${frame.function}${place(frame)}` : '';
}

function place(frame: StackFrame | undefined): string {
  if (!frame) return '';
  if (frame.file !== undefined) return ` ${frame.file}:${frame.line ?? 0}`;
  return frame.offset === undefined ? '' : ` (${frame.module ?? 'module'}+0x${frame.offset.toString(16)})`;
}
