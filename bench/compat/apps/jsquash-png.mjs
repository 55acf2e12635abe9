import decode, { init as initDecode } from '@jsquash/png/decode.js';
import encode, { init as initEncode } from '@jsquash/png/encode.js';
import { digest, moduleOf, picture } from './jsquash.mjs';

export async function load() {
  const module = moduleOf('@jsquash/png/codec/pkg/squoosh_png_bg.wasm');
  await initEncode(module);
  await initDecode(module);
  return async () => {
    const file = await encode(picture(67, 51));
    const image = await decode(file);
    return `${file.byteLength} ${digest(file)} ${image.width}x${image.height} ${digest(image.data)}`;
  };
}
