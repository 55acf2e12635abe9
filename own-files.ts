// Where wasan's own files are. In a checkout the sources lie in its root, and Node runs them as they are; in the package,
// what is built of them lies in dist/. No other file asks where it is itself: bundled, it is not where its source is.

import { fileURLToPath } from 'node:url';

const IS_SOURCE = import.meta.url.endsWith('.ts');

/** The folder of the code. */
const CODE = new URL('./', import.meta.url);
const PACKAGE = IS_SOURCE ? CODE : new URL('../', CODE);

/** A file of the package: `build/vma.wasm`. */
export function ownFile(path: string): URL {
  return new URL(path, PACKAGE);
}

/** A module that is started or loaded by its place: `cli/node/register`. Built, it has a file of its own (cli/build.mts). */
export function ownModule(name: string): URL {
  return new URL(`${name}.${IS_SOURCE ? 'ts' : 'js'}`, CODE);
}

/** Whether the file at this path is wasan's code. In a checkout the folder also holds node_modules and tests. */
export function isOwnCode(path: string): boolean {
  const folder = fileURLToPath(CODE);
  if (!path.startsWith(folder)) return false;
  return !IS_SOURCE || /^((cli|host|instrument)[\\/]|index\.)/.test(path.slice(folder.length));
}
