// The corpus on disk: a folder of files, named by the SHA-1 of their contents, that any number of fuzzers may share. Every
// file appears whole or not at all, so that any process may be killed at any moment.

import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SanitizerError } from '../host/errors.ts';

/** Drafts begin with a dot, and are left out when a folder is read. */
const DRAFT = '.wasan-';
/** A draft this old belongs to nobody who still writes it. */
const STALE_MS = 3_600_000;

export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

export interface SavedInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Every file below a folder, or the one file the path names; sorted by name, so that campaigns can be repeated. */
export function readInputs(path: string): SavedInput[] {
  return refusing(path, () => {
    if (!statSync(path).isDirectory()) return [{ name: path, bytes: new Uint8Array(readFileSync(path)) }];
    const names = (readdirSync(path, { recursive: true }) as string[]).sort();
    return names
      .filter((name) => !name.split(/[\\/]/).some((part) => part.startsWith('.')))
      .map((name) => join(path, name))
      .filter(isFile)
      .flatMap((file) => {
        const bytes = readIfThere(file);
        return bytes ? [{ name: file, bytes }] : [];
      });
  });
}

/** Undefined for a file that is gone: whoever else uses the folder may remove one between listing and reading. */
export function readIfThere(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESTALE') return undefined;
    throw error;
  }
}

/** Whether the path names one file, and not a folder or nothing. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Findings of a folder, and inputs put there by hand: everything but the reports beside them. */
export function regressionInputs(path: string): Uint8Array[] {
  return readInputs(path).flatMap(({ name, bytes }) => (/\.report\.(txt|json)$|\.md$/.test(name) ? [] : [bytes]));
}

/** Makes the folder if there is none, and removes what killed processes left half-written long ago. */
export function openFolder(path: string): void {
  refusing(path, () => mkdirSync(path, { recursive: true }), 'E_OUTPUT');
  for (const name of refusing(path, () => readdirSync(path))) {
    if (!name.startsWith(DRAFT)) continue;
    const draft = join(path, name);
    const age = Date.now() - (statSync(draft, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > STALE_MS) rmSync(draft, { force: true });
  }
}

/** Writes a file beside its place and renames it. `durable`: it also survives the machine going down. */
export function writeFile(folder: string, name: string, contents: Uint8Array | string, durable = false): void {
  const draft = join(folder, `${DRAFT}${randomUUID()}`);
  try {
    writeFileSync(draft, contents, { flush: durable });
    renameSync(draft, join(folder, name));
    if (durable) syncFolder(folder);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new SanitizerError('E_OUTPUT', `${join(folder, name)}: ${(error as Error).message}`);
  }
}

/** The new name itself; some systems have no such call for folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
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
