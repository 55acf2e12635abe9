import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export async function load() {
  const require = createRequire(import.meta.url);
  // As its examples/node: the module's bytes are given, because there is no page to fetch them from.
  globalThis.self = globalThis;
  globalThis.Module = { wasmBinary: readFileSync(require.resolve('argon2-browser/dist/argon2.wasm')) };
  const argon2 = require('argon2-browser');
  return async () => {
    const { encoded, hashHex } = await argon2.hash({ pass: 'password', salt: 'somesalt', time: 2, mem: 1024 });
    await argon2.verify({ pass: 'password', encoded });
    const wrong = await argon2.verify({ pass: 'other', encoded }).catch((error) => error.message);
    return `${encoded} ${hashHex} ${wrong}`;
  };
}
