// The packages of docs/COMPATIBILITY.md: pinned versions, what they were built with, and the app of apps/ that runs each
// package's documented example.

export interface Package {
  readonly app: string;
  readonly name: string;
  readonly version: string;
  readonly toolchain: string;
  /** What else the app needs: name@version. */
  readonly needs?: readonly string[];
  /** Takes minutes: not part of the test over the small ones. */
  readonly large?: boolean;
}

const item = (app: string, spec: string, toolchain: string, more: Partial<Package> = {}): Package => {
  const at = spec.lastIndexOf('@');
  return { app, name: spec.slice(0, at), version: spec.slice(at + 1), toolchain, ...more };
};

/** Surveyed for docs/ALLOCATORS.md alone: what was built with compilers and allocators that the others lack. */
export const SURVEYED: readonly Package[] = [
  item('', '@fluffylabs/anan-as@1.2.0', 'AssemblyScript'),
  item('', '@chainsafe/as-sha256@1.2.5', 'AssemblyScript'),
  item('', 'rabin-wasm@0.1.5', 'AssemblyScript'),
  item('', 'blurhash-wasm@0.2.0', 'Rust, wee_alloc'),
  item('', '@astrojs/compiler@0.9.2', 'TinyGo'),
  item('', '@reteps/dockerfmt@0.3.6', 'TinyGo, Asyncify'),
  item('', '@minify-html/wasm@0.18.1', 'Rust, std for size'),
  item('', '@parcel/source-map@2.1.1', 'Rust'),
  item('', '@rollup/wasm-node@4.68.4', 'Rust, std for size'),
  item('', '@jsquash/oxipng@2.3.0', 'Rust, std for size, threads'),
  item('', '@wasm-fmt/ruff_fmt@0.15.20', 'Rust, wasm-bindgen'),
];

export const PACKAGES: readonly Package[] = [
  item('sql.js', 'sql.js@1.16.0', 'Emscripten'),
  item('sqlite-wasm', '@sqlite.org/sqlite-wasm@3.50.4-build1', 'Emscripten'),
  item('quickjs-emscripten', 'quickjs-emscripten@0.32.0', 'Emscripten'),
  item('web-tree-sitter', 'web-tree-sitter@0.27.1', 'Emscripten, main module', { needs: ['tree-sitter-json@0.24.8'] }),
  item('onigasm', 'onigasm@2.2.5', 'Emscripten, fastcomp'),
  item('vscode-oniguruma', 'vscode-oniguruma@2.0.1', 'Emscripten'),
  item('argon2-browser', 'argon2-browser@1.18.0', 'Emscripten'),
  item('libsodium', 'libsodium-wrappers@0.8.4', 'Emscripten, base64 in JavaScript'),
  item('brotli-wasm', 'brotli-wasm@3.0.1', 'Rust, wasm-bindgen'),
  item('jsquash-webp', '@jsquash/webp@1.5.0', 'Emscripten, embind'),
  item('jsquash-avif', '@jsquash/avif@2.1.1', 'Emscripten, embind'),
  item('jsquash-jpeg', '@jsquash/jpeg@1.6.0', 'Emscripten, embind'),
  item('jsquash-png', '@jsquash/png@3.1.1', 'Rust, wasm-bindgen'),
  item('lightningcss-wasm', 'lightningcss-wasm@1.33.0', 'Rust, napi', { large: true }),
  item('source-map', 'source-map@0.8.0', 'Rust'),
  item('mediainfo.js', 'mediainfo.js@0.3.8', 'Emscripten, emmalloc'),
  item('zstd', '@hpcc-js/wasm-zstd@1.12.5', 'Emscripten, base91 in JavaScript'),
  item('assemblyscript', 'assemblyscript@0.28.20', 'AssemblyScript, and Binaryen by Emscripten', { large: true }),
  item('gofmt', '@wasm-fmt/gofmt@0.7.3', 'TinyGo'),
  item('sh-syntax', 'sh-syntax@0.7.0', 'TinyGo, Asyncify'),
  item('wasm-vips', 'wasm-vips@0.0.19', 'Emscripten, mimalloc, threads'),
  item('recast', 'recast-navigation@0.43.1', 'Emscripten, base64 in JavaScript, traps ignored'),
  item('polkadot', '@polkadot/wasm-crypto@7.5.1', 'Rust, JavaScript of its own', {
    needs: ['@polkadot/util@14.0.3', '@polkadot/x-randomvalues@14.0.3'],
  }),
  item('resvg', '@resvg/resvg-wasm@2.6.2', 'Rust, wasm-bindgen'),
  item('rapier', '@dimforge/rapier3d-compat@0.21.0', 'Rust, wasm-bindgen, base64 in JavaScript', { large: true }),
  item('biome', '@biomejs/wasm-nodejs@2.5.14', 'Rust, wasm-bindgen, with names', { large: true }),
  item('libpg-query', 'libpg-query@18.1.5', 'Emscripten'),
  item('mupdf', 'mupdf@1.28.1', 'Emscripten', { large: true }),
  item('magick', '@imagemagick/magick-wasm@0.0.43', 'Emscripten', { large: true }),
  item('z3', 'z3-solver@5.2.0', 'Emscripten, threads', { large: true }),
  item('esbuild-wasm', 'esbuild-wasm@0.28.2', 'Go', { large: true }),
  item('pglite', '@electric-sql/pglite@0.5.16', 'Emscripten, main module', { large: true }),
  item('pyodide', 'pyodide@314.0.7', 'Emscripten, main module', { large: true }),
  item('duckdb-wasm', '@duckdb/duckdb-wasm@1.32.0', 'Emscripten, exceptions', { large: true }),
];
