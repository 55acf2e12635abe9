import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { initializeImageMagick, MagickColors, MagickFormat, MagickImage } from '@imagemagick/magick-wasm';

const FORMATS = ['Png', 'Jpeg', 'Gif', 'Tiff', 'WebP', 'Bmp'];

export async function load() {
  const wasm = createRequire(import.meta.url).resolve('@imagemagick/magick-wasm/magick.wasm');
  await initializeImageMagick(await readFile(wasm));
  return () => {
    const image = MagickImage.create(MagickColors.Red, 32, 32);
    image.blur(2, 2);
    image.rotate(15);
    const sizes = FORMATS.map((format) => image.write(MagickFormat[format], (data) => data.length));
    image.dispose();
    return sizes.join(' ');
  };
}
