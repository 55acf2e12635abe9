// The image codecs of jSquash share their interface: an encoder and a decoder, each with a module of its own.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

globalThis.ImageData ??= class {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};

export function picture(width, height) {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i++) data[i] = i % 4 === 3 ? 255 : (i * i) / 97;
  return new ImageData(data, width, height);
}

export function moduleOf(path) {
  return new WebAssembly.Module(readFileSync(require.resolve(path)));
}

export function digest(bytes) {
  return createHash('sha256').update(Buffer.from(bytes)).digest('hex').slice(0, 16);
}
