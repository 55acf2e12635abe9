// Benchmark programs built from Debian's source packages, so that nobody's code lives in this repository. Where apt-get
// or the network is missing the programs are left out, and the table says so.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands } from '@yowasp/clang';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/wasan/debian/', import.meta.url));
const RELEASE = `Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

/** The unpacked tree of a Debian source package, or undefined with the reason. */
export function debianSource(name: string): { folder: string } | { reason: string } {
  mkdirSync(join(CACHE, 'lists/partial'), { recursive: true });
  const mark = join(CACHE, `${name}.unpacked`);
  try {
    if (!existsSync(mark)) fetch(name, mark);
    return { folder: join(CACHE, readFileSync(mark, 'utf8')) };
  } catch (error) {
    return { reason: String((error as Error).message).split('\n')[0]! };
  }
}

function fetch(name: string, mark: string): void {
  writeFileSync(join(CACHE, 'src.sources'), RELEASE);
  const places = [
    `Dir::Etc::SourceList=${CACHE}src.sources`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${CACHE}lists`,
  ].flatMap((option) => ['-o', option]);
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { cwd: CACHE, stdio: ['ignore', 'pipe', 'pipe'] });
  if (!readdirSync(join(CACHE, 'lists')).some((f) => f.endsWith('Sources') || f.includes('source_Sources'))) {
    run('apt-get', [...places, 'update']);
  }
  run('apt-get', [...places, 'source', '--download-only', name]);
  const archive = readdirSync(CACHE).find((f) => f.startsWith(`${name}_`) && /\.orig\.tar\.(gz|bz2|xz)$/.test(f));
  if (!archive) throw new Error(`no archive of ${name} arrived`);
  const top = String(run('tar', ['tf', archive])).split('/')[0]!;
  run('tar', ['xf', archive]);
  writeFileSync(mark, top);
}

/** Compiles C files (all headers of their folders beside them) and a driver of bench/programs/ to a reactor. */
export async function buildProgram(
  driver: string,
  folders: readonly string[],
  pick: (file: string) => boolean,
  flags: readonly string[],
): Promise<Uint8Array> {
  const tree: Record<string, string> = {
    [driver]: readFileSync(new URL(`programs/${driver}`, import.meta.url), 'utf8'),
  };
  const sources = [driver];
  for (const folder of folders) {
    for (const file of readdirSync(folder)) {
      if (!/\.[ch]$/.test(file) || (file.endsWith('.c') && !pick(file))) continue;
      tree[file] = readFileSync(join(folder, file), 'latin1');
      if (file.endsWith('.c')) sources.push(file);
    }
  }
  const args = ['-O2', '-w', '-mexec-model=reactor', ...flags, '-I.', ...sources, '-o', 'out.wasm'];
  const out = await commands.clang(args, tree, { fetchProgress: () => {} });
  return (out as Record<string, Uint8Array>)['out.wasm']!;
}
