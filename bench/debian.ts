// Source trees of Debian's packages, so that nobody's code lives in this repository. Where apt-get or the network is
// missing, the programs made of them are left out, and the tables say so.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache.ts';

const FOLDER = join(CACHE, 'debian');
/** Bytes a command may print: LLVM's archive has 150,000 files. */
const LONGEST_LIST = 64 << 20;
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

/**
 * The unpacked tree of a Debian source package, as its authors released it or with Debian's patches, or only the folder `part`
 * of it, as they did; or the reason why there is none.
 */
export function debianSource(name: string, patched = false, part = ''): { folder: string } | { reason: string } {
  mkdirSync(join(FOLDER, 'lists/partial'), { recursive: true });
  const which = part === '' ? '' : `.${part.replaceAll('/', '-')}`;
  const mark = join(FOLDER, `${name}${which}.${patched ? 'patched' : 'unpacked'}`);
  try {
    if (!existsSync(mark)) fetch(name, mark, patched, part);
    return { folder: join(FOLDER, readFileSync(mark, 'utf8')) };
  } catch (error) {
    return { reason: String((error as Error).message).split('\n')[0]! };
  }
}

function fetch(name: string, mark: string, patched: boolean, part: string): void {
  writeFileSync(join(FOLDER, 'src.sources'), RELEASE);
  if (!readdirSync(join(FOLDER, 'lists')).some((f) => f.endsWith('Sources') || f.includes('source_Sources'))) {
    apt('update');
  }
  apt('source', '--download-only', '--tar-only', name);
  const archive = downloaded(name, /\.orig\.tar\.(gz|bz2|xz)$/);
  const top = run('tar', ['tf', archive]).split('/')[0]!;
  const parent = patched ? `${name}-patched` : '.';
  mkdirSync(join(FOLDER, parent), { recursive: true });
  run('tar', ['xf', archive, '-C', parent, ...(part === '' ? [] : [join(top, part)])]);
  if (patched) applyPatches(name, join(parent, top));
  for (const [command, ...args] of PREPARE[name] ?? []) run(command, args, join(FOLDER, parent, top));
  writeFileSync(mark, join(parent, top, part));
}

/** What Debian changed, in the order it is applied. */
function applyPatches(name: string, folder: string): void {
  apt('source', '--download-only', '--diff-only', name);
  run('tar', ['xf', downloaded(name, /\.debian\.tar\.(gz|bz2|xz)$/), '-C', folder]);
  const patches = join(FOLDER, folder, 'debian/patches');
  if (!existsSync(join(patches, 'series'))) return;
  const series = readFileSync(join(patches, 'series'), 'utf8');
  for (const file of series.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    run('patch', ['-p1', '-s', '-d', folder, '-i', join(patches, file.trim())]);
  }
}

function downloaded(name: string, ending: RegExp): string {
  const file = readdirSync(FOLDER).find((f) => f.startsWith(`${name}_`) && ending.test(f));
  if (!file) throw new Error(`no archive of ${name} arrived`);
  return file;
}

function apt(...args: string[]): void {
  const places = [
    `Dir::Etc::SourceList=${FOLDER}/src.sources`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${FOLDER}/lists`,
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...places, ...args]);
}

function run(command: string, args: readonly string[], cwd = FOLDER): string {
  return String(execFileSync(command, args, { cwd, maxBuffer: LONGEST_LIST, stdio: ['ignore', 'pipe', 'pipe'] }));
}
