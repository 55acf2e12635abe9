// A snapshot of the runtime's memory after a finding, small enough to keep: the pages that are not all zero.
// `wasan explain` turns one into a report, wherever the module ran.
//
//   "WSAN" "SNAP" | memory size in bytes u64 | pages: index u32, 65536 bytes each | ...

import { SanitizerError } from './errors.ts';

const PAGE = 65536;
const HEAD = 16;
const MAGIC = [0x57, 0x53, 0x41, 0x4e, 0x53, 0x4e, 0x41, 0x50];

/** Packs memory 1 of an instance (`instance.exports.__wasan_memory`). */
export function takeSnapshot(memory: WebAssembly.Memory): Uint8Array {
  const bytes = new Uint8Array(memory.buffer);
  const pages: number[] = [];
  for (let page = 0; page * PAGE < bytes.length; page++) if (!isZero(bytes, page)) pages.push(page);
  const out = new Uint8Array(HEAD + pages.length * (PAGE + 4));
  const view = new DataView(out.buffer);
  out.set(MAGIC);
  view.setBigUint64(8, BigInt(bytes.length), true);
  pages.forEach((page, i) => {
    const at = HEAD + i * (PAGE + 4);
    view.setUint32(at, page, true);
    out.set(bytes.subarray(page * PAGE, (page + 1) * PAGE), at + 4);
  });
  return out;
}

/** The memory a snapshot was taken of; a raw dump of memory 1 is returned as it is. */
export function openSnapshot(bytes: Uint8Array): Uint8Array {
  if (!MAGIC.every((b, i) => bytes[i] === b)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Number(view.getBigUint64(8, true));
  if ((bytes.length - HEAD) % (PAGE + 4) !== 0 || size > 2 ** 32) {
    throw new SanitizerError('E_INPUT', 'the snapshot is damaged');
  }
  const memory = new Uint8Array(size);
  for (let at = HEAD; at < bytes.length; at += PAGE + 4) {
    const page = view.getUint32(at, true);
    if ((page + 1) * PAGE > size) throw new SanitizerError('E_INPUT', 'the snapshot is damaged');
    memory.set(bytes.subarray(at + 4, at + 4 + PAGE), page * PAGE);
  }
  return memory;
}

function isZero(bytes: Uint8Array, page: number): boolean {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset + page * PAGE, PAGE / 8);
  return words.every((w) => w === 0n);
}
