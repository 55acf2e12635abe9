// A bundler in Go: bundles packages of some size several times over, transforms, complains, serves many requests at once.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import esbuild from 'esbuild-wasm';

const { resolve } = createRequire(import.meta.url);
const PACKAGES = ['parse5', 'fast-check', 'source-map', 'picomatch'];
for (const name of PACKAGES) {
  for (const options of [{ format: 'esm' }, { format: 'iife', minify: true, sourcemap: 'inline', target: 'es2017' }]) {
    const { outputFiles, warnings, metafile } = await esbuild.build({
      ...{ stdin: { contents: `export * from ${JSON.stringify(name)}`, resolveDir: dirname(resolve('esbuild-wasm')) }, bundle: true },
      ...{ write: false, platform: 'node', metafile: true, logLevel: 'silent', globalName: 'all', ...options },
    });
    const text = outputFiles[0].text;
    let hash = 0;
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    console.log(name, options.format, text.length, hash, warnings.length, Object.keys(metafile.inputs).length);
  }
}
const TYPESCRIPT = `enum E { A = 1, B } namespace N { export const x: number = E.B } abstract class C<T> { constructor(private readonly t: T, protected u?: string) {} @dec m() { return this.t ?? N.x } } export default C;`;
const results = await Promise.all(
  Array.from({ length: 60 }, (_, i) => esbuild.transform(`${TYPESCRIPT}\nexport const v${i} = <div a={${i}}>text</div>;`, { loader: 'tsx', minify: i % 2 === 0, tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } })),
);
console.log(results.map((r) => r.code.length).join());
const wrong = await esbuild.transform('let a = ;\nconst b', { logLevel: 'silent' }).catch((error) => error.errors.map((e) => `${e.text} ${e.location.line}:${e.location.column}`));
console.log(wrong, await esbuild.formatMessages([{ text: 'mine' }], { kind: 'warning' }));
console.log((await esbuild.transform('a { color: #ff0000; & b { inset: 0 } }', { loader: 'css', minify: true, target: 'chrome80' })).code);
await esbuild.stop();
