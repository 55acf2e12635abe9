// wasan vma: replays an operation script on the VMA model and prints the maps after each step, side by side for several
// policies, with the counts of merges gained.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type History, replayScript } from '../../host/vma/history.ts';
import { type Line, parseScript, VmaScriptError } from '../../host/vma/language.ts';
import { picturePage } from '../../host/vma/picture.ts';
import { sideBySide } from '../../host/vma/side-by-side.ts';
import { POLICIES, type Policy } from '../../host/vma/space.ts';
import { mapsText, smapsText, spaceJson } from '../../host/vma/text.ts';

export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

const SUMMARY = 'replay mmap, mremap, ... on the VMA model and compare merge policies';
const USAGE = `wasan vma SCRIPT.vma [--policy=NAME]... [--format=steps|maps|smaps|json|html] [--out=FILE]

  --policy=NAME   linux (stock), relocate (MREMAP_RELOCATE_ANON) or merge-friendly (Matena's rules);
                  given more than once, the policies stand side by side. Default: linux and merge-friendly.
  --format=NAME   steps: maps after each operation, then what merging gained (default)
                  maps, smaps: the end state, as in /proc/self; json: the same for programs
                  html: a page that draws the areas over time
  --pages=N       pages of the window (default 4096)
  --out=FILE      write there instead of to standard output
`;

const FORMATS: Readonly<Record<string, (histories: readonly History[], name: string) => string>> = {
  steps: (histories) => sideBySide(histories),
  maps: (histories) => perPolicy(histories, (history) => mapsText(history.final)),
  smaps: (histories) => perPolicy(histories, (history) => smapsText(history.final)),
  json: (histories) => `${JSON.stringify(jsonOf(histories), null, 2)}\n`,
  html: (histories, name) => picturePage(histories, name),
};

/** From cli/commands/ in a checkout and from dist/cli/commands/ in the package. */
const PLACES = ['../../build/vma.wasm', '../../../build/vma.wasm'];

class UsageError extends Error {}

function perPolicy(histories: readonly History[], text: (history: History) => string): string {
  if (histories.length === 1) return text(histories[0] as History);
  return histories.map((history) => `${history.policy}:\n${text(history)}`).join('\n');
}

function jsonOf(histories: readonly History[]): unknown {
  const steps = (history: History) =>
    history.steps.map(({ line, text, outcome, areas }) => ({ line, text, outcome: plain(outcome), areas }));
  return histories.map((history) => ({ policy: history.policy, ...spaceJson(history.final), steps: steps(history) }));
}

/** JSON has no 64-bit numbers: loaded values become text. */
function plain(outcome: object): object {
  return Object.fromEntries(
    Object.entries(outcome).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}

function vmaModule(): WebAssembly.Module {
  for (const place of PLACES) {
    try {
      return new WebAssembly.Module(readFileSync(new URL(place, import.meta.url)) as Uint8Array<ArrayBuffer>);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new UsageError('the compiled model build/vma.wasm is missing: run `npm run build`');
}

function policiesOf(names: readonly string[]): Policy[] {
  for (const name of names) {
    if (!Object.hasOwn(POLICIES, name)) {
      throw new UsageError(`there is no policy "${name}"; known are ${Object.keys(POLICIES).join(', ')}`);
    }
  }
  return [...new Set(names as Policy[])];
}

function pagesOf(text: string): number {
  const pages = Number(text);
  if (!Number.isInteger(pages) || pages < 1 || pages > 1 << 20) throw new UsageError('--pages must be 1 to 1048576');
  return pages;
}

function readScript(file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${file}`);
  }
  try {
    return parseScript(text);
  } catch (error) {
    throw error instanceof VmaScriptError ? new UsageError(`${file}: ${error.message}`) : error;
  }
}

function optionsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        policy: { type: 'string', multiple: true, default: ['linux', 'merge-friendly'] },
        format: { type: 'string', default: 'steps' },
        pages: { type: 'string', default: '4096' },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function execute(args: string[], io: Streams): void {
  const { values, positionals } = optionsOf(args);
  if (values.help) {
    io.stdout.write(USAGE);
    return;
  }
  const [file, ...rest] = positionals;
  if (!file || rest.length) throw new UsageError('wasan vma takes one script');
  const format = Object.hasOwn(FORMATS, values.format) ? FORMATS[values.format] : undefined;
  if (!format)
    throw new UsageError(`there is no format "${values.format}"; known are ${Object.keys(FORMATS).join(', ')}`);
  const policies = policiesOf(values.policy);
  const pages = pagesOf(values.pages);
  const lines = readScript(file);
  const module = vmaModule();
  const text = format(
    policies.map((policy) => replayScript(module, lines, policy, { pages })),
    file,
  );
  if (values.out === undefined) io.stdout.write(text);
  else writeFileSync(values.out, text);
}

export const vmaCommand = {
  name: 'vma',
  summary: SUMMARY,
  usage: USAGE,
  /** Exit code: 0, or 2 when the arguments or the script are wrong. */
  async run(args: string[], io: Streams): Promise<number> {
    try {
      execute(args, io);
      return 0;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      io.stderr.write(`wasan vma: ${error.message}\n`);
      return 2;
    }
  },
};
