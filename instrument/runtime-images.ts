// Finds the compiled runtime on disk (build/, made by runtime/build.mts). Node only; browsers pass their own RuntimeImages.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RuntimeImages } from './index.ts';

/** From instrument/ in a checkout and from dist/instrument/ in the package. */
const PLACES = ['../build/', '../../build/'];

const cache = new Map<string, Uint8Array>();

export const runtimeImages: RuntimeImages = (mapping, bits) => {
  const name = `runtime-${mapping}${bits}.wasm`;
  const known = cache.get(name);
  if (known) return known;
  for (const place of PLACES) {
    try {
      const bytes = new Uint8Array(readFileSync(fileURLToPath(new URL(place + name, import.meta.url))));
      cache.set(name, bytes);
      return bytes;
    } catch {
      // Not here: try the next place.
    }
  }
  throw new Error(`the compiled runtime ${name} is missing: run \`npm run build\``);
};
