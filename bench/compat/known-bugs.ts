// Bugs of memory that are publicly known, in packages of npm that have them: what wasan must say of the public trigger.

import type { Package } from './packages.ts';

export interface KnownBug extends Package {
  /** Its public name. */
  readonly bug: string;
  /** Parts of the report. */
  readonly expected: { readonly title: string; readonly access: string };
}

const SQLJS = { name: 'sql.js', toolchain: 'Emscripten' };
const FASTCOMP = { name: 'sql.js', toolchain: 'Emscripten, fastcomp' };
const WEBP = { name: '@jsquash/webp', toolchain: 'Emscripten, embind' };
const HUFFMAN = { bug: 'CVE-2023-4863', expected: { title: 'heap-buffer-overflow', access: 'WRITE of size 4' } };
const PRINTF = 'CVE-2020-13434';
const FREED = { title: 'heap-use-after-free', access: 'READ of size 4' };

export const KNOWN_BUGS: readonly KnownBug[] = [
  { ...FASTCOMP, version: '1.0.0', app: 'sqlite-printf', bug: PRINTF, expected: { title: 'heap-buffer-overflow', access: 'WRITE of size 1' } },
  { ...SQLJS, version: '1.2.2', app: 'sqlite-printf', bug: PRINTF, expected: { title: 'stack-buffer-overflow', access: 'WRITE of size 1' } },
  { ...SQLJS, version: '1.2.2', app: 'sqlite-window', bug: 'CVE-2020-13871', expected: FREED },
  { ...SQLJS, version: '1.3.0', app: 'sqlite-window', bug: 'CVE-2020-13871', expected: FREED },
  { ...WEBP, version: '1.1.3', app: 'webp-huffman', ...HUFFMAN },
  { ...WEBP, version: '1.5.0', app: 'webp-huffman', ...HUFFMAN },
]; // biome-ignore format: a table

/** Versions of one package need folders of their own. */
export function folderOf({ app, name, version }: KnownBug): string {
  return `${app}-${name.replace(/\W+/g, '-')}-${version}`;
}
