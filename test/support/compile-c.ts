// Compiles C and C++ in process with clang for WASI. Results are kept by content under node_modules/.cache, so that a
// test compiles only what changed; workers running at once see whole files only.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands, type RunOptions, runLLVM, type Tree } from '@yowasp/clang';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/wasan/', import.meta.url));

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

/** What clang makes of one source file: a WASI command unless the flags say otherwise. */
export async function compileC(options: CompileOptions): Promise<Uint8Array> {
  const path = `${CACHE}${keyOf(options)}.wasm`;
  if (existsSync(path)) return new Uint8Array(readFileSync(path));
  const module = await clang(options);
  mkdirSync(CACHE, { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, module);
  renameSync(draft, path);
  return module;
}

function keyOf(options: CompileOptions): string {
  const { file, source, flags, headers = {} } = options;
  const text = JSON.stringify([compilerVersion(), file, source, flags, headers]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Read from its package: the compiler has no version to ask for without loading its 75 MB. */
function compilerVersion(): string {
  const file = new URL('../../node_modules/@yowasp/clang/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

async function clang({ file, source, flags, headers = {} }: CompileOptions): Promise<Uint8Array> {
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
