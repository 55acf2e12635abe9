// The examples: a folder each, with the source of a program that has one bug, and `expected.txt`, the report of it.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileAssemblyScript } from '../test/support/compile-assemblyscript.ts';
import { compileC } from '../test/support/compile-c.ts';

export interface Example {
  /** The folder. */
  readonly name: string;
  /** "main.c", "main.cpp", or "main.ts" for AssemblyScript. */
  readonly file: string;
  readonly source: string;
  /** What is wrong with it: the comment it opens with. */
  readonly explanation: string;
  /** Flags of `wasan run` without which there is nothing to see. */
  readonly flags: readonly string[];
  readonly expectedPath: string;
}

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  'calloc-overflow': ['--allocator_may_return_null=0'],
};

export function examples(): Example[] {
  const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true }).filter((e) => e.isDirectory());
  return folders.flatMap(({ name }) => readExample(name));
}

/** Nothing for a folder without a program: examples of other things. */
function readExample(name: string): Example[] {
  const folder = new URL(`${name}/`, import.meta.url);
  const file = readdirSync(folder).find((f) => /^main\.(c|cpp|ts)$/.test(f));
  if (file === undefined) return [];
  const source = readFileSync(new URL(file, folder), 'utf8');
  const explanation = source.split('\n', 1)[0]!.replace(/^\/\/ /, '');
  const expectedPath = fileURLToPath(new URL('expected.txt', folder));
  return [{ name, file, source, explanation, flags: FLAGS[name] ?? [], expectedPath }];
}

/** What has to lie in a folder to be run: "main.wasm" and, beside it, what its symbols are in. */
export async function compileExample({ file, source }: Example): Promise<Readonly<Record<string, Uint8Array>>> {
  if (file.endsWith('.ts')) return compileAssemblyScript(file, source);
  return { 'main.wasm': await compileC({ file, source, flags: ['-O0', '-g'] }) };
}

/** What wasan printed, without what differs from run to run. */
export function normalised(text: string): string {
  return text.replace(/==\d+==/g, '==PID==');
}

/** The line that says it all. */
export function summaryOf(text: string): string {
  return /^SUMMARY: AddressSanitizer: (.*)$/m.exec(text)?.[1] ?? 'nothing found';
}
