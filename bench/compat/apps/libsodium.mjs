import { createRequire } from 'node:module';

export async function load() {
  const sodium = createRequire(import.meta.url)('libsodium-wrappers');
  await sodium.ready;
  return () => {
    const key = new Uint8Array(32).fill(7);
    const nonce = new Uint8Array(24).fill(9);
    const message = sodium.from_string('some test '.repeat(200));
    const box = sodium.crypto_secretbox_easy(message, nonce, key);
    const opened = sodium.crypto_secretbox_open_easy(box, nonce, key);
    const pair = sodium.crypto_sign_seed_keypair(key);
    const signature = sodium.crypto_sign_detached(message, pair.privateKey);
    const valid = sodium.crypto_sign_verify_detached(signature, message, pair.publicKey);
    const hash = sodium.crypto_generichash(32, message);
    return [sodium.to_hex(hash), sodium.to_hex(signature), valid, opened.length, sodium.to_hex(box.subarray(0, 32))].join(' ');
  };
}
