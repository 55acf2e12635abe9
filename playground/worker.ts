// Runs one job: instruments the module, runs it as a command, by an export, or by its own glue, and posts what happens.
// The page ends a worker that hangs.

import { instrument } from '../browser/index.ts';
import { SanitizerError } from '../host/errors.ts';
import type { Report, Sanitizer } from '../host/index.ts';
import { intercept } from '../host/intercept.ts';
import type { Place } from '../host/report/place.ts';
import { glueNames, InstrumentError } from '../instrument/index.ts';
import { callAmong, callExport } from './call-export.ts';
import { runCommand, type Streams } from './command.ts';
import { runGlue } from './glue.ts';
import type { Job, News, Sources } from './messages.ts';

const worker = globalThis as unknown as {
  postMessage: (news: News) => void;
  onmessage: (event: MessageEvent<Job>) => void;
};

const post = (news: News): void => worker.postMessage(news);
let sanitizer: Sanitizer | undefined;

worker.onmessage = ({ data }) => {
  run(data).catch((error: unknown) => post({ kind: 'refused', text: sentenceOf(error) }));
};

async function run(job: Job): Promise<void> {
  post({ kind: 'progress', text: `Instrumenting ${job.name}` });
  const { bytes, summary } = instrument(job.module, {
    host: true,
    glueNames: job.glue ? glueNames(job.module, job.glue.text) : {},
    runtime: { halt: job.halt, heapHistory: true },
  });
  intercept({
    rewrite: (original) => (isSame(original, job.module) ? bytes : undefined),
    nameOf: () => job.name,
    scriptFrames: job.glue !== undefined, // otherwise they are the playground's own
    onInstance: (made) => {
      sanitizer ??= made;
    },
    onFinding: (report, source) => {
      post({ kind: 'finding', report, sources: sourcesOf(report, source) });
      return job.halt;
    },
  });
  post({ kind: 'progress', text: `Running ${job.name}: ${summary.sites} checks in ${summary.functions} functions` });
  const output = (stream: 'out' | 'error') => (text: string) => post({ kind: 'output', stream, text });
  const streams = { out: output('out'), error: output('error') };
  const end = await outcome(job, () => {
    if (job.glue) return runWithGlue(job, job.glue, streams);
    const module = new WebAssembly.Module(job.module as BufferSource);
    const isCommand = WebAssembly.Module.exports(module).some((e) => e.name === '_start' && e.kind === 'function');
    return isCommand ? runCommand(module, job, streams) : callExport(module, job, streams);
  });
  if (job.leaks && sanitizer && !sanitizer.stopped) reportLeaks(sanitizer);
  const picture = sanitizer?.picture();
  post({ kind: 'end', text: end, ...(picture && { picture }) });
}

/** Once the JavaScript has made its instance, the user may have one of its functions called. */
async function runWithGlue(job: Job, glue: NonNullable<Job['glue']>, streams: Streams): Promise<string> {
  const { text, functions } = await runGlue(job, glue, streams);
  return job.call.trim() === '' ? text : callAmong(functions, job.call);
}

/** How the program ended, in a sentence. Refusals are passed on. */
async function outcome(job: Job, start: () => Promise<string>): Promise<string> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof InstrumentError || error instanceof SanitizerError) throw error;
    if (sanitizer?.stopped) return 'The program was stopped at its first finding.';
    if (!(error instanceof WebAssembly.RuntimeError)) {
      if (!sanitizer) throw error;
      return `${job.glue ? 'The JavaScript' : 'The program'} ended with an error: ${(error as Error).message ?? error}.`;
    }
    if (sanitizer?.trapped(error)) return 'The program trapped; the last finding tells why.';
    const frames = sanitizer?.symbolizeStack(error.stack ?? '') ?? [];
    const where = frames.map((f) => f.function).filter(Boolean);
    return `The program trapped: ${error.message}${where.length > 0 ? ` in ${where.join(', called by ')}` : ''}.`;
  }
}

function reportLeaks(source: Sanitizer): void {
  try {
    const { report } = source.checkLeaks();
    if (report) post({ kind: 'finding', report, sources: sourcesOf(report, source) });
  } catch (error) {
    if (!(error instanceof SanitizerError)) throw error;
    post({ kind: 'output', stream: 'error', text: `Leaks were not looked for: ${error.message}.\n` });
  }
}

/** The texts of the files that a report names, where the module carries them. */
function sourcesOf(report: Report, source: Sanitizer): Sources {
  const places: readonly Place[] = 'place' in report ? [report.place] : 'places' in report ? report.places : [];
  const stacks = [
    report.stack,
    ...places.flatMap((p) => (p.where === 'heap' ? [p.allocated.frames, p.released?.frames ?? []] : [])),
    ...('leaks' in report ? report.leaks.map((leak) => leak.stack) : []),
  ];
  const texts: Record<string, string> = {};
  for (const { file } of stacks.flat()) {
    const text = file === undefined || file in texts ? undefined : source.source(file);
    if (text !== undefined) texts[file!] = text;
  }
  return texts;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function sentenceOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  const text = message ?? String(error);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${code ? ` [${code}]` : ''}`;
}
