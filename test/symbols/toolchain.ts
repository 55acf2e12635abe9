// Compiles C and C++ in process and asks LLVM's own tools the questions that the symbolizer answers.

import { commands, type RunOptions, runLLVM, type Tree } from '@yowasp/clang';

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
  try {
    return { files: (await command(args, files, options)) as Tree, output };
  } catch (cause) {
    throw new Error(`${args.join(' ')}: ${cause}\n${errors}`);
  }
}

/** The module that `clang args... <file>` makes. */
export async function compile(file: string, source: string, args: string[]): Promise<Uint8Array> {
  const command = file.endsWith('.c') ? commands.clang : commands['clang++'];
  const { files } = await run(command as Command, [...args, file, '-o', 'a.wasm'], { [file]: source });
  return files['a.wasm'] as Uint8Array;
}

export async function strip(module: Uint8Array, args: string[]): Promise<Uint8Array> {
  const { files } = await run(commands.objcopy as Command, [...args, 'a.wasm', 'b.wasm'], { 'a.wasm': module });
  return files['b.wasm'] as Uint8Array;
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
