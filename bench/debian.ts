// Source trees of Debian's packages, so that nobody's code lives in this repository. Where apt-get or the network is
// missing, the programs made of them are left out, and the tables say so.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache.ts';

const FOLDER = join(CACHE, 'debian');
const RELEASE = `Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

/** What must be made in a tree before its sources are all there: SQLite's one big file is put together by its Makefile. */
const PREPARE: Readonly<Record<string, readonly (readonly [command: string, ...args: string[]])[]>> = {
  sqlite3: [
    ['./configure', '--disable-tcl', '--disable-readline'],
    ['make', 'sqlite3.c'],
  ],
};

/** The unpacked tree of a Debian source package, or the reason why there is none. */
export function debianSource(name: string): { folder: string } | { reason: string } {
  mkdirSync(join(FOLDER, 'lists/partial'), { recursive: true });
  const mark = join(FOLDER, `${name}.unpacked`);
  try {
    if (!existsSync(mark)) fetch(name, mark);
    return { folder: join(FOLDER, readFileSync(mark, 'utf8')) };
  } catch (error) {
    return { reason: String((error as Error).message).split('\n')[0]! };
  }
}

function fetch(name: string, mark: string): void {
  writeFileSync(join(FOLDER, 'src.sources'), RELEASE);
  const places = [
    `Dir::Etc::SourceList=${FOLDER}/src.sources`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${FOLDER}/lists`,
  ].flatMap((option) => ['-o', option]);
  const run = (command: string, args: readonly string[], cwd = FOLDER) =>
    execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  if (!readdirSync(join(FOLDER, 'lists')).some((f) => f.endsWith('Sources') || f.includes('source_Sources'))) {
    run('apt-get', [...places, 'update']);
  }
  run('apt-get', [...places, 'source', '--download-only', name]);
  const archive = readdirSync(FOLDER).find((f) => f.startsWith(`${name}_`) && /\.orig\.tar\.(gz|bz2|xz)$/.test(f));
  if (!archive) throw new Error(`no archive of ${name} arrived`);
  const top = String(run('tar', ['tf', archive])).split('/')[0]!;
  run('tar', ['xf', archive]);
  for (const [command, ...args] of PREPARE[name] ?? []) run(command, args, join(FOLDER, top));
  writeFileSync(mark, top);
}
