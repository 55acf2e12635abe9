// Reading modules from disk and writing results whole or not at all.

import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { SanitizerError } from '../host/errors.ts';

export function readModule(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new SanitizerError('E_INPUT', reason(error, path));
  }
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SanitizerError('E_INPUT', reason(error, path));
  }
}

/** Writes beside the target and renames: a reader never sees half a file. What is no file (a device, a pipe) is written to. */
export function writeWhole(path: string, contents: Uint8Array | string): void {
  const target = existing(path);
  const draft = `${target?.path ?? path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    if (target && !target.isFile) {
      writeFileSync(target.path, contents);
    } else {
      writeFileSync(draft, contents);
      renameSync(draft, target?.path ?? path);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    throw new SanitizerError('E_OUTPUT', reason(error, path));
  }
}

/** What `path` leads to, through symbolic links. */
function existing(path: string): { path: string; isFile: boolean } | undefined {
  try {
    return { path: realpathSync(path), isFile: statSync(path).isFile() };
  } catch {
    return undefined;
  }
}

function reason(error: unknown, path: string): string {
  const { code } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is not a directory',
  };
  return `${path}: ${known[code ?? ''] ?? (error as Error).message}`;
}
