import { Zstd } from '@hpcc-js/wasm-zstd';

export async function load() {
  const zstd = await Zstd.load();
  return () => {
    const input = new TextEncoder().encode('some input that repeats, some input '.repeat(500));
    const compressed = zstd.compress(input);
    return `${zstd.version()} ${compressed.length} ${zstd.decompress(compressed).length}`;
  };
}
