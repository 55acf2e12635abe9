// The bundles for browsers, made anew when a source has changed: tests run what users get.

import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBrowser } from '../../browser/build.mts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = [
  '{browser,host,instrument,playground}/**/*',
  'module-defaults.ts',
  'runtime/abi.ts',
  'build/runtime-*.wasm',
  'package-lock.json',
];

/** The folder that holds them. Workers that build at once leave whole results only. */
export async function browserBundle(): Promise<string> {
  const folder = `${ROOT}build/browser-${hashOfSources()}`;
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}.tmp`;
  mkdirSync(draft, { recursive: true });
  await buildBrowser(draft);
  if (!existsSync(folder)) renameSync(draft, folder);
  return folder;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: ROOT, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => `${entry.parentPath}/${entry.name}`).sort()) {
    hash.update(path.slice(ROOT.length)).update('\0').update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}
