import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(import.meta.url);

export async function load() {
  const { loadWASM, OnigScanner } = require('onigasm');
  await loadWASM(readFileSync(require.resolve('onigasm/lib/onigasm.wasm')).buffer);
  return () => {
    const scanner = new OnigScanner(['(?<year>\\d{4})-(\\d\\d)', 'a(?=b)', '(?<=x)y+', '[\\p{Lu}]\\w+']);
    const text = 'ab 2020-11 xyyy Größe ab 1999-01 '.repeat(40);
    const found = [];
    for (let at = 0; ; ) {
      const match = scanner.findNextMatchSync(text, at);
      if (!match) break;
      const { start, end } = match.captureIndices[0];
      found.push(`${match.index}:${start}-${end}`);
      at = Math.max(end, at + 1);
    }
    return found.join(' ');
  };
}
