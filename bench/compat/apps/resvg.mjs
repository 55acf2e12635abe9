import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">
  <defs><linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>
  <filter id="f"><feGaussianBlur stdDeviation="3"/></filter></defs>
  <circle cx="50" cy="50" r="40" fill="url(#g)" filter="url(#f)"/><path d="M10 10 L90 30 Q 50 50 15 75 Z" stroke="green"/></svg>`;

export async function load() {
  await initWasm(await readFile(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return () => {
    const image = new Resvg(SVG, { fitTo: { mode: 'width', value: 200 } });
    const png = image.render().asPng();
    image.free();
    return Buffer.from(png).toString('base64');
  };
}
