export async function load() {
  const crypto = await import('@polkadot/wasm-crypto');
  await crypto.waitReady();
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  return () => {
    const seed = new Uint8Array(32).fill(7);
    const pair = crypto.sr25519KeypairFromSeed(seed);
    const [secret, open] = [pair.slice(0, 64), pair.slice(64)];
    const message = new TextEncoder().encode('a message to sign');
    const signature = crypto.sr25519Sign(open, secret, message);
    return [
      hex(crypto.blake2b(message, new Uint8Array(0), 32)),
      hex(crypto.keccak256(message)),
      crypto.sr25519Verify(signature, message, open),
      crypto.bip39Validate('legal winner thank year wave sausage worth useful legal winner thank yellow'),
    ].join('\n');
  };
}
