import decode, { init as initDecode } from '@jsquash/avif/decode.js';
import encode, { init as initEncode } from '@jsquash/avif/encode.js';
import { digest, moduleOf, picture } from './jsquash.mjs';

export async function load() {
  await initEncode(moduleOf('@jsquash/avif/codec/enc/avif_enc.wasm'));
  await initDecode(moduleOf('@jsquash/avif/codec/dec/avif_dec.wasm'));
  return async () => {
    const file = await encode(picture(32, 24), { quality: 50, speed: 10 });
    const image = await decode(file);
    return `${file.byteLength} ${digest(file)} ${image.width}x${image.height} ${digest(image.data)}`;
  };
}
