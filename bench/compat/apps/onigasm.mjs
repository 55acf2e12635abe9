import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { matches, PATTERNS, TEXT } from './oniguruma.mjs';

const require = createRequire(import.meta.url);

export async function load() {
  const { loadWASM, OnigScanner } = require('onigasm');
  await loadWASM(readFileSync(require.resolve('onigasm/lib/onigasm.wasm')).buffer);
  return () => {
    const scanner = new OnigScanner(PATTERNS);
    return matches(scanner, TEXT);
  };
}
