// Compiles C and C++ in process and asks LLVM's own tools the questions that the symbolizer answers.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { commands, type RunOptions, runLLVM, type Tree } from '@yowasp/clang';
import { ByteReader } from '../../host/symbols/byte-reader.ts';
import { joined } from '../../instrument/wasm/bytes.ts';

type Command = (args: string[], files: Tree, options: RunOptions) => unknown;

async function run(
  command: Command,
  args: string[],
  files: Tree,
  stdin = '',
): Promise<{ files: Tree; output: string }> {
  const decoder = new TextDecoder();
  let output = '';
  let errors = '';
  let input = new TextEncoder().encode(stdin);
  const options: RunOptions = {
    fetchProgress: () => {},
    stdin: (byteLength) => {
      const part = input.subarray(0, byteLength);
      input = input.subarray(byteLength);
      return part.length > 0 ? part : null;
    },
    stdout: (bytes) => {
      if (bytes) output += decoder.decode(bytes, { stream: true });
    },
    stderr: (bytes) => {
      if (bytes) errors += decoder.decode(bytes);
    },
  };
  // The clang driver forgets our fetchProgress, so the tools are fetched before it runs.
  await runLLVM(undefined, undefined, { fetchProgress: () => {} });
  try {
    return { files: (await command(args, files, options)) as Tree, output };
  } catch (cause) {
    throw new Error(`${args.join(' ')}: ${cause}\n${errors}`);
  }
}

const CACHE = new URL('../../build/cache/symbols/', import.meta.url);

/** The module that `clang args... <file>` makes; kept by its source, so that a test compiles only what changed. */
export async function compile(file: string, source: string, args: string[]): Promise<Uint8Array> {
  const key = createHash('sha256')
    .update(JSON.stringify([file, source, args]))
    .digest('hex')
    .slice(0, 24);
  const cached = new URL(`${key}.wasm`, CACHE);
  if (existsSync(cached)) return new Uint8Array(readFileSync(cached));
  const command = file.endsWith('.c') ? commands.clang : commands['clang++'];
  const { files } = await run(command as Command, [...args, file, '-o', 'a.wasm'], { [file]: source });
  const module = files['a.wasm'] as Uint8Array;
  mkdirSync(CACHE, { recursive: true });
  const partial = new URL(`${key}.${process.pid}`, CACHE);
  writeFileSync(partial, module);
  renameSync(partial, cached);
  return module;
}

/** The module without the sections that `isDropped` picks; custom ones have id 0 and a name. */
export function dropSections(module: Uint8Array, isDropped: (id: number, name: string) => boolean): Uint8Array {
  const kept = [module.subarray(0, 8)];
  const reader = new ByteReader(module, 8);
  while (!reader.atEnd) {
    const start = reader.position;
    const id = reader.u8();
    const body = new ByteReader(reader.take(reader.uleb()));
    const name = id === 0 ? body.text(body.uleb()) : '';
    if (!isDropped(id, name)) kept.push(module.subarray(start, reader.position));
  }
  return joined(kept);
}

export function addCustomSection(module: Uint8Array, name: string, payload: Uint8Array): Uint8Array {
  const title = withLength(new TextEncoder().encode(name));
  return joined([module, Uint8Array.of(0), withLength(joined([title, payload]))]);
}

/** Behind its LEB128 byte count. */
export function withLength(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest & 127) | 128);
  }
  return joined([Uint8Array.from(length), bytes]);
}

export interface ReferenceFrame {
  FunctionName: string;
  FileName: string;
  Line: number;
  Column: number;
}

/** llvm-symbolizer's answer for each address, which counts from the start of the code section's payload. */
export async function symbolize(module: Uint8Array, addresses: number[], args: string[]): Promise<ReferenceFrame[][]> {
  const all = ['llvm-symbolizer', '--obj=a.wasm', '--output-style=JSON', '--inlines', ...args];
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
  const { output } = await run(runLLVM as Command, all, { 'a.wasm': module }, input);
  return output
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { Symbol: ReferenceFrame[] }).Symbol);
}

export async function cxxfilt(names: string[]): Promise<string[]> {
  const { output } = await run(commands['c++filt'] as Command, [], {}, names.map((name) => `${name}\n`).join(''));
  return output.trimEnd().split('\n');
}

export async function nm(module: Uint8Array, args: string[]): Promise<string> {
  return (await run(runLLVM as Command, ['llvm-nm', ...args, 'a.wasm'], { 'a.wasm': module })).output;
}
