// The programs of GCC's test suite that run (gcc.c-torture/execute): 1,500 corners of C, among them stacks that grow in
// odd ways. Under wasan they do what they do without, and what is found in them is known to be there.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { type Outcome, runC, runOriginal } from '../support/c-program.ts';
import { gccMissing, gccTests } from './gcc.ts';

/** Frames larger than the linker's stack of 64 KiB: most trap without wasan, some only write over what lies below. */
const OVERFLOWS = [
  ...['20040805-1', '920410-1', '921208-2', '930106-1', '980605-1', 'memcpy-1', 'multi-ix', 'pr23135', 'pr28982b'],
];
/** What else is wrong in them, on purpose or not: a copy onto itself, and a call through a pointer to a wrong type. */
const WRONG: Readonly<Record<string, string>> = {
  'string-opt-18': 'strcpy-param-overlap',
  pr67037: 'bad-indirect-call',
};
/** Prints code addresses. */
const TELLS_ADDRESSES = ['return-addr'];

if (gccMissing) console.log(`GCC's programs are not run: ${gccMissing}`);

const folder = mkdtempSync(join(tmpdir(), 'wasan-torture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EMULATED = ['signal', 'mman', 'process-clocks'];
const FLAGS = [
  ...['--target=wasm32-wasi', '-w', '-std=gnu89', '-g', '-Wno-int-conversion'],
  ...['-Wno-error=implicit-function-declaration', '-Wno-error=implicit-int'],
  ...EMULATED.flatMap((what) => [
    `-D_WASI_EMULATED_${what.toUpperCase().replace('-', '_')}`,
    `-lwasi-emulated-${what}`,
  ]),
];

/** Undefined for what clang or WASI does not know: some sixty need GCC's own extensions. */
async function compile(file: string, level: string): Promise<Uint8Array | undefined> {
  const output = join(folder, `${basename(file, '.c')}${level}.wasm`);
  const compiled = promisify(execFile)('clang-19', [file, level, ...FLAGS, '-o', output]);
  return compiled.then(
    () => new Uint8Array(readFileSync(output)),
    () => undefined,
  );
}

async function findingsOf(file: string, level: string): Promise<string[] | undefined> {
  const module = await compile(file, level);
  if (!module) return undefined;
  const name = basename(file, '.c');
  const { findings, ...checked } = await runC(module);
  const plain = await runOriginal(module).catch((trap: Error) => ({ exitCode: undefined, trap, output: '' }));
  if (!TELLS_ADDRESSES.includes(name)) expect(endOf(checked), name).toEqual(endOf(plain));
  return findings.map(({ title }) => `${name} ${title}`);
}

/** How it ended, and what it printed unless it trapped: that was not kept. */
function endOf({ exitCode, output }: Omit<Outcome, 'findings' | 'trap'>): object {
  return exitCode === undefined ? { trapped: true } : { exitCode, output };
}

describe.skipIf(gccMissing)("GCC's programs", () => {
  // Optimising takes clang longer than all the rest: one in four must do.
  test.each([
    ['-O0', 1],
    ['-O2', 4],
  ])('%s', async (level, every) => {
    const suite = gccTests('gcc.c-torture/execute');
    const files = readdirSync(suite).filter((name, i) => name.endsWith('.c') && i % every === 0);
    const found = new Set<string>();
    let ran = 0;
    const work = async () => {
      for (let name = files.pop(); name; name = files.pop()) {
        const findings = await findingsOf(join(suite, name), level);
        if (findings) ran++;
        for (const finding of findings ?? []) found.add(finding);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    expect(ran).toBeGreaterThan(1400 / every);
    const wrong = [...OVERFLOWS, ...Object.keys(WRONG)];
    expect([...found].filter((finding) => !wrong.includes(finding.split(' ')[0]!))).toEqual([]);
    // Optimised, most take less room, and the engine's trap is all that tells of the others.
    const titles = [
      ...OVERFLOWS.map((name) => `${name} stack-overflow`),
      ...Object.entries(WRONG).map((w) => w.join(' ')),
    ];
    if (level === '-O0') expect([...found].sort()).toEqual(titles.sort());
  });
});
