import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { matches, PATTERNS, TEXT } from './oniguruma.mjs';

const require = createRequire(import.meta.url);

export async function load() {
  const { loadWASM, OnigScanner, OnigString } = require('vscode-oniguruma');
  await loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));
  return () => {
    const scanner = new OnigScanner(PATTERNS);
    const text = new OnigString(TEXT);
    const found = matches(scanner, text);
    text.dispose();
    scanner.dispose();
    return found;
  };
}
