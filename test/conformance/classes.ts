// The classes of bugs: small functions, each with a clean twin, compiled into one module per file and level, each run in
// an instance of its own.

import { readdirSync, readFileSync } from 'node:fs';
import type { InstrumentOptions, RuntimeOptions } from '../../instrument/index.ts';
import { compileC } from '../support/compile-c.ts';
import { instrumentToRun, runProgram } from '../support/run-instrumented.ts';

const FOLDER = new URL('./classes/', import.meta.url);
const HEADERS = { 'classes.h': readFileSync(new URL('classes.h', FOLDER), 'utf8') };

export interface BugClass {
  /** "heap-overflow" */
  readonly name: string;
  readonly file: string;
  readonly source: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Titles that name the bug; "leak" is told at exit. */
  readonly titles: readonly string[];
  /** What is off by default and has to be on for this class: a key of SWITCHES. */
  readonly needs?: keyof typeof SWITCHES | undefined;
  readonly cases: readonly string[];
}

/** The OPTIONS line of a class: what must be turned on to look for its bugs, as it is spelled on the command line. */
export const SWITCHES = {
  detect_stack_use_after_return: {
    flag: '--detect_stack_use_after_return=1',
    options: { runtime: { stackAfterReturn: true } },
  },
  use_after_scope: { flag: '--use-after-scope', options: { useAfterScope: true } },
} as const satisfies Record<string, { flag: string; options: InstrumentOptions }>;

/** How a file is compiled: its optimisation, and what the module tells about itself. */
export interface Build {
  readonly level: '-O0' | '-O1' | '-O2' | '-Os';
  readonly info: 'DWARF' | 'names' | 'stripped';
  /** Compile C as C++. */
  readonly cpp?: boolean;
}

const INFO_FLAGS: Readonly<Record<Build['info'], readonly string[]>> = { DWARF: ['-g'], names: [], stripped: ['-s'] };

export interface Verdict {
  readonly name: string;
  /** Title of the first finding of the wrong one, if it names the bug. */
  readonly detected: string | undefined;
  /** Findings of the wrong one that say something else. */
  readonly other: readonly string[];
  /** Whatever was found in the clean twin, or how it failed. */
  readonly falseAlarms: readonly string[];
}

export function bugClasses(): BugClass[] {
  const files = readdirSync(FOLDER).filter((f) => /\.(c|cpp)$/.test(f));
  return files.sort().map((file) => {
    const source = readFileSync(new URL(file, FOLDER), 'utf8');
    const titles = /^\/\/ TITLES (.+)$/m.exec(source)?.[1]?.split(' ');
    if (!titles) throw new Error(`${file} has no TITLES line`);
    const needs = /^\/\/ OPTIONS (\w+)$/m.exec(source)?.[1] as BugClass['needs'];
    if (needs && !(needs in SWITCHES)) throw new Error(`${file}: nobody knows the option ${needs}`);
    const cases = [...source.matchAll(/^CASE\((\w+),/gm)].map((m) => m[1]!);
    return { name: file.replace(/\.c(pp)?$/, ''), file, source, headers: HEADERS, titles, needs, cases };
  });
}

/** Runs every case of a class and its clean twin. */
export async function judge(bugClass: BugClass, build: Build, runtime: RuntimeOptions = {}): Promise<Verdict[]> {
  return judgeModule(await compile(bugClass, build), bugClass, runtime);
}

/** The same for a module that was compiled elsewhere, from `withMain`. */
export async function judgeModule(
  module: Uint8Array,
  bugClass: BugClass,
  runtime: RuntimeOptions = {},
): Promise<Verdict[]> {
  const { titles, cases } = bugClass;
  const instrumented = prepare(module, bugClass, runtime);
  const verdicts: Verdict[] = [];
  for (const name of cases) {
    const bad = await observe(module, instrumented, `bad_${name}`);
    const good = await observe(module, instrumented, `good_${name}`);
    const [first] = bad.titles;
    const detected = first !== undefined && titles.includes(first) ? first : undefined;
    const other = detected === undefined ? bad.titles : [];
    verdicts.push({ name, detected, other, falseAlarms: alarmsOf(good) });
  }
  return verdicts;
}

/** What is wrong with the clean twins, run without the wrong ones: those that go unnoticed may never end. */
export async function falseAlarms(bugClass: BugClass, build: Build): Promise<string[]> {
  const module = await compile(bugClass, build);
  const instrumented = prepare(module, bugClass);
  const alarms: string[] = [];
  for (const name of bugClass.cases) {
    const found = alarmsOf(await observe(module, instrumented, `good_${name}`));
    alarms.push(...found.map((alarm) => `${name}: ${alarm}`));
  }
  return alarms;
}

function compile(bugClass: BugClass, { level, info, cpp = false }: Build): Promise<Uint8Array> {
  const { headers } = bugClass;
  const file = cpp ? bugClass.file.replace(/\.c$/, '.cpp') : bugClass.file;
  const flags = [level, ...INFO_FLAGS[info], '-Wno-everything'];
  return compileC({ file, source: withMain(bugClass), flags, headers });
}

/** The first finding decides: what a program does after it is nobody's business, and may never end. */
function prepare(module: Uint8Array, { needs }: BugClass, runtime: RuntimeOptions = {}): Uint8Array {
  const switched: InstrumentOptions = needs ? SWITCHES[needs].options : {};
  return instrumentToRun(module, { ...switched, runtime: { ...switched.runtime, ...runtime, halt: true } });
}

/** Whatever was found in a clean twin, or how it failed. */
function alarmsOf({ titles, exitCode, trap }: Observation): string[] {
  return exitCode === 0 ? titles : [...titles, `ended with ${exitCode ?? trap}`];
}

interface Observation {
  readonly titles: string[];
  readonly exitCode: number | undefined;
  readonly trap: string | undefined;
}

async function observe(module: Uint8Array, instrumented: Uint8Array, which: string): Promise<Observation> {
  const run = await runProgram(module, instrumented, { args: [which], leaks: true });
  const titles = run.findings.map((f) => f.title);
  return { titles: run.leaks ? [...titles, 'leak'] : titles, exitCode: run.exitCode, trap: run.trap?.message };
}

/** The file with a main that runs the function its argument names. */
export function withMain({ source, cases }: BugClass): string {
  const calls = cases
    .flatMap((name) => [`bad_${name}`, `good_${name}`])
    .map((name) => `  if (strcmp(argv[1], "${name}") == 0) return ${name}(), 0;`);
  return `${source}\nint main(int argc, char **argv) {\n  if (argc < 2) return 2;\n${calls.join('\n')}\n  return 3;\n}\n`;
}
