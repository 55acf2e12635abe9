// A report as the kernel's KASAN prints its splat, line by line. What a WebAssembly program does not have is left out (CPU,
// taint, physical page); the "cache" of an object is the allocator family it came from.
import * as abi from '../../runtime/abi.ts';
import type { GlobalPlace, HeapPlace, MappingPlace, Place, StackFrame, StackPlace, Trace } from './place.ts';
import type { Access, FreeReport, ParameterReport, Report, ReportHead, ShadowMap } from './report.ts';
import { meaningOf, type Scheme } from './shadow-legend.ts';
import {
  hexByte,
  kernelAddress,
  modulePosition,
  type Paint,
  painter,
  sourcePosition,
  type TextStyle,
} from './style.ts';
import { leakText } from './text-leak.ts';

const RULE = '='.repeat(66);
const ROW = 16;
const ROWS_AROUND = 2;

/** Everything the functions below need to print one report. */
interface Page {
  readonly report: ReportHead;
  readonly style: TextStyle;
  readonly paint: Paint;
  readonly task: string;
}

/** The whole report, ending in a newline. Leaks have no KASAN layout and are worded as LeakSanitizer does. */
export function kasanText(report: Report, style: TextStyle): string {
  if (report.layout === 'leak') return leakText(report, style);
  const page: Page = { report, style, paint: painter(style.color), task: `${report.moduleName}/${report.pid}` };
  // As in the kernel, whose memset and kfree hand on where they were called from.
  const site = report.stack.find((frame) => !frame.called)?.function || report.moduleName;
  return `${[
    page.paint('error', RULE),
    page.paint('error', `BUG: KASAN: ${report.title} in ${site}`),
    page.paint('access', accessLine(page, report)),
    '',
    `PID: ${report.pid} Comm: ${report.moduleName} Thread: ${report.thread}`,
    'Call Trace:',
    ...frameLines(page, report.stack),
    '',
    ...bodyLines(page, report),
    page.paint('error', RULE),
  ].join('\n')}\n`;
}

/** Addresses that have no shadow of their own get the stack and nothing more. */
function bodyLines(page: Page, report: Exclude<Report, { layout: 'leak' }>): string[] {
  switch (report.layout) {
    case 'segv':
      return [];
    case 'parameter':
      if (report.places.length === 0) return [];
      return [...report.places.flatMap((place) => placeLines(page, place)), ...stateLines(page, report.shadow)];
    case 'free':
    case 'access':
      return [...placeLines(page, report.place), ...stateLines(page, report.shadow)];
  }
}

function accessLine(page: Page, report: Exclude<Report, { layout: 'leak' }>): string {
  switch (report.layout) {
    case 'free':
      return freeLine(page, report);
    case 'parameter':
      return `${parameterText(page, report)} by task ${page.task}`;
    case 'segv':
    case 'access':
      return touchText(page, report.access);
  }
}

function touchText(page: Page, access: Access): string {
  const size = access.size === 0n ? '' : `of size ${access.size} `;
  const verb = access.write ? 'Write' : 'Read';
  const at = access.addressUnknown ? '(unknown)' : kernelAddress(access.exactStart, page.report);
  return `${verb} ${size}at addr ${at} by task ${page.task}`;
}

function freeLine(page: Page, { pointer, families, sizes }: FreeReport): string {
  const of = `Free of addr ${kernelAddress(pointer, page.report)} by task ${page.task}`;
  if (families) return `${of}, allocated by ${families.allocated}, freed by ${families.released}`;
  return sizes ? `${of}, allocated with size ${sizes.allocated}, freed with size ${sizes.released}` : of;
}

function parameterText(page: Page, { parameters: given, access }: ParameterReport): string {
  const address = (at: number): string => kernelAddress(at, page.report);
  const range = ([begin, end]: readonly [number, number]): string => `[${address(begin)}, ${address(end)})`;
  switch (given.what) {
    case 'negative-size':
      return touchText(page, access).replace(/ by task .*$/, '');
    case 'product':
      return `Overflow of ${given.function}(${given.count}, ${given.size})`;
    case 'too-big':
      return `Request of ${given.size} bytes, more than the limit of ${given.limit},`;
    case 'alignment':
      return `Request of alignment ${given.alignment}`;
    case 'out-of-memory':
      return `Request of ${given.size} bytes, which there is no memory for,`;
    case 'overlap':
      return `Overlap of ${range(given.first)} and ${range(given.second)} in ${given.function}`;
    case 'usable-size':
      return `Size query of addr ${address(given.pointer)}`;
    case 'indirect-call':
      return `Call of table index ${given.index}`;
    case 'double-ended':
      return `Container ${range([given.begin, given.end])}, from ${address(Number(given.from))} to ${address(Number(given.to))},`;
    case 'container':
      return `Container ${range([given.begin, given.end])}, middle ${address(Number(given.from))} to ${address(Number(given.to))},`;
  }
}

function frameLines(page: Page, frames: readonly StackFrame[]): string[] {
  if (frames.length === 0) return ['(stack is not available)'];
  return frames.map((frame) => ` ${frameText(page, frame)}`);
}

function frameText(page: Page, frame: StackFrame): string {
  const position = sourcePosition(frame, page.style) ?? modulePosition(frame, page.report.moduleName);
  return [frame.function, position].filter((part) => part !== undefined && part !== '').join(' ');
}

function placeLines(page: Page, place: Place): string[] {
  switch (place.where) {
    case 'heap':
      return heapLines(page, place);
    case 'stack':
      return stackLines(page, place);
    case 'global':
      return globalLines(place);
    case 'mapping':
      return mappingLines(page, place);
    case 'null':
    case 'beyond':
    case 'unknown':
      return [];
  }
}

function heapLines(page: Page, place: HeapPlace): string[] {
  const address = (at: number): string => kernelAddress(at, page.report);
  const { relation, bytes } = place.fromStart;
  const side = { before: 'to the left', inside: 'inside', after: 'to the right' }[relation];
  const adjective =
    page.report.name === 'heap-out-of-bounds'
      ? 'allocated '
      : page.report.name === 'heap-use-after-free'
        ? 'freed '
        : '';
  const history = (verb: string, frames: readonly StackFrame[]): string[] => [
    page.paint('allocation', `${verb} by task ${page.report.pid}:`),
    ...frameLines(page, frames),
    '',
  ];
  return [
    ...history('Allocated', place.allocated.frames),
    ...(place.released ? history('Freed', place.released.frames) : []),
    page.paint('location', `The buggy address belongs to the object at ${address(place.begin)}`),
    page.paint('location', ` which belongs to the cache ${place.family} of size ${place.size}`),
    page.paint('location', `The buggy address is located ${bytes} bytes ${side} of`),
    page.paint(
      'location',
      ` ${adjective}${place.size}-byte region [${address(place.begin)}, ${address(place.begin + place.size)})`,
    ),
    '',
  ];
}

function stackLines(page: Page, place: StackPlace): string[] {
  const opening = page.paint('location', `The buggy address belongs to stack of task ${page.task}`);
  if (!place.frame) return [opening, ''];
  const count = place.objects.length;
  return [
    opening,
    page.paint('location', ` and is located at offset ${place.offset} in frame:`),
    ` ${frameText(page, place.frame)}`,
    '',
    `This frame has ${count} ${count === 1 ? 'object' : 'objects'}:`,
    ...place.objects.map(({ name, begin, size }) => ` [${begin}, ${begin + size}) '${name}'`),
    '',
  ];
}

/** The kernel names one variable: the nearest. */
function globalLines(place: GlobalPlace): string[] {
  const nearest = place.globals[0];
  if (!nearest) return [];
  const { relation, bytes } = nearest.distance;
  const beyond = { before: -bytes, inside: bytes, after: bytes + nearest.size }[relation];
  const offset = beyond < 0 ? `-0x${(-beyond).toString(16)}` : `+0x${beyond.toString(16)}`;
  return ['The buggy address belongs to the variable:', ` ${nearest.name}${offset}/0x${nearest.size.toString(16)}`, ''];
}

function mappingLines(page: Page, { mapping, distance }: MappingPlace): string[] {
  const range = `[${kernelAddress(mapping.begin, page.report)}, ${kernelAddress(mapping.end, page.report)})`;
  const side = { before: 'to the left of', inside: 'inside', after: 'to the right of' }[distance.relation];
  return [
    `The buggy address belongs to ${mapping.mapped ? 'a' : 'an unmapped'} ${mapping.flags} mapping`,
    ` and is located ${distance.bytes} bytes ${side} ${range}`,
    '',
    ...mappingHistory(page, 'Mapped', mapping.mappedBy),
    ...mappingHistory(page, 'Unmapped', mapping.unmappedBy),
  ];
}

function mappingHistory(page: Page, verb: string, trace: Trace | undefined): string[] {
  if (!trace) return [];
  return [page.paint('allocation', `${verb} by task ${page.report.pid}:`), ...frameLines(page, trace.frames), ''];
}

/** Five rows of 16 granules, the guilty one marked by '>' and a caret under the first digit of the guilty byte. */
function stateLines(page: Page, shadow: ShadowMap): string[] {
  const guiltyRow = Math.floor(shadow.guilty / ROW) * ROW;
  const lines = ['Memory state around the buggy address:'];
  for (let step = -ROWS_AROUND; step <= ROWS_AROUND; step++) {
    const row = guiltyRow + step * ROW;
    const start = row - shadow.first;
    if (start < 0 || start >= shadow.bytes.length) continue;
    const cells = Array.from(shadow.bytes.subarray(start, start + ROW), (byte) => cell(page, byte, page.report.scheme));
    const prefix = `${row === guiltyRow ? '>' : ' '}${kernelAddress(row * abi.GRANULE, page.report)}: `;
    lines.push(prefix + cells.join(' '));
    if (row === guiltyRow) lines.push(`${' '.repeat(prefix.length + (shadow.guilty - row) * 3)}^`);
  }
  return lines;
}

function cell(page: Page, byte: number, scheme: Scheme): string {
  return page.paint(meaningOf(byte, scheme).tone, hexByte(byte));
}
