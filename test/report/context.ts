// A symboliser of three functions, and the shortest way from an image to a report.
import type { ReportContext } from '../../host/report/describe.ts';
import { type Facts, readFacts } from '../../host/report/facts.ts';
import type { StackFrame } from '../../host/report/place.ts';
import { buildReport, type Report } from '../../host/report/report.ts';
import type { RuntimeImage } from './image.ts';

/** Sites of the imaginary demo.c. */
export const SITE = { fill: 1, main: 2, start: 3, makes: 4, releases: 5, malloc: 6, free: 7 } as const;

const FRAMES: Readonly<Record<number, StackFrame>> = {
  [SITE.fill]: { function: 'fill', file: 'src/demo.c', line: 6, column: 12, offset: 0x2a4 },
  [SITE.main]: { function: 'main', file: 'src/demo.c', line: 12, column: 3, offset: 0x310 },
  [SITE.start]: { function: '_start', module: 'demo.wasm', offset: 0x3f0 },
  [SITE.makes]: { function: 'main', file: 'src/demo.c', line: 11, column: 13, offset: 0x300 },
  [SITE.releases]: { function: 'main', file: 'src/demo.c', line: 13, offset: 0x330 },
  [SITE.malloc]: { function: 'malloc', offset: 0x120 },
  [SITE.free]: { function: '', offset: 0x180 },
};

export const CONTEXT: ReportContext = {
  pid: 7,
  moduleName: 'demo.wasm',
  frames: (stack) => stack.map((site) => FRAMES[site]!),
  accessStack: ({ stack }: Facts) => stack.map((site) => FRAMES[site]!),
};

export function reportOf(image: RuntimeImage, context: Partial<ReportContext> = {}): Report {
  return buildReport(readFacts({ memory1: image.bytes }), { ...CONTEXT, ...context });
}
