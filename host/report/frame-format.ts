// stack_trace_format, for what a program has symbolised: "%p %F %L" and its like, with compiler-rt's letters.
import type { GlobalDescription, StackFrame } from './place.ts';
import type { ReportHead } from './report.ts';
import { asanAddress, modulePosition, PLAIN_STYLE, sourcePosition } from './style.ts';

const DEFAULT_FORMAT = '    #%n %p %F %L';

type Head = Pick<ReportHead, 'pointerBytes' | 'moduleName'>;

export function formatFrame(format: string, frame: StackFrame, index: number, head: Head): string {
  const { offset = 0, file = '', line = 0, column = 0 } = frame;
  const hex = `0x${offset.toString(16)}`;
  const position = sourcePosition(frame, PLAIN_STYLE);
  const letters: Readonly<Record<string, string>> = {
    '%': '%',
    n: String(index),
    p: asanAddress(offset, head),
    m: head.moduleName,
    o: hex,
    f: frame.function,
    s: file,
    l: String(line),
    c: String(column),
    F: frame.function === '' ? '' : `in ${frame.function}`,
    S: position ?? '',
    L: position ?? modulePosition(frame, head.moduleName) ?? '',
    M: `(${head.moduleName}+${hex})`,
  };
  return substitute(format === 'DEFAULT' ? DEFAULT_FORMAT : format, letters);
}

export function formatGlobal(format: string, { name, file, line }: GlobalDescription, head: Head): string {
  return substitute(format, { '%': '%', g: name, s: file ?? '', l: String(line ?? 0), m: head.moduleName });
}

/** What nobody knows is left out. */
function substitute(format: string, letters: Readonly<Record<string, string>>): string {
  return format.replace(/%(.)/gs, (_, letter: string) => letters[letter] ?? '');
}
