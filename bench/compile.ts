// Compiles the benchmark's own C sources with the toolchain npm installed.

import { readFileSync } from 'node:fs';
import { commands } from '@yowasp/clang';

/** A wasm module from C files of bench/, built as a reactor with exported functions. */
export async function compileReactor(
  sources: readonly string[],
  flags: readonly string[] = ['-O2'],
): Promise<Uint8Array> {
  const tree: Record<string, string> = {};
  for (const name of sources) tree[name] = readFileSync(new URL(name, import.meta.url), 'utf8');
  const names = sources.map((s) => s.split('/').at(-1)!);
  const flat = Object.fromEntries(sources.map((s, i) => [names[i]!, tree[s]!]));
  const args = [...flags, '-mexec-model=reactor', ...names, '-o', 'out.wasm'];
  const out = await commands.clang(args, flat, { fetchProgress: () => {} });
  return (out as Record<string, Uint8Array>)['out.wasm']!;
}
