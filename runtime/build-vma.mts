// Builds the stand-alone VMA module: buildVma() gives its bytes, run directly it writes build/vma.wasm. The variant with
// switchable wrong rules is for tests and never written by `npm run build`.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { main } from 'assemblyscript/asc';

const RUNTIME = new URL('./', import.meta.url);
const BUILD = new URL('../build/', import.meta.url);

export interface VmaBuild {
  /** Compiles the rules so that tests can make one wrong at a time. */
  mutants?: boolean;
}

function fileFor(name: string, build: VmaBuild): string {
  if (name === 'vma-seam.ts') return 'vma-seam-alone.ts';
  return build.mutants && name === 'vma-mutant.ts' ? 'vma-mutant-on.ts' : name;
}

function sourceOf(name: string, build: VmaBuild): string | null {
  try {
    const text = readFileSync(new URL(fileFor(name, build), RUNTIME), 'utf8');
    return build.mutants && name === 'vma-index.ts' ? `${text}export { vma_set_mutant } from './vma-mutant';\n` : text;
  } catch {
    return null;
  }
}

function fingerprint(build: VmaBuild): string {
  const hash = createHash('sha256').update(JSON.stringify(build));
  const names = readdirSync(fileURLToPath(RUNTIME)).filter((name) => /^vma.*\.ts$|^build-vma/.test(name));
  for (const name of names.sort()) hash.update(name).update(readFileSync(new URL(name, RUNTIME)));
  return hash.digest('hex').slice(0, 16);
}

async function compile(build: VmaBuild): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    ['vma-index.ts', '-o', 'out.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--memoryBase', '4096'],
    {
      readFile: (name) => sourceOf(name, build),
      writeFile: (name, contents) => {
        if (name === 'out.wasm') binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`the VMA module does not compile: ${stderr.toString()}`);
  return binary;
}

/** The module's bytes, compiled once per state of its sources. */
export async function buildVma(build: VmaBuild = {}): Promise<Uint8Array> {
  const cached = new URL(`cache/vma-${fingerprint(build)}.wasm`, BUILD);
  try {
    return readFileSync(cached);
  } catch {
    const binary = await compile(build);
    mkdirSync(new URL('cache/', BUILD), { recursive: true });
    const partial = new URL(`${cached.href}.${process.pid}`);
    writeFileSync(partial, binary);
    renameSync(partial, cached); // two test processes may build at once
    return binary;
  }
}

/** Writes build/vma.wasm, which `wasan vma` loads. */
export async function writeVma(): Promise<void> {
  const binary = await buildVma();
  mkdirSync(BUILD, { recursive: true });
  const partial = new URL(`vma.wasm.${process.pid}`, BUILD);
  writeFileSync(partial, binary);
  renameSync(partial, new URL('vma.wasm', BUILD));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await writeVma();
