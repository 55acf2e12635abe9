// What a user's files say: suppressions, ignore lists, tables of host functions. And what symbolize=0 and verbosity mean.

import { type BoundaryTable, parseBoundary, type Symbolizer } from '../host/index.ts';
import { type Options, optionsWithoutEffect } from '../host/options.ts';
import { isIgnored, parseIgnoreList, parseSuppressions, type Suppression } from '../host/report/suppressions.ts';
import { defaultOptions } from '../instrument/default-options.ts';
import type { Inspection, InstrumentOptions } from '../instrument/index.ts';
import type { Flag, Io } from './command.ts';
import { readText } from './module-file.ts';

export const IGNORE_FLAG: Flag = {
  name: '--ignorelist',
  value: 'file',
  repeat: true,
  sentence: "functions to leave unchecked, in clang's format: fun:, src:, and offset:0x12-0x34 of the module",
};

export const BOUNDARY_FLAG: Flag = {
  name: '--boundary',
  value: 'file.json',
  repeat: true,
  sentence: 'what imported functions do with memory, beside WASI',
};

type Values = ReadonlyMap<string, readonly string[]>;

/** Suppressions of findings and of leaks, in files and in the module itself; a line of either sort may stand in either file. */
export function suppressionsOf(options: Options, module?: Uint8Array): Suppression[] {
  const files = [options.suppressions, options.leak_suppressions].filter((path) => path !== '');
  const own = module ? parseSuppressions(defaultOptions(module).suppressions) : [];
  return [...files.flatMap((path) => parseSuppressions(readText(path))), ...own];
}

export function boundaryOf(values: Values): BoundaryTable {
  const tables = (values.get('--boundary') ?? []).map((path) => parseBoundary(readText(path)));
  const merged: Record<string, BoundaryTable[string]> = {};
  for (const table of tables) {
    for (const [module, rows] of Object.entries(table)) merged[module] = { ...merged[module], ...rows };
  }
  return merged;
}

/** Asks the ignore lists about a function under each of its names and files. */
export function ignoreOf(values: Values, symbolizer: Symbolizer): Pick<InstrumentOptions, 'ignore'> {
  const lists = (values.get('--ignorelist') ?? []).map((path) => parseIgnoreList(readText(path)));
  if (lists.length === 0) return {};
  return {
    ignore: ({ index, name, start, end }) => {
      const frame = symbolizer.frames(start).at(-1)?.file ? start : end - 1;
      const file = symbolizer.frames(frame).at(-1)?.file;
      const subject = { extent: [start, end] as const, ...(file === undefined ? {} : { file }) };
      const names = [symbolizer.functionName(index), ...(name === undefined ? [] : [name])];
      return lists.some((list) => names.some((each) => isIgnored(list, { ...subject, function: each })));
    },
  };
}

/** What symbolize=0 and symbolize_inline_frames=0 leave of the symbols. */
export function symbolizerUnder(options: Options, symbolizer: Symbolizer): Symbolizer {
  if (!options.symbolize) return withoutNames(symbolizer);
  if (options.symbolize_inline_frames) return symbolizer;
  return {
    frames: (offset) => symbolizer.frames(offset).slice(-1),
    functionName: (index) => symbolizer.functionName(index),
    functionIndexAt: (offset) => symbolizer.functionIndexAt(offset),
    stackFrame: (index) => symbolizer.stackFrame(index),
    globals: () => symbolizer.globals(),
    localName: (func, local) => symbolizer.localName(func, local),
    source: (file) => symbolizer.source?.(file),
    info: symbolizer.info,
    staleDwarf: symbolizer.staleDwarf,
  };
}

/** symbolize=0: offsets alone. */
function withoutNames(symbolizer: Symbolizer): Symbolizer {
  return {
    frames: (offset) => [{ function: '', offset, functionIndex: symbolizer.functionIndexAt(offset) }],
    functionName: () => '',
    functionIndexAt: (offset) => symbolizer.functionIndexAt(offset),
    stackFrame: () => undefined,
    globals: () => [],
    localName: () => undefined,
    info: 'stripped',
    staleDwarf: false,
  };
}

/** verbosity=1: what was found in the module and what is off; 2: by which evidence; 3: every library function. */
export function verboseText(
  inspection: Inspection,
  options: Options,
  info: Symbolizer['info'],
  env: Io['env'],
): string {
  const { allocator, libc, stackPointer, skips } = inspection;
  const count = (skip: string): number => skips.filter((s) => s === skip).length;
  const idle = optionsWithoutEffect(`${env.ASAN_OPTIONS ?? ''} ${env.LSAN_OPTIONS ?? ''}`);
  const off = Object.entries(options).filter(([name, value]) => value === false && !/^(help|print_)/.test(name));
  const roles = allocator.functions.map(
    (f) => `${f.role.role} = ${f.name}${options.verbosity > 1 ? ` (${f.how})` : ''}`,
  );
  const lines = [
    `symbols: ${info}`,
    `allocator: ${roles.join(', ') || (allocator.refused ?? 'none found')}`,
    `functions: ${count('checked')} checked, ${count('allocator')} of the allocator, ${count('libc')} of the C library, ${count('ignored')} ignored`,
    `stack pointer: ${stackPointer ? `global ${stackPointer.global}${options.verbosity > 1 ? ` (${stackPointer.how})` : ''}` : 'none found'}`,
    `switched off: ${off.map(([name]) => name).join(', ') || 'nothing'}`,
  ];
  if (idle.length > 0) lines.push(`options without effect (docs/OPTIONS.md): ${idle.join(', ')}`);
  if (options.verbosity > 2) lines.push(`C library: ${libc.functions.map((f) => f.name).join(', ') || 'none found'}`);
  return lines.map((line) => `wasan: ${line}\n`).join('');
}
