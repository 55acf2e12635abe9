// Finds the compiled runtime on disk (build/, made by runtime/build.mts). Node only; browsers pass their own RuntimeImages.

import { readFileSync } from 'node:fs';
import { ownFile } from '../own-files.ts';
import type { RuntimeImages } from './index.ts';

const cache = new Map<string, Uint8Array>();

export const runtimeImages: RuntimeImages = (mapping, bits) => {
  const name = `runtime-${mapping}${bits}.wasm`;
  const known = cache.get(name);
  if (known) return known;
  try {
    const bytes = new Uint8Array(readFileSync(ownFile(`build/${name}`)));
    cache.set(name, bytes);
    return bytes;
  } catch {
    throw new Error(`the compiled runtime ${name} is missing: run \`npm run build\``);
  }
};
