// The corpus on disk: a folder of files, named by the SHA-1 of their contents, that any number of fuzzers may share. Every
// file appears whole or not at all.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SanitizerError } from '../host/errors.ts';

/** Drafts begin with a dot, and are left out when a folder is read. */
const DRAFT = '.wasan-';

export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** Every file below a folder, or the one file the path names; sorted by name, so that campaigns can be repeated. */
export function readInputs(path: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  return refusing(path, () => {
    if (!statSync(path).isDirectory()) return [{ name: path, bytes: new Uint8Array(readFileSync(path)) }];
    const names = (readdirSync(path, { recursive: true }) as string[]).sort();
    return names
      .filter((name) => !name.split(/[\\/]/).some((part) => part.startsWith('.')))
      .map((name) => join(path, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
      .map((file) => ({ name: file, bytes: new Uint8Array(readFileSync(file)) }));
  });
}

/** Makes the folder if there is none. */
export function openFolder(path: string): void {
  refusing(path, () => mkdirSync(path, { recursive: true }), 'E_OUTPUT');
}

/** Writes a file beside its place and renames it. */
export function writeFile(folder: string, name: string, contents: Uint8Array | string): void {
  const draft = join(folder, `${DRAFT}${process.pid}-${name}`);
  try {
    writeFileSync(draft, contents);
    renameSync(draft, join(folder, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw new SanitizerError('E_OUTPUT', `${join(folder, name)}: ${(error as Error).message}`);
  }
}

/** Names in a folder, for finding out what other workers added. */
export function listNames(folder: string): string[] {
  return refusing(folder, () => readdirSync(folder).filter((name) => !name.startsWith('.')));
}

function refusing<T>(path: string, act: () => T, code: 'E_INPUT' | 'E_OUTPUT' = 'E_INPUT'): T {
  try {
    return act();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new SanitizerError(code, `${path}: ${missing ? 'no such file or directory' : (error as Error).message}`);
  }
}
