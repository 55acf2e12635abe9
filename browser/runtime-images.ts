// The compiled runtimes, embedded in the bundle: nothing is fetched. Bundlers alone understand these imports.

import flat32 from '../build/runtime-flat32.wasm';
import flat64 from '../build/runtime-flat64.wasm';
import paged32 from '../build/runtime-paged32.wasm';
import paged64 from '../build/runtime-paged64.wasm';
import shared32 from '../build/runtime-shared32.wasm';
import type { RuntimeImages } from '../instrument/index.ts';

const IMAGES = { flat32, flat64, paged32, paged64, shared32 };

export const embeddedImages: RuntimeImages = (mapping, bits) => {
  const name = `${mapping}${bits}`;
  if (!(name in IMAGES)) throw new Error(`there is no runtime ${name}`);
  return IMAGES[name as keyof typeof IMAGES];
};
