import init, { transform } from 'lightningcss-wasm';

export async function load() {
  await init();
  const code = new TextEncoder().encode(
    `.foo { color: yellow; &.bar { inset: 0 } } @media (width >= 240px) { a { transition: opacity 1s } }\n`.repeat(30),
  );
  return () => {
    const { code: out } = transform({ filename: 'test.css', code, minify: true, targets: { chrome: 80 << 16 } });
    return new TextDecoder().decode(out);
  };
}
