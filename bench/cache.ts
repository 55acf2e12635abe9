// Where the bench keeps what is slow to make: fetched sources and compiled programs, by content.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CACHE = fileURLToPath(new URL('../node_modules/.cache/wasan/', import.meta.url));

/** The file made of `key` once: `make` writes it to the path it gets, which becomes the file only if it succeeds. */
export async function made(key: unknown, extension: string, make: (path: string) => unknown): Promise<string> {
  const name = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
  const path = join(CACHE, 'bench', `${name}${extension}`);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(dirname(path), `${name}.${process.pid}${extension}`);
  await make(draft);
  renameSync(draft, path);
  return path;
}
