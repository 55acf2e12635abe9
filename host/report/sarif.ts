// Findings as SARIF 2.1.0, for code hosting and editors: one run, one rule per kind, one result per finding (per stack for leaks).
import { KINDS } from './kinds.ts';
import type { Place, StackFrame } from './place.ts';
import type { Leak, LeakReport, Report } from './report.ts';
import { sentenceOf } from './sentence.ts';

export interface SarifInput {
  readonly reports: readonly Report[];
  readonly toolVersion: string;
}

type Json = Readonly<Record<string, unknown>>;

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** Frames of a stack that make up a fingerprint: enough to tell findings apart, few enough to survive changes of callers. */
const FINGERPRINT_FRAMES = 3;

/** The log as text. */
export function sarifText(input: SarifInput): string {
  return `${JSON.stringify(sarifLog(input), undefined, 2)}\n`;
}

/** The log as a plain value. */
export function sarifLog({ reports, toolVersion }: SarifInput): Json {
  const rules = KINDS.map(({ name, sentence, layout }) => ({
    id: name,
    shortDescription: { text: sentence },
    defaultConfiguration: { level: layout === 'leak' ? 'warning' : 'error' },
  }));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'wasan', semanticVersion: toolVersion, rules } },
        columnKind: 'utf16CodeUnits',
        results: reports.flatMap((report) => (report.layout === 'leak' ? leakResults(report) : [result(report)])),
      },
    ],
  };
}

function result(report: Exclude<Report, LeakReport>): Json {
  const histories = placesOf(report).flatMap((place) => historiesOf(place));
  return {
    ...head(report),
    level: 'error',
    message: { text: sentenceOf(report) },
    locations: [primaryLocation(report.stack, report.moduleName)],
    ...(histories.length > 0 && {
      relatedLocations: histories.map(({ text, frames }, index) => ({
        id: index + 1,
        message: { text },
        ...primaryLocation(frames, report.moduleName),
      })),
    }),
    stacks: [
      stack(`by thread ${report.thread}`, report.stack, report.moduleName),
      ...histories.map(({ text, frames }) => stack(text, frames, report.moduleName)),
    ].filter(({ frames }) => frames.length > 0),
    partialFingerprints: { 'wasan/v1': fingerprint(report.name, report.stack, histories[0]?.frames ?? []) },
  };
}

function leakResults(report: LeakReport): Json[] {
  return report.leaks.map((leak: Leak) => ({
    ...head(report),
    level: 'warning',
    message: {
      text: `${leak.direct ? 'direct' : 'indirect'} leak of ${leak.bytes} bytes in ${leak.objects.length} blocks`,
    },
    locations: [primaryLocation(leak.stack, report.moduleName)],
    stacks: [stack('allocated', leak.stack, report.moduleName)].filter(({ frames }) => frames.length > 0),
    partialFingerprints: { 'wasan/v1': fingerprint(report.name, leak.stack, []) },
  }));
}

function head(report: Report): Json {
  return { ruleId: report.name, ruleIndex: KINDS.findIndex(({ name }) => name === report.name) };
}

function placesOf(report: Exclude<Report, LeakReport>): readonly Place[] {
  return report.layout === 'parameter' ? report.places : [report.place];
}

function historiesOf(place: Place): { text: string; frames: readonly StackFrame[] }[] {
  if (place.where !== 'heap') return [];
  const allocated = { text: `allocated by thread ${place.allocated.thread}`, frames: place.allocated.frames };
  const released = place.released && {
    text: `freed by thread ${place.released.thread}`,
    frames: place.released.frames,
  };
  return (released ? [released, allocated] : [allocated]).filter(({ frames }) => frames.length > 0);
}

/** The innermost frame with a source file, since that is what an editor can show; else the innermost one. */
function primaryLocation(frames: readonly StackFrame[], moduleName: string): Json {
  return location(frames.find(({ file }) => file !== undefined) ?? frames[0] ?? { function: '' }, moduleName);
}

function location(frame: StackFrame, moduleName: string): Json {
  const { file, line, column, offset } = frame;
  const inFile = line ? { startLine: line, ...(column && { startColumn: column }) } : undefined;
  const region = file === undefined ? (offset === undefined ? undefined : { byteOffset: offset }) : inFile;
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file ?? frame.module ?? moduleName) },
      ...(region && { region }),
    },
    ...(frame.function !== '' && { logicalLocations: [{ fullyQualifiedName: frame.function, kind: 'function' }] }),
  };
}

function stack(text: string, frames: readonly StackFrame[], moduleName: string): { frames: Json[]; message: Json } {
  return {
    message: { text },
    frames: frames.map((frame) => ({ location: location(frame, moduleName), module: frame.module ?? moduleName })),
  };
}

/** By names and not by lines, so that a finding keeps its identity when code moves. */
function fingerprint(name: string, ...stacks: (readonly StackFrame[])[]): string {
  const parts = stacks.map((frames) =>
    frames
      .slice(0, FINGERPRINT_FRAMES)
      .map((frame) => frame.function || `+0x${(frame.offset ?? 0).toString(16)}`)
      .join('<'),
  );
  return [name, ...parts].join('|');
}

/** A path as a URI reference: relative paths stay relative. */
function uriOf(path: string): string {
  const forward = path.replaceAll('\\', '/');
  const encode = (text: string): string => encodeURI(text).replaceAll('#', '%23').replaceAll('?', '%3F');
  if (/^[a-z][a-z0-9+.-]+:/i.test(forward)) return encode(forward);
  if (/^[a-z]:/i.test(forward)) return `file:///${encode(forward)}`;
  return forward.startsWith('/') ? `file://${encode(forward)}` : encode(forward);
}
