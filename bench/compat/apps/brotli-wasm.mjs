import { createRequire } from 'node:module';

export async function load() {
  const brotli = await createRequire(import.meta.url)('brotli-wasm');
  return () => {
    const input = new TextEncoder().encode('some input that repeats, some input '.repeat(300));
    const compressed = brotli.compress(input);
    const stream = new brotli.DecompressStream();
    const { buf } = stream.decompress(compressed, 20000);
    return `${compressed.length} ${new TextDecoder().decode(brotli.decompress(compressed)).length} ${buf.length}`;
  };
}
