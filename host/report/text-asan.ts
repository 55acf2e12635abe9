// A report as userspace AddressSanitizer words it (LLVM 16 and later): what its readers and parsers already know.
// Two differences, since nothing is invented: no bp and sp (WebAssembly has neither), and pc is an offset in the original file.
import * as abi from '../../runtime/abi.ts';
import type { Distance, GlobalPlace, HeapPlace, Place, StackFrame, StackPlace, Trace } from './place.ts';
import type { AccessReport, FreeReport, ParameterReport, Report, ReportHead, SegvReport, ShadowMap } from './report.ts';
import { legendOf, meaningOf } from './shadow-legend.ts';
import {
  asanAddress,
  asanStack,
  hexByte,
  modulePosition,
  type Paint,
  painter,
  sourcePosition,
  type TextStyle,
} from './style.ts';
import { leakText } from './text-leak.ts';

const RULE = '='.repeat(65);
const ROW = 16;
const ROWS_AROUND = 5;

const MAY_RETURN_NULL = "HINT: if you don't care about these errors you may set allocator_may_return_null=1";

/** Everything the functions below need to print one report. */
interface Page {
  readonly report: ReportHead;
  readonly style: TextStyle;
  readonly paint: Paint;
  readonly tag: string;
}

/** The whole report, ending in a newline. */
export function asanText(report: Report, style: TextStyle): string {
  if (report.layout === 'leak') return leakText(report, style);
  const page: Page = { report, style, paint: painter(style.color), tag: `==${report.pid}==` };
  const body = {
    access: () => accessLines(page, report as AccessReport),
    segv: () => segvLines(page, report as SegvReport),
    free: () => freeLines(page, report as FreeReport),
    parameter: () => parameterLines(page, report as ParameterReport),
  }[report.layout]();
  const ending = report.halting ? [`${page.tag}ABORTING`] : [];
  return `${[RULE, ...body, ...ending].join('\n')}\n`;
}

/** What a report would say of an address: __asan_describe_address. */
export function placeText(place: Place, report: ReportHead, style: TextStyle): string {
  const page: Page = { report, style, paint: painter(style.color), tag: '' };
  return `${placeLines(page, place).join('\n')}\n`;
}

function accessLines(page: Page, report: AccessReport): string[] {
  const { access } = report;
  const verb = access.size === 0n ? 'ACCESS' : access.write ? 'WRITE' : 'READ';
  const at = asanAddress(access.exactAddress, report);
  return [
    headline(page, `${report.title} on address ${at}${programCounter(report, ' at pc ')}`),
    page.paint('access', `${verb} of size ${access.size} at ${at} thread ${report.thread}`),
    ...stackLines(page, report.stack),
    ...placeLines(page, report.place),
    ...(report.name === 'container-overflow' ? [CONTAINER_HINT] : []),
    ...summary(page),
    ...shadowLines(page, report.shadow),
  ];
}

const CONTAINER_HINT =
  'HINT: the container says that it does not use this memory; a container that is written to by code ' +
  'that does not annotate it gives false positives.';

function segvLines(page: Page, report: SegvReport): string[] {
  const { access, place } = report;
  const at = asanAddress(access.exactAddress, report);
  const where = `(${programCounter(report, 'pc ', ' ')}${report.thread})`;
  if (report.name === 'stack-overflow') {
    const head = headline(page, `${report.title} on address ${at} ${where}`);
    return [head, ...stackLines(page, report.stack), ...summary(page)];
  }
  return [
    headline(page, `${report.title} on unknown address ${access.addressUnknown ? '' : `${at} `}${where}`),
    `${page.tag}The signal is caused by a ${access.write ? 'WRITE' : 'READ'} memory access.`,
    ...addressHints(place, access.size).map((hint) => `${page.tag}Hint: ${hint}`),
    ...stackLines(page, report.stack),
    'AddressSanitizer can not provide additional info.',
    ...summary(page),
  ];
}

function addressHints(place: Place, size: bigint): string[] {
  if (place.where === 'null') {
    const beyond = place.offset === 0 ? [] : [`the access begins ${plural(place.offset, 'byte')} past a null pointer.`];
    return ['address points to the zero page.', ...beyond];
  }
  if (place.where !== 'beyond' || place.end === undefined) return [];
  return [
    `the access of ${plural(Number(size), 'byte')} ends past the memory of the program, which has ${place.end} bytes.`,
  ];
}

function freeLines(page: Page, report: FreeReport): string[] {
  const at = asanAddress(report.pointer, report);
  return [
    ...freeHead(page, report, at),
    ...stackLines(page, report.stack),
    ...placeLines(page, report.place),
    ...summary(page),
    ...freeHints(page, report),
  ];
}

function freeHead(page: Page, report: FreeReport, at: string): string[] {
  const { families, sizes, title, thread } = report;
  if (families) return [headline(page, `${title} (${families.allocated} vs ${families.released}) on ${at}`)];
  if (sizes) {
    return [
      headline(page, `${title} on ${at} in thread ${thread}:`),
      '  object passed to delete has wrong type:',
      `  size of the allocated type:   ${sizes.allocated} bytes;`,
      `  size of the deallocated type: ${sizes.released} bytes.`,
    ];
  }
  if (report.name === 'double-free') return [headline(page, `attempting double-free on ${at} in thread ${thread}:`)];
  return [headline(page, `attempting free on address which was not malloc()-ed: ${at} in thread ${thread}`)];
}

function freeHints(page: Page, report: FreeReport): string[] {
  const option = report.families ? 'alloc_dealloc_mismatch' : report.sizes ? 'new_delete_type_mismatch' : undefined;
  return option ? [`${page.tag}HINT: if you don't care about these errors you may set ASAN_OPTIONS=${option}=0`] : [];
}

function parameterLines(page: Page, report: ParameterReport): string[] {
  const refused = ['product', 'too-big', 'alignment', 'out-of-memory'].includes(report.parameters.what);
  return [
    headline(page, parameterSentence(report)),
    ...stackLines(page, report.stack),
    ...report.places.flatMap((place) => placeLines(page, place)),
    ...(refused ? [page.tag + MAY_RETURN_NULL] : []),
    ...summary(page),
  ];
}

/** The sentence after "ERROR: AddressSanitizer: ". */
function parameterSentence(report: ParameterReport): string {
  const { parameters: given, thread, title } = report;
  const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
  const range = ([begin, end]: readonly [number, number]): string =>
    `[${asanAddress(begin, report)},${asanAddress(end, report)})`;
  switch (given.what) {
    case 'product': {
      const product = `(${given.count} * ${given.size})`;
      return `${given.function} parameters overflow: count * size ${product} cannot be represented in type size_t (thread ${thread})`;
    }
    case 'too-big':
      return `requested allocation size ${hex(given.size)} exceeds maximum supported size of ${hex(given.limit)} (thread ${thread})`;
    case 'alignment':
      return `invalid allocation alignment: ${given.alignment}, alignment must be a power of two (thread ${thread})`;
    case 'out-of-memory':
      return `allocator is out of memory trying to allocate ${hex(given.size)} bytes`;
    case 'negative-size':
      return `${title}: (size=${given.size})`;
    case 'overlap':
      return `${title}: memory ranges ${range(given.first)} and ${range(given.second)} overlap`;
    case 'usable-size':
      return `attempting to call ${given.function}() for pointer which is not owned: ${asanAddress(given.pointer, report)}`;
    case 'indirect-call':
      return `${title} through table index ${given.index}${programCounter(report, ' at pc ')} (thread ${thread})`;
    case 'container':
      return [
        'bad parameters to __sanitizer_annotate_contiguous_container:',
        `      beg     : ${asanAddress(given.begin, report)}`,
        `      end     : ${asanAddress(given.end, report)}`,
        `      old_mid : ${asanAddress(Number(given.from), report)}`,
        `      new_mid : ${asanAddress(Number(given.to), report)}`,
      ].join('\n');
    case 'double-ended':
      return [
        'bad parameters to __sanitizer_annotate_double_ended_contiguous_container:',
        `      storage_beg        : ${asanAddress(given.begin, report)}`,
        `      storage_end        : ${asanAddress(given.end, report)}`,
        `      new_container_beg  : ${asanAddress(Number(given.from), report)}`,
        `      new_container_end  : ${asanAddress(Number(given.to), report)}`,
      ].join('\n');
  }
}

function headline(page: Page, text: string): string {
  return page.paint('error', `${page.tag}ERROR: AddressSanitizer: ${text}`);
}

/** The offset of the guilty instruction in the original file, if there is one. */
function programCounter(report: ReportHead, before: string, after = ''): string {
  const offset = report.stack[0]?.offset;
  return offset === undefined ? '' : before + asanAddress(offset, report) + after;
}

function stackLines(page: Page, frames: readonly StackFrame[]): string[] {
  return asanStack(frames, page.report, page.style);
}

function traceLines(page: Page, verb: string, trace: Trace): string[] {
  return [page.paint('allocation', `${verb} by thread ${trace.thread} here:`), ...stackLines(page, trace.frames)];
}

function placeLines(page: Page, place: Place): string[] {
  switch (place.where) {
    case 'heap':
      return heapLines(page, place);
    case 'stack':
      return frameLines(page, place);
    case 'global':
      return globalLines(page, place);
    case 'mapping': {
      const { mapping, distance } = place;
      const range = `[${asanAddress(mapping.begin, page.report)},${asanAddress(mapping.end, page.report)})`;
      const name = mapping.name ? ` '${mapping.name}'` : '';
      const state = mapping.mapped ? `${mapping.flags} mapping` : 'unmapped region';
      return [
        page.paint('location', `${located(page, distance)} ${state} ${range}${name}`),
        ...(mapping.unmappedBy ? traceLines(page, 'unmapped', mapping.unmappedBy) : []),
        ...(mapping.mappedBy
          ? traceLines(page, mapping.mapped ? 'mapped' : 'previously mapped', mapping.mappedBy)
          : []),
      ];
    }
    case 'null':
    case 'beyond':
      return [];
    case 'unknown':
      return ['AddressSanitizer can not describe address in more detail (wild memory access suspected).'];
  }
}

function located(page: Page, distance: Distance): string {
  const of = distance.relation === 'inside' ? 'inside of' : distance.relation;
  return `${asanAddress(distance.address, page.report)} is located ${distance.bytes} bytes ${of}`;
}

function heapLines(page: Page, place: HeapPlace): string[] {
  const range = `[${asanAddress(place.begin, page.report)},${asanAddress(place.begin + place.size, page.report)})`;
  const history = place.released
    ? [...traceLines(page, 'freed', place.released), ...traceLines(page, 'previously allocated', place.allocated)]
    : traceLines(page, 'allocated', place.allocated);
  return [page.paint('location', `${located(page, place.distance)} ${place.size}-byte region ${range}`), ...history];
}

function frameLines(page: Page, place: StackPlace): string[] {
  const opening = `Address ${asanAddress(place.address, page.report)} is located in stack of thread ${place.thread}`;
  if (!place.frame) return [page.paint('location', opening)];
  const objects = place.objects.map((object) => {
    const line = object.line === undefined ? '' : ` (line ${object.line})`;
    const mark = ` <== Memory access at offset ${place.offset} ${object.mark} this variable`;
    const range = `    [${object.begin}, ${object.begin + object.size})`;
    return `${range} '${object.name}'${line}${object.mark ? page.paint('location', mark) : ''}`;
  });
  return [
    page.paint('location', `${opening} at offset ${place.offset} in frame`),
    ...stackLines(page, [place.frame]),
    `  This frame has ${objects.length} object(s):`,
    ...objects,
    'HINT: this may be a false positive if your program uses some custom stack unwind mechanism, swapcontext or vfork',
    '      (longjmp and C++ exceptions *are* supported)',
  ];
}

function globalLines(page: Page, place: GlobalPlace): string[] {
  return place.globals.map((global) => {
    const defined = sourcePosition(global, page.style) ?? page.report.moduleName;
    const what = `global variable '${global.name}' defined in '${defined}'`;
    const text = `${located(page, global.distance)} ${what} (${asanAddress(global.begin, page.report)}) of size ${global.size}`;
    return page.paint('location', text);
  });
}

function summary(page: Page): string[] {
  const frame = page.report.stack[0];
  if (!page.style.printSummary) return [];
  const position = frame && (sourcePosition(frame, page.style) ?? modulePosition(frame, page.report.moduleName));
  const where = [position, frame?.function ? `in ${frame.function}` : undefined].filter((part) => part !== undefined);
  return [['SUMMARY: AddressSanitizer:', page.report.title, ...where].join(' ')];
}

/** Eleven rows keyed by the application address of their first byte, the guilty granule in brackets, then the legend. */
function shadowLines(page: Page, shadow: ShadowMap): string[] {
  const guiltyRow = Math.floor(shadow.guilty / ROW) * ROW;
  const lines = ['Shadow bytes around the buggy address:'];
  for (let step = -ROWS_AROUND; step <= ROWS_AROUND; step++) {
    const row = guiltyRow + step * ROW;
    const cells = rowCells(page, shadow, row);
    if (cells !== undefined)
      lines.push(`${row === guiltyRow ? '=>' : '  '}${asanAddress(row * abi.GRANULE, page.report)}:${cells}`);
  }
  return page.style.printLegend ? [...lines, ...legendLines(page)] : lines;
}

function rowCells(page: Page, shadow: ShadowMap, row: number): string | undefined {
  const start = row - shadow.first;
  if (start < 0 || start >= shadow.bytes.length) return undefined;
  return Array.from(shadow.bytes.subarray(start, start + ROW), (byte, index) => {
    const granule = row + index;
    const before = granule === shadow.guilty ? '[' : granule - 1 === shadow.guilty && index > 0 ? '' : ' ';
    const text = page.paint(meaningOf(byte, page.report.scheme).tone, hexByte(byte));
    return before + text + (granule === shadow.guilty ? ']' : '');
  }).join('');
}

/** In compiler-rt's columns, so that the values stand where readers look for them. */
function legendLines(page: Page): string[] {
  const partial = Array.from({ length: abi.GRANULE - 1 }, (_, index) => page.paint('partial', hexByte(index + 1)));
  return [
    `Shadow byte legend (one shadow byte represents ${abi.GRANULE} application bytes):`,
    '  Addressable:           00',
    `  Partially addressable: ${partial.join(' ')}`,
    ...legendOf(page.report.scheme).map(
      ({ label, tone, value }) => `  ${`${label}:`.padEnd(25)}${page.paint(tone, hexByte(value))}`,
    ),
  ];
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
