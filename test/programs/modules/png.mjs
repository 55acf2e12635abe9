// Pictures of many shapes are packed and unpacked: flat ones, noise, gradients, 8 and 16 bits, some not of this format.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { decode, init } from '@jsquash/png/decode.js';
import encode from '@jsquash/png/encode.js';

globalThis.ImageData ??= class {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};
const { resolve } = createRequire(import.meta.url);
await init(new WebAssembly.Module(readFileSync(resolve('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'))));

let seed = 11;
const random = () => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return seed >>> 16;
};
const PATTERNS = {
  flat: () => 77,
  noise: () => random(),
  gradient: (i, w) => (i % w) + Math.floor(i / w),
  letters: (i, w) => (((i >> 2) % w) % 8 < 3 && (i / w) % 12 < 5 ? 0 : 255),
  sparse: (i) => (i % 977 === 0 ? 255 : 0),
};
for (const [name, at] of Object.entries(PATTERNS)) {
  for (const [width, height] of [[1, 1], [3, 500], [257, 129], [1024, 768]]) {
    for (const bits of [8, 16]) {
      const Samples = bits === 8 ? Uint8ClampedArray : Uint16Array;
      const data = new Samples(width * height * 4).map((_, i) => at(i, width) & (bits === 8 ? 255 : 65535));
      const packed = await encode({ data, width, height }, { bitDepth: bits });
      const image = await decode(packed, { bitDepth: bits });
      const same = image.data.length === data.length && data.every((v, i) => v === image.data[i]);
      console.log(name, width, height, bits, packed.byteLength, image.width, image.height, same);
    }
  }
}
const good = new Uint8Array(await encode({ data: new Uint8ClampedArray(64 * 64 * 4).map((_, i) => i & 255), width: 64, height: 64 }));
console.log('signature', [...good.subarray(0, 8)].join());
