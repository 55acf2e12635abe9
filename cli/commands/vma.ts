// wasan vma: replays an operation script on the VMA model and prints the maps after each step, side by side for several
// policies, with the counts of merges gained.

import { readFileSync, writeFileSync } from 'node:fs';
import { SanitizerError } from '../../host/errors.ts';
import { type History, replayScript } from '../../host/vma/history.ts';
import { type Line, parseScript, VmaScriptError } from '../../host/vma/language.ts';
import { picturePage } from '../../host/vma/picture.ts';
import type { Outcome } from '../../host/vma/replay.ts';
import { sideBySide } from '../../host/vma/side-by-side.ts';
import { POLICIES, type Policy } from '../../host/vma/space.ts';
import { mapsText, smapsText, spaceJson } from '../../host/vma/text.ts';
import { ownFile } from '../../own-files.ts';
import { type Command, type Flag, flagHelp, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

const FLAGS: readonly Flag[] = [
  {
    name: '--policy',
    value: 'name',
    repeat: true,
    sentence: 'linux, relocate or merge-friendly; several stand side by side (default: linux and merge-friendly)',
  },
  {
    name: '--format',
    value: 'name',
    sentence: 'steps (default), maps, smaps, json, or html: a page that draws the areas over time',
  },
  { name: '--pages', value: 'n', sentence: 'pages of 4 KiB in the window (default 4096)' },
  { name: '--out', value: 'file', sentence: 'write there instead of to standard output' },
];

const FORMATS: Readonly<Record<string, (histories: readonly History[], name: string) => string>> = {
  steps: (histories) => sideBySide(histories),
  maps: (histories) => perPolicy(histories, (history) => mapsText(history.final)),
  smaps: (histories) => perPolicy(histories, (history) => smapsText(history.final)),
  json: (histories) => `${JSON.stringify(histories.map(historyJson), null, 2)}\n`,
  html: (histories, name) => picturePage(histories, name),
};

export const vmaCommand: Command = {
  name: 'vma',
  summary: 'replay mmap, mremap, ... on the VMA model and compare merge policies',
  usage: `wasan vma [flags] script.vma\n\n${flagHelp(FLAGS)}`,
  run: async (args, io) => {
    const { values, options, rest } = parseFlags(args, FLAGS, { interleaved: true });
    const one = (name: string, other: string) => values.get(name)?.[0] ?? other;
    const [file, ...more] = rest;
    if (file === undefined || more.length > 0) usage('wasan vma takes one script');
    const stray = Object.keys(options)[0];
    if (stray !== undefined) usage(`wasan vma runs no program, so --${stray} means nothing to it`);
    const format = formatOf(one('--format', 'steps'));
    const policies = policiesOf(values.get('--policy') ?? ['linux', 'merge-friendly']);
    const pages = pagesOf(one('--pages', '4096'));
    const lines = readScript(file);
    const module = vmaModule();
    const text = format(
      policies.map((policy) => replayScript(module, lines, policy, { pages })),
      file,
    );
    const out = values.get('--out')?.[0];
    if (out === undefined) io.stdout(text);
    else writeOut(out, text);
    return EXIT.CLEAN;
  },
};

function usage(sentence: string): never {
  throw new SanitizerError('E_USAGE', sentence);
}

function perPolicy(histories: readonly History[], text: (history: History) => string): string {
  const [first] = histories;
  if (first && histories.length === 1) return text(first);
  return histories.map((history) => `${history.policy}:\n${text(history)}`).join('\n');
}

function historyJson(history: History): unknown {
  const steps = history.steps.map(({ line, text, outcome, areas }) => ({ line, text, outcome: plain(outcome), areas }));
  return { policy: history.policy, ...spaceJson(history.final), steps };
}

/** JSON has no 64-bit numbers: loaded values become text. */
function plain(outcome: Outcome): object {
  return 'v' in outcome ? { v: String(outcome.v) } : outcome;
}

function vmaModule(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(readFileSync(ownFile('build/vma.wasm')) as Uint8Array<ArrayBuffer>);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new SanitizerError('E_INPUT', 'the compiled model build/vma.wasm is missing; npm run build makes it');
  }
}

function formatOf(name: string) {
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  return format ?? usage(`there is no format "${name}"; known are ${Object.keys(FORMATS).join(', ')}`);
}

function policiesOf(names: readonly string[]): Policy[] {
  const stranger = names.find((name) => !Object.hasOwn(POLICIES, name));
  if (stranger !== undefined) usage(`there is no policy "${stranger}"; known are ${Object.keys(POLICIES).join(', ')}`);
  return [...new Set(names as Policy[])];
}

function pagesOf(text: string): number {
  const pages = Number(text);
  if (Number.isInteger(pages) && pages >= 1 && pages <= 1 << 19) return pages;
  return usage('--pages must be a number from 1 to 524288');
}

function readScript(file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SanitizerError('E_INPUT', `${file}: ${(error as Error).message}`);
  }
  try {
    return parseScript(text);
  } catch (error) {
    throw error instanceof VmaScriptError ? new SanitizerError('E_INPUT', `${file}: ${error.message}`) : error;
  }
}

function writeOut(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new SanitizerError('E_OUTPUT', `${file}: ${(error as Error).message}`);
  }
}
