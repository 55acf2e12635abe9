import * as esbuild from 'esbuild-wasm';

export async function load() {
  return async () => {
    const { code } = await esbuild.transform(
      'class Point { x: number = 1; static #n = 2; get y() { return this.x ?? Point.#n } }\nexport default new Point().y;',
      { loader: 'ts', target: 'es2017', minify: true },
    );
    return code;
  };
}
