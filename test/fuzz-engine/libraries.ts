// Fuzz targets around libraries other people wrote, from Debian's source packages: which files each consists of, built for
// WASI by the compiler npm installed.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianSource } from '../../bench/debian.ts';
import type { SourceTree } from '../support/clang.ts';
import { compileC } from '../support/compile-c.ts';

export interface Library {
  /** Debian's name of the source package. */
  readonly package: string;
  /** examples/fuzz/libraries/<target>.c */
  readonly target: string;
  /** Folders of the package whose headers are needed, and below which name. */
  readonly headers: readonly { readonly from: string; readonly to?: string }[];
  /** C files, by their paths in the package. */
  readonly sources: readonly string[];
  readonly flags?: readonly string[];
  /** Headers that the package's own build would make. */
  readonly generated?: SourceTree;
}

const EXPAT_FLAGS = [
  ...['-DXML_DTD', '-DXML_GE=1', '-DXML_NS', '-DXML_CONTEXT_BYTES=1024', '-DXML_POOR_ENTROPY'],
  ...['-D_WASI_EMULATED_GETPID', '-lwasi-emulated-getpid'],
];

export const LIBRARIES: readonly Library[] = [
  { package: 'cjson', target: 'cjson', headers: [{ from: '' }], sources: ['cJSON.c'] },
  { package: 'lodepng', target: 'lodepng', headers: [{ from: '' }], sources: ['lodepng.cpp'] },
  { package: 'libstb', target: 'stb_image', headers: [{ from: '' }], sources: [] },
  {
    package: 'expat',
    target: 'expat',
    headers: [{ from: 'expat/lib' }],
    sources: ['xmlparse.c', 'xmlrole.c', 'xmltok.c'].map((file) => `expat/lib/${file}`),
    flags: EXPAT_FLAGS,
    generated: { 'expat_config.h': '#define BYTEORDER 1234\n#define HAVE_MEMMOVE 1\n' },
  },
  {
    package: 'yajl',
    target: 'yajl',
    headers: [{ from: 'src' }, { from: 'src/api', to: 'api' }, { from: 'src/api', to: 'yajl' }],
    sources: [
      'yajl.c',
      'yajl_alloc.c',
      'yajl_buf.c',
      'yajl_encode.c',
      'yajl_lex.c',
      'yajl_parser.c',
      'yajl_tree.c',
    ].map((file) => `src/${file}`),
  },
  { package: 'lz4', target: 'lz4', headers: [{ from: 'lib' }], sources: ['lib/lz4.c'] },
  { package: 'jsmn', target: 'jsmn', headers: [{ from: '' }], sources: [] },
];

export function library(target: string): Library {
  return LIBRARIES.find((l) => l.target === target)!;
}

/** The files to compile, by the names the compiler sees; the target is `target.c`. */
export interface LibrarySources {
  readonly tree: SourceTree;
  readonly sources: readonly string[];
}

/** The library's files, or why they are not to be had. */
export function librarySources(wanted: Library, patched: boolean): LibrarySources | { readonly reason: string } {
  const found = debianSource(wanted.package, patched);
  if ('reason' in found) return found;
  const tree: Record<string, SourceTree | string> = { ...wanted.generated };
  for (const { from, to } of wanted.headers) {
    const folder = join(found.folder, from);
    const files = readdirSync(folder).filter((file) => /\.[hc]$/.test(file) || file.endsWith('impl.c'));
    const texts = files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
    Object.assign(tree, to === undefined ? Object.fromEntries(texts) : { [to]: Object.fromEntries(texts) });
  }
  const sources = wanted.sources.map((path) => {
    // LodePNG is one file for both languages; it is C here.
    const name = path
      .split('/')
      .at(-1)!
      .replace(/\.cpp$/, '.c');
    tree[name] = readFileSync(join(found.folder, path), 'utf8');
    return name;
  });
  const target = new URL(`../../examples/fuzz/libraries/${wanted.target}.c`, import.meta.url);
  return { tree: { ...tree, 'target.c': readFileSync(target, 'utf8') }, sources };
}

/** The target as a WASI reactor with debug information, or why there is none. */
export async function buildLibrary(
  wanted: Library,
  patched = false,
): Promise<{ readonly bytes: Uint8Array } | { readonly reason: string }> {
  const found = librarySources(wanted, patched);
  if ('reason' in found) return found;
  const { 'target.c': source, ...headers } = found.tree;
  const bytes = await compileC({
    file: 'target.c',
    source: source as string,
    headers,
    flags: [
      ...['-O2', '-g', '-w', '-I.', '-mexec-model=reactor', '-Wl,--export=LLVMFuzzerTestOneInput'],
      ...(wanted.flags ?? []),
      ...found.sources,
    ],
  });
  return { bytes };
}
