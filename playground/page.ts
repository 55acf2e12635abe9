// The playground's page: takes files and settings, hands one job at a time to a worker, shows what the worker tells.

import type { Report } from '../host/index.ts';
import { htmlFindings, htmlNavigation, pictureInput } from '../host/report/html.ts';
import { enliven } from '../host/report/html-script.ts';
import type { ProgramPicture } from '../host/report/program-picture.ts';
import { splitArguments } from './arguments.ts';
import type { Job, News } from './messages.ts';

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;
const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);

/** Output beyond this many characters is not shown: a page must stay usable. */
const MOST_OUTPUT = 200_000;
const MOST_FINDINGS = 100;

let chosen: Pick<Job, 'name' | 'module' | 'glue'> | undefined;
let worker: Worker | undefined;
let timer = 0;
let reports: Report[] = [];
let sources: Record<string, string> = {};
let shown = 0;

function say(status: string, error = ''): void {
  byId('status').textContent = status;
  byId('error').textContent = error;
}

async function choose(files: readonly File[]): Promise<void> {
  const module = files.find((file) => file.name.endsWith('.wasm')) ?? files.find((file) => !/\.m?js$/.test(file.name));
  const glue = files.find((file) => /\.m?js$/.test(file.name));
  if (!module && !(glue && chosen)) {
    say('', 'Drop a WebAssembly module (a file that ends in .wasm), with or without its JavaScript.');
    return;
  }
  const base = module
    ? { name: module.name, module: new Uint8Array(await module.arrayBuffer()) }
    : { name: chosen!.name, module: chosen!.module };
  take({ ...base, ...(glue && { glue: { name: glue.name, text: await glue.text() } }) });
}

function take(files: NonNullable<typeof chosen>): void {
  chosen = files;
  const glue = files.glue ? `, loaded by ${files.glue.name}` : '';
  byId('chosen').textContent = `${files.name}, ${files.module.length.toLocaleString('en')} bytes${glue}.`;
  say('Ready to run.');
}

async function takeSample(): Promise<void> {
  const response = await fetch('sample.wasm');
  take({ name: 'sample.wasm', module: new Uint8Array(await response.arrayBuffer()) });
}

function start(): void {
  if (!chosen) {
    say('', 'Choose a module first, or use the sample.');
    return;
  }
  stop();
  [reports, sources, shown] = [[], {}, 0];
  byId('output').replaceChildren();
  for (const id of ['output-part', 'results']) byId(id).hidden = true;
  say('Starting.');
  const seconds = Math.max(1, Number(input('seconds').value) || 20);
  worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<News>) => hear(data);
  worker.onerror = (event) => finish('', `The worker failed: ${event.message}`);
  worker.postMessage({
    ...chosen,
    args: splitArguments(input('args').value),
    stdin: byId<HTMLTextAreaElement>('stdin').value,
    call: input('call').value,
    halt: input('halt').checked,
    leaks: input('leaks').checked,
  } satisfies Job);
  input('stop').disabled = false;
  timer = window.setTimeout(
    () => finish('', `The program was still running after ${seconds} s and was ended. Its pictures are lost.`),
    seconds * 1000,
  );
}

function hear(news: News): void {
  switch (news.kind) {
    case 'progress':
      return say(`${news.text}.`);
    case 'output':
      return print(news.stream, news.text);
    case 'finding':
      if (reports.length < MOST_FINDINGS) reports.push(news.report);
      Object.assign(sources, news.sources);
      return say(`Running. ${countOf(reports.length)} so far.`);
    case 'refused':
      return finish('', news.text);
    case 'end':
      return finish(news.text, '', news.picture);
  }
}

function print(stream: 'out' | 'error', text: string): void {
  byId('output-part').hidden = false;
  if (shown > MOST_OUTPUT) return;
  shown += text.length;
  const part = document.createElement('span');
  part.className = stream;
  part.textContent = shown > MOST_OUTPUT ? `${text.slice(0, 1000)}\n(the rest is not shown)` : text;
  byId('output').append(part);
}

function stop(): void {
  window.clearTimeout(timer);
  worker?.terminate();
  worker = undefined;
  input('stop').disabled = true;
}

/** The run is over, in whichever way: everything known is shown. */
function finish(text: string, error: string, picture?: ProgramPicture): void {
  stop();
  const ran = error === '' || reports.length > 0;
  say(`${text}${ran ? ` ${countOf(reports.length)}.` : ''}`.trim(), error);
  if (!ran) return;
  const program = { reports, moduleName: chosen!.name, toolVersion: '', source: (file: string) => sources[file] };
  const page = { ...program, ...pictureInput(picture) };
  // Every text in it is escaped where it is made (html-parts.ts).
  byId('navigation').innerHTML = htmlNavigation(page);
  byId('findings').innerHTML = htmlFindings(page);
  byId('results').hidden = false;
  enliven();
}

function countOf(findings: number): string {
  if (findings >= MOST_FINDINGS) return `${MOST_FINDINGS} findings or more`;
  return findings === 0 ? 'No findings' : findings === 1 ? '1 finding' : `${findings} findings`;
}

function listenToDrops(): void {
  const zone = byId('drop');
  for (const type of ['dragenter', 'dragover'] as const) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.add('over');
    });
  }
  for (const type of ['dragleave', 'drop'] as const) {
    document.addEventListener(type, () => zone.classList.remove('over'));
  }
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    choose([...(event.dataTransfer?.files ?? [])]).catch(complain);
  });
}

function complain(error: unknown): void {
  say('', `That did not work: ${(error as Error).message}`);
}

listenToDrops();
input('files').addEventListener('change', () => choose([...(input('files').files ?? [])]).catch(complain));
byId('sample').addEventListener('click', () => takeSample().catch(complain));
byId('stop').addEventListener('click', () => finish('', 'Stopped.'));
byId('job').addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
