// Builds the runtime, once per mapping and address width, with AssemblyScript's own compiler in this process:
// build/runtime-{flat,paged}{32,64}.wasm and build/runtime-shared32.wasm. Skips a variant whose sources have not changed since.
//
// A variant is chosen by which of two files with the same exports the compiler gets to read under one name:
//   runtime/mapping  mapping.ts (flat)  or mapping-paged.ts
//   runtime/addr     addr.ts (u32)      or addr64.ts (u64)
//   runtime/thread   thread.ts          or thread-shared.ts, for memory 1 shared between instances, with atomics
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { STATIC_BASE } from './abi.ts';

export const VARIANTS = ['flat32', 'flat64', 'paged32', 'paged64'] as const;
/** For shared memory: the flat mapping alone. */
export const SHARED_VARIANT = 'shared32';
export type Variant = (typeof VARIANTS)[number] | typeof SHARED_VARIANT;

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The file of a variant's module, relative to the package. */
export function runtimePath(variant: Variant): string {
  return join(ROOT, 'build', `runtime-${variant}.wasm`);
}

/** Compiles what is out of date; answers which variants were compiled. */
export async function buildRuntime(variants: readonly Variant[] = [...VARIANTS, SHARED_VARIANT]): Promise<Variant[]> {
  const sources = await readSources();
  const built: Variant[] = [];
  await mkdir(join(ROOT, 'build'), { recursive: true });
  for (const variant of variants) {
    const hash = hashOf(sources, variant);
    const stamp = `${runtimePath(variant)}.hash`;
    if ((await readFile(stamp, 'utf8').catch(() => '')) === hash) continue;
    await writeFile(runtimePath(variant), await compile(sources, variant));
    await writeFile(stamp, hash);
    built.push(variant);
  }
  return built;
}

/** Every source by the name the compiler asks for. */
async function readSources(): Promise<Map<string, string>> {
  const folder = join(ROOT, 'runtime');
  const names = (await readdir(folder)).filter((name) => /\.m?ts$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return new Map(names.map((name, i) => [`runtime/${name}`, texts[i]!]));
}

function hashOf(sources: Map<string, string>, variant: Variant): string {
  const hash = createHash('sha256').update(`${asc.version} ${variant}`);
  for (const [name, text] of sources) hash.update(name).update('\0').update(text);
  return hash.digest('hex');
}

/** The text the compiler gets for a name. */
function resolve(sources: Map<string, string>, variant: Variant, name: string): string | null {
  if (name === 'runtime/mapping.ts' && variant.startsWith('paged')) name = 'runtime/mapping-paged.ts';
  if (name === 'runtime/addr.ts' && variant.endsWith('64')) name = 'runtime/addr64.ts';
  if (name === 'runtime/thread.ts' && variant === SHARED_VARIANT) name = 'runtime/thread-shared.ts';
  return sources.get(name) ?? null;
}

async function compile(sources: Map<string, string>, variant: Variant): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      variant === SHARED_VARIANT ? 'runtime/index-shared.ts' : 'runtime/index.ts',
      ...['--outFile', 'out.wasm', '--runtime', 'stub', '--memoryBase', String(STATIC_BASE), '-O3', '--noAssert'],
      ...['--enable', 'bulk-memory', '--enable', 'sign-extension', '--enable', 'nontrapping-f2i'],
      ...(variant === SHARED_VARIANT ? ['--enable', 'threads'] : []),
      '--debug', // keeps the function names, which traps and stack traces show; no source map is asked for
    ],
    {
      readFile: (name: string) => resolve(sources, variant, name),
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== 'string') output = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !output) throw new Error(`runtime ${variant}: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  return output;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildRuntime();
  process.stdout.write(`runtime: ${built.length ? `built ${built.join(', ')}` : 'up to date'}\n`);
}
