import decode, { init as initDecode } from '@jsquash/webp/decode.js';
import encode, { init as initEncode } from '@jsquash/webp/encode.js';
import { digest, moduleOf, picture } from './jsquash.mjs';

export async function load() {
  await initEncode(moduleOf('@jsquash/webp/codec/enc/webp_enc.wasm'));
  await initDecode(moduleOf('@jsquash/webp/codec/dec/webp_dec.wasm'));
  return async () => {
    const file = await encode(picture(67, 51), { quality: 70 });
    const image = await decode(file);
    return `${file.byteLength} ${digest(file)} ${image.width}x${image.height} ${digest(image.data)}`;
  };
}
