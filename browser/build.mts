// Bundles what runs in a browser: the library, dist/browser/index.js. Runs after tsc, whose single files it replaces.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild-wasm';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** For the platform "browser", esbuild refuses an import of one of Node's own modules. */
export const BUNDLE: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  loader: { '.wasm': 'binary' },
  minify: true,
  legalComments: 'none',
  logLevel: 'silent',
};

/** Writes the bundles into `folder`. */
export async function buildBrowser(folder: string): Promise<void> {
  await build({ ...BUNDLE, entryPoints: ['browser/index.ts'], outfile: join(folder, 'browser/index.js') });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(ROOT, 'dist');
  for (const file of readdirSync(join(dist, 'browser'))) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, 'browser', file));
  }
  await buildBrowser(dist);
}
