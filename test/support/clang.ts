// Runs clang for WASI in this process. The first run in a process takes seconds, because the engine compiles clang itself.

import { extname } from 'node:path';
import { type RunOptions, runLLVM, type Tree } from '@yowasp/clang';

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

/** Stands for the source's name in the commands that are kept. */
const ANY = 'any-source';
/** A word of a command as the driver prints it, quoted where it must be. */
const WORD = / (?:([^ "]+)|"((?:[^"\\$]|\\["\\$])*)")/g;

/** Throws with what clang said. */
export async function clang({ file, source, flags, headers = {} }: CompileOptions): Promise<Uint8Array> {
  const messages: string[] = [];
  try {
    let files: Tree = { ...(headers as Tree), [file]: source };
    for (const command of await commandsOf(extname(file), flags, headers as Tree, messages)) {
      const words = command.map((word) => (word === ANY + extname(file) ? file : word));
      files = (await runLLVM(words, files, listen(messages))) as Tree;
    }
    return files['a.wasm'] as Uint8Array;
  } catch (cause) {
    throw new Error(`clang ${flags.join(' ')} ${file} failed:\n${messages.join('')}`, { cause });
  }
}

const kept = new Map<string, readonly string[][]>();

/** What the driver would run. It is asked once for all sources with the same flags: that is a third of a compilation. */
async function commandsOf(
  extension: string,
  flags: readonly string[],
  headers: Tree,
  messages: string[],
): Promise<readonly string[][]> {
  const key = JSON.stringify([extension, flags, Object.keys(headers)]);
  const known = kept.get(key);
  if (known) return known;
  // Without this the first run would show how far its download is.
  await runLLVM(undefined, undefined, { fetchProgress: () => {} });
  const driver = extension === '.c' ? ['clang'] : ['clang++', '-fno-exceptions'];
  const args = [...driver, '-###', ...flags, ANY + extension, '-o', 'a.wasm'];
  await runLLVM(args, { ...headers, [ANY + extension]: '' }, listen(messages));
  const lines = messages.splice(0).join('').split('\n');
  const commands = lines.filter((line) => line.startsWith(' "')).map(wordsOf);
  kept.set(key, commands);
  return commands;
}

/** The first word is empty where the driver would call itself. */
function wordsOf(line: string): string[] {
  const words = Array.from(line.matchAll(WORD), ([, plain, quoted]) => plain ?? quoted!.replace(/\\(["\\$])/g, '$1'));
  return words[0] === '' ? words.slice(1) : words;
}

function listen(messages: string[]): RunOptions {
  const decoder = new TextDecoder();
  const add = (bytes: Uint8Array | null): void => {
    if (bytes) messages.push(decoder.decode(bytes, { stream: true }));
  };
  return { fetchProgress: () => {}, stdout: add, stderr: add };
}
