// Every conformance program of the project, and every example in C: the first finding is the same with all checks and with
// those the elimination leaves.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPrograms } from '../conformance/expectations.ts';
import { compileC } from '../support/compile-c.ts';
import { findingText, runInstrumented } from '../support/run-instrumented.ts';

interface Program {
  readonly file: string;
  readonly source: string;
  readonly flags: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly levels?: readonly string[] | undefined;
}

const LEVELS = ['-O0', '-O2'];

function folder(name: string): Program[] {
  const url = new URL(`../conformance/${name}/`, import.meta.url);
  const names = readdirSync(url).filter((file) => file.endsWith('.h'));
  const headers = Object.fromEntries(names.map((file) => [file, readFileSync(new URL(file, url), 'utf8')]));
  return readPrograms(url).map((program) => ({ ...program, headers }));
}

function examples(): Program[] {
  const url = new URL('../../examples/', import.meta.url);
  return readdirSync(url, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(new URL(`${entry.name}/`, url)).includes('main.c'))
    .map(({ name }) => ({
      file: `${name}.c`,
      source: readFileSync(new URL(`${name}/main.c`, url), 'utf8'),
      flags: [],
      headers: {},
    }));
}

async function firstFinding(module: Uint8Array, elide: boolean) {
  const run = await runInstrumented(module, {}, { elide });
  const [report] = run.findings;
  if (!report) return { exitCode: run.exitCode, stdout: run.stdout };
  return { text: findingText(report), top: report.stack[0] };
}

const programs = [...folder('kasan'), ...examples()];

describe.each(programs)('$file', ({ file, source, flags, headers, levels }) => {
  test.each(levels ?? LEVELS)('%s', async (level) => {
    const module = await compileC({ file, source, flags: [level, '-g', ...flags], headers });
    expect(await firstFinding(module, true)).toEqual(await firstFinding(module, false));
  });
});
