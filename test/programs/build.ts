// Builds programs of Debian's source packages for WASI, several files and folders each: with Debian's clang and wasi-libc, or
// with the clang that npm installs. Results are kept under node_modules/.cache by the content of everything that went in.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands, runLLVM, type Tree } from '@yowasp/clang';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/wasan/programs/', import.meta.url));

/** Of the package that the product itself uses. */
const WASM_OPT = fileURLToPath(new URL('../../node_modules/binaryen/bin/wasm-opt', import.meta.url));

/** Among the flags: let Debian's clang run wasm-opt, which spoils names and debug information as it does for anybody. */
export const LINK_OPTIMISED = 'link with -O';

/** 'debian' compiles in seconds what takes 'npm' minutes; 'npm' knows setjmp and longjmp. */
export type Toolchain = 'debian' | 'npm';

/** The C and C++ sources and headers below a folder, as clang takes them. */
export function sourceTree(folder: string): Tree {
  const tree: Tree = {};
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) tree[entry.name] = sourceTree(path);
    else if (/\.(c|h|cc|cpp|hpp)$/.test(entry.name)) tree[entry.name] = readFileSync(path);
  }
  return tree;
}

/** Why this machine cannot build with Debian's clang, if it cannot. */
export function debianToolchainMissing(): string | undefined {
  if (!existsSync('/usr/bin/clang-19') || !existsSync('/usr/bin/wasm-ld-19'))
    return "Debian's clang-19 or lld-19 is missing";
  if (!existsSync('/usr/lib/llvm-19/lib/clang/19/lib/wasi')) return "Debian's libclang-rt-19-dev-wasm32 is missing";
  return existsSync('/usr/lib/wasm32-wasi/libc.a') ? undefined : "Debian's wasi-libc is missing";
}

export interface Sources {
  readonly tree: Tree;
  /** Those to compile. */
  readonly files: readonly string[];
}

/** A WASI command, or what the flags ask for. */
export async function build(
  toolchain: Toolchain,
  { tree, files }: Sources,
  flags: readonly string[],
): Promise<Uint8Array> {
  const path = `${CACHE}${keyOf(tree, [toolchain, ...flags, ...files])}.wasm`;
  if (existsSync(path)) return new Uint8Array(readFileSync(path));
  const module = toolchain === 'debian' ? withDebian(tree, files, flags) : await withNpm(tree, files, flags);
  mkdirSync(CACHE, { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, module);
  renameSync(draft, path);
  return module;
}

/** What Binaryen's wasm-opt makes of a module. */
export function optimise(module: Uint8Array, flags: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-optimise-'));
  const [input, output] = [join(folder, 'in.wasm'), join(folder, 'out.wasm')];
  try {
    writeFileSync(input, module);
    execFileSync(process.execPath, [WASM_OPT, ...flags, input, '-o', output], { stdio: ['ignore', 'ignore', 'pipe'] });
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Linked by a second call, without a level of optimisation unless LINK_OPTIMISED is among the flags: with one, clang runs
 * wasm-opt over the result.
 */
function withDebian(tree: Tree, files: readonly string[], flags: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-build-'));
  const compiler = isCpp(files) ? 'clang++-19' : 'clang-19';
  const run = (...args: readonly string[]) =>
    execFileSync(compiler, ['--target=wasm32-wasi', '-w', ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  try {
    write(folder, tree);
    const ofCompiler = flags.filter((f) => !/^-(l|s$|Wl,)/.test(f) && f !== LINK_OPTIMISED);
    const objects = files.map((file, i) => {
      run(...ofCompiler, '-c', file, '-o', `${i}.o`);
      return `${i}.o`;
    });
    const optimised = flags.includes(LINK_OPTIMISED) ? ofCompiler.filter((f) => f.startsWith('-O')) : [];
    run(...flags.filter((f) => /^-(l|s$|Wl,|mexec)/.test(f)), ...optimised, ...objects, '-o', 'out.wasm');
    return new Uint8Array(readFileSync(join(folder, 'out.wasm')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(folder: string, tree: Tree): void {
  for (const [name, item] of Object.entries(tree)) {
    const path = join(folder, name);
    if (typeof item === 'string' || item instanceof Uint8Array) writeFileSync(path, item);
    else {
      mkdirSync(path);
      write(path, item);
    }
  }
}

async function withNpm(tree: Tree, sources: readonly string[], flags: readonly string[]): Promise<Uint8Array> {
  let messages = '';
  // The driver forgets our fetchProgress, so the tools are fetched before it runs.
  await runLLVM(undefined, undefined, { fetchProgress: () => {} });
  const command = isCpp(sources) ? commands['clang++'] : commands.clang;
  const args = [...flags, '-w', ...sources, '-o', 'out.wasm'];
  try {
    const files = (await command(args, tree, {
      fetchProgress: () => {},
      stdout: () => {},
      stderr: (bytes) => {
        if (bytes) messages += new TextDecoder().decode(bytes);
      },
    })) as Tree;
    return files['out.wasm'] as Uint8Array;
  } catch (cause) {
    throw new Error(`clang ${args.join(' ')} failed:\n${messages}`, { cause });
  }
}

function isCpp(files: readonly string[]): boolean {
  return files.some((a) => /\.(cc|cpp)$/.test(a));
}

function keyOf(tree: Tree, args: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(args));
  const add = (name: string, item: Tree | string | Uint8Array) => {
    hash.update(name);
    if (typeof item === 'string' || item instanceof Uint8Array) hash.update(item);
    else for (const [key, value] of Object.entries(item)) add(`${name}/${key}`, value);
  };
  add('', tree);
  return hash.digest('hex').slice(0, 32);
}
