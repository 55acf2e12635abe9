// Small images as seeds: what a fuzzer would need long to make from nothing, since the format's checksums and compression stand before it.

import { crc32, deflateSync } from 'node:zlib';

/** Eight pixels a side, RGB, every row with another filter. */
export function png(): Uint8Array {
  const side = 8;
  const rows = Buffer.concat(
    Array.from({ length: side }, (_, y) => Buffer.from([y % 5, ...Array.from({ length: 3 * side }, (_, x) => x * y)])),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')]);
}

function chunk(name: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(name, 4, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])), 0);
  return Buffer.concat([head, data, sum]);
}

/** Two frames of two by two pixels, four colours. */
export function gif(): Uint8Array {
  const screen = [...Buffer.from('GIF89a'), 2, 0, 2, 0, 0xf1, 0, 0];
  const colours = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255];
  const frame = [0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0x84, 0x11, 0x05, 0];
  return Uint8Array.from([...screen, ...colours, ...frame, ...frame, 0x3b]);
}

/** Two by two pixels, 24 bits. */
export function bmp(): Uint8Array {
  const file = Buffer.alloc(54 + 16);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(2, 18);
  file.writeInt32LE(2, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return file;
}
