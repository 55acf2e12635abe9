// Shared by the text layouts: numbers, frames, colours. A painter that paints nothing keeps the layouts free of conditions.
import type { StackFrame } from './place.ts';
import type { ReportHead } from './report.ts';
import type { ShadowTone } from './shadow-legend.ts';

/** How text is rendered; what a report says does not depend on it. */
export interface TextStyle {
  readonly color: boolean;
  readonly printLegend: boolean;
  readonly printSummary: boolean;
  /** Cut off the front of file names. */
  readonly stripPathPrefix: string;
}

export const PLAIN_STYLE: TextStyle = { color: false, printLegend: true, printSummary: true, stripPathPrefix: '' };

/** What is painted, in compiler-rt's terms, plus the tones of shadow bytes. */
export type Ink = 'error' | 'access' | 'location' | 'allocation' | ShadowTone;

/** ANSI colours: bold red errors, blue accesses, green places, magenta histories, as compiler-rt has them. */
const ANSI: Readonly<Record<Ink, string>> = {
  error: '\x1b[1m\x1b[31m',
  access: '\x1b[1m\x1b[34m',
  location: '\x1b[1m\x1b[32m',
  allocation: '\x1b[1m\x1b[35m',
  valid: '',
  partial: '\x1b[1m',
  redzone: '\x1b[1m\x1b[31m',
  freed: '\x1b[1m\x1b[35m',
  poisoned: '\x1b[1m\x1b[34m',
  internal: '\x1b[1m\x1b[33m',
};
const RESET = '\x1b[1m\x1b[0m';

export type Paint = (ink: Ink, text: string) => string;

export function painter(color: boolean): Paint {
  return (ink, text) => (color && ANSI[ink] !== '' ? ANSI[ink] + text + RESET : text);
}

export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** An address as compiler-rt pads it: 8 digits for 32-bit programs, 12 for 64-bit ones. */
export function asanAddress(address: number | bigint, head: Pick<ReportHead, 'pointerBytes'>): string {
  return `0x${address.toString(16).padStart(head.pointerBytes === 8 ? 12 : 8, '0')}`;
}

/** An address as the kernel's %px prints it: all digits, no prefix. */
export function kernelAddress(address: number | bigint, head: Pick<ReportHead, 'pointerBytes'>): string {
  return address.toString(16).padStart(head.pointerBytes * 2, '0');
}

export function fileName(file: string, style: TextStyle): string {
  const prefix = style.stripPathPrefix;
  return prefix !== '' && file.startsWith(prefix) ? file.slice(prefix.length) : file;
}

/** "file:line:col", as far as known; undefined without a file. */
export function sourcePosition(frame: Omit<StackFrame, 'function'>, style: TextStyle): string | undefined {
  if (frame.file === undefined) return undefined;
  const numbers = frame.line === undefined ? [] : frame.column ? [frame.line, frame.column] : [frame.line];
  return [fileName(frame.file, style), ...numbers].join(':');
}

/** "(module+0x12)", for frames without a source position; of a function of the host, which has no offset, "(module)". */
export function modulePosition({ module, offset }: StackFrame, moduleName: string): string | undefined {
  if (offset !== undefined) return `(${module ?? moduleName}+0x${offset.toString(16)})`;
  return module === undefined ? undefined : `(${module})`;
}

/** One stack as compiler-rt prints it, with the empty line that follows every stack. */
export function asanStack(frames: readonly StackFrame[], head: ReportHead, style: TextStyle): string[] {
  if (frames.length === 0) return ['    <empty stack>', ''];
  return [...frames.map((frame, index) => `    #${index} ${frameText(frame, head, style)}`), ''];
}

function frameText(frame: StackFrame, head: ReportHead, style: TextStyle): string {
  const counter = frame.offset === undefined ? '' : `0x${frame.offset.toString(16)} `;
  const name = frame.function === '' ? '' : `in ${frame.function}`;
  const position = sourcePosition(frame, style) ?? modulePosition(frame, head.moduleName) ?? '';
  return `${counter}${name} ${position}`.trimEnd();
}
