// Runs clang for WASI in this process. The first run in a process takes seconds, because the engine compiles clang itself.

import { extname } from 'node:path';
import { commands, type RunOptions, runLLVM, type Tree } from '@yowasp/clang';

/** Files by name; a folder is a tree of its own. */
export interface SourceTree {
  readonly [name: string]: string | SourceTree;
}

export interface CompileOptions {
  /** The name debug information gives the source: "program.c"; `.c` selects C, anything else C++. */
  readonly file: string;
  readonly source: string;
  /** Flags of clang: `-O2`, `-g`. */
  readonly flags: readonly string[];
  /** Headers beside the source, and further sources that the flags name. */
  readonly headers?: SourceTree;
}

/** Throws with what clang said. */
export async function clang({ file, source, flags, headers = {} }: CompileOptions): Promise<Uint8Array> {
  let messages = '';
  const options: RunOptions = {
    fetchProgress: () => {},
    stdout: () => {},
    stderr: (bytes) => {
      if (bytes) messages += new TextDecoder().decode(bytes);
    },
  };
  // The driver forgets our fetchProgress, so the tools are fetched before it runs.
  await runLLVM(undefined, undefined, { fetchProgress: () => {} });
  const command = extname(file) === '.c' ? commands.clang : commands['clang++'];
  const plain = extname(file) === '.c' ? [] : ['-fno-exceptions'];
  try {
    const files = (await command(
      [...plain, ...flags, file, '-o', 'a.wasm'],
      { ...(headers as Tree), [file]: source },
      options,
    )) as Tree;
    return files['a.wasm'] as Uint8Array;
  } catch (cause) {
    throw new Error(`clang ${flags.join(' ')} ${file} failed:\n${messages}`, { cause });
  }
}
