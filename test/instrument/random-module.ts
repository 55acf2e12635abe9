// Random valid modules with every proposal both engines know, made from a seed by Binaryen's own fuzzer, and a way to run
// all their exports and write down everything that can be seen.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseModule } from '../../instrument/wasm/module.ts';

const WASM_OPT = fileURLToPath(new URL('../../node_modules/binaryen/bin/wasm-opt', import.meta.url));
const FEATURES = [
  'simd', 'threads', 'exception-handling', 'bulk-memory', 'multimemory', 'reference-types', 'multivalue', 'tail-call',
  'nontrapping-float-to-int', 'sign-ext', 'mutable-globals',
]; // biome-ignore format: a table

/** The module of a seed. */
export function randomModule(seed: number, size = 4000): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-random-'));
  try {
    let state = seed;
    const bytes = Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
    const input = join(folder, 'seed');
    const output = join(folder, 'module.wasm');
    writeFileSync(input, bytes);
    const enabled = FEATURES.map((name) => `--enable-${name}`);
    const { status, stderr } = spawnSync(process.execPath, [WASM_OPT, input, '-ttf', ...enabled, '-o', output]);
    if (status !== 0) throw new Error(`seed ${seed}: ${stderr}`);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Newer than TypeScript's declarations. */
const { Tag, JSTag } = WebAssembly as unknown as {
  Tag: new (type: { parameters: string[] }) => WebAssembly.ImportValue;
  JSTag: WebAssembly.ImportValue;
};

/** Imports that only write down how they are called. */
export function loggingImports(original: Uint8Array, log: unknown[]): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  const module = new WebAssembly.Module(original as BufferSource);
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    if (kind === 'function') {
      imports[from][name] = (...args: unknown[]) => {
        log.push([name, ...args.map((a) => (typeof a === 'function' || typeof a === 'object' ? typeof a : a))]);
        if (name === 'throw') throw new Error('thrown by the host');
        return 0;
      };
    } else if (kind === 'global') imports[from][name] = null as unknown as WebAssembly.ImportValue;
    else if (name === 'wasmtag') imports[from][name] = new Tag({ parameters: ['i32'] });
    else if (name === 'jstag') imports[from][name] = JSTag;
  }
  return imports;
}

/** Calls every exported function once, with ones for arguments; returns what came of it. */
export function callExports(original: Uint8Array, exports: Record<string, unknown>): unknown[] {
  const module = parseModule(original);
  return module.exports
    .filter((e) => e.kind === 0)
    .map(({ name, index }) => {
      const type = module.types[module.functions[index]!]!;
      const args = type.params.map((t) => (t === 0x7e ? 1n : t >= 0x7c && t <= 0x7f ? 1 : null));
      try {
        const result = (exports[name] as (...a: unknown[]) => unknown)(...args);
        return [name, typeof result === 'function' || typeof result === 'object' ? String(result) : result];
      } catch (error) {
        return [name, (error as Error).constructor.name];
      }
    });
}
