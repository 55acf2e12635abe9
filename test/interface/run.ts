// Runs a C program that calls the sanitizer interface, whose functions it imports with the types of the table.

import { readFileSync } from 'node:fs';
import { runCommand } from '../../host/run.ts';
import { asanText, type InstrumentOptions, instrument, PLAIN_STYLE, type Report } from '../../index.ts';
import { INTERFACE, namesOf } from '../../instrument/interface-table.ts';
import { loadDefaults } from '../../module-defaults.ts';
import { compileC } from '../support/compile-c.ts';
import { ScratchFile } from '../support/scratch-file.ts';

const C_TYPES: Readonly<Record<string, string>> = { P: 'size_t', i32: 'int', i64: 'long long' };

/** A prototype of every function, each an import. */
export const PROTOTYPES: string = INTERFACE.flatMap(([, rows]) =>
  rows.flatMap((row) => namesOf(row).map((name) => prototype(name, row.type))),
).join('\n');

function prototype(name: string, type: string): string {
  const [, params, result] = /^\((.*)\)(?: -> (\w+))?$/.exec(type)!;
  const list = params ? params.split(', ').map((each) => C_TYPES[each.split(' ').at(-1)!]!) : ['void'];
  return `__attribute__((import_module("env"), import_name("${name}"))) ${result ? C_TYPES[result] : 'void'} ${name}(${list});`;
}

const HEAD = `
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define EXPORT(name) __attribute__((export_name(name)))
#define NOINLINE __attribute__((noinline))
#define A(p) ((size_t)(p))
static void *volatile sink;
NOINLINE static void *keep(void *p) { sink = p; void *q = sink; sink = 0; return q; }
NOINLINE static void wipe(void) { volatile char dirt[4096]; memset((char *)dirt, 0, sizeof dirt); }
${PROTOTYPES}
`;

export const compile = (source: string, flags: readonly string[] = ['-O1', '-g']): Promise<Uint8Array> =>
  compileC({ file: 'interface.c', source: HEAD + source, flags });

export interface Ran {
  /** What the program printed itself, and what it had printed. */
  readonly output: string;
  readonly said: string;
  readonly findings: readonly Report[];
  readonly texts: readonly string[];
  /** Searches for leaks: blocks in each, and whether it was the last. */
  readonly leaks: readonly string[];
  readonly exitCode: number | undefined;
  readonly leaksChecked: boolean;
}

export async function run(source: string, options: InstrumentOptions = {}, flags?: readonly string[]): Promise<Ran> {
  const original = await compile(source, flags);
  const { bytes } = instrument(original, { host: true, ...options });
  const stdout = new ScratchFile();
  const said: string[] = [];
  const texts: string[] = [];
  const leaks: string[] = [];
  try {
    const { exitCode, sanitizer } = await runCommand({
      ...loadDefaults(original),
      original,
      instrumented: bytes,
      moduleName: 'interface.wasm',
      stdout: stdout.descriptor,
      print: (text) => void said.push(text),
      onFinding: (report) => {
        texts.push(asanText(report, PLAIN_STYLE));
        return undefined;
      },
      onLeaks: ({ report }, isFinal) => {
        leaks.push(`${isFinal ? 'final' : 'recoverable'}: ${report?.leaks.length ?? 0}`);
        return undefined;
      },
    });
    const { findings, leaksChecked } = sanitizer;
    return { output: stdout.text(), said: said.join(''), findings, texts, leaks, exitCode, leaksChecked };
  } finally {
    stdout.close();
  }
}

/** Functions that compiler-rt 19 declares, by header. */
export function upstreamFunctions(): { header: string; name: string }[] {
  const lines = readFileSync(new URL('upstream-functions.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [header, name] = line.split(' ') as [string, string];
    return { header, name };
  });
}
