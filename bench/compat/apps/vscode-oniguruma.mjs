import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(import.meta.url);

export async function load() {
  const { loadWASM, OnigScanner, OnigString } = require('vscode-oniguruma');
  await loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));
  return () => {
    const scanner = new OnigScanner(['(?<year>\\d{4})-(\\d\\d)', 'a(?=b)', '(?<=x)y+', '[\\p{Lu}]\\w+']);
    const text = new OnigString('ab 2020-11 xyyy Größe ab 1999-01 '.repeat(40));
    const found = [];
    for (let at = 0; ; ) {
      const match = scanner.findNextMatchSync(text, at);
      if (!match) break;
      const { start, end } = match.captureIndices[0];
      found.push(`${match.index}:${start}-${end}`);
      at = Math.max(end, at + 1);
    }
    text.dispose();
    scanner.dispose();
    return found.join(' ');
  };
}
