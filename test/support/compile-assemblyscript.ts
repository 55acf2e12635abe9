// Compiles an AssemblyScript program in process.

import asc from 'assemblyscript/asc';

/** To a WASI command that imports nothing: "main.wasm" and "main.wasm.map" for "main.ts". */
export async function compileAssemblyScript(
  file: string,
  source: string,
  more: readonly string[] = ['--use', 'abort='],
): Promise<Readonly<Record<string, Uint8Array>>> {
  return runAsc(file, source, ['--debug', '--sourceMap', '--runtime', 'minimal', '--exportStart', '_start', ...more]);
}

/** What the compiler writes, by file. */
export async function runAsc(
  file: string,
  source: string,
  flags: readonly string[],
): Promise<Readonly<Record<string, Uint8Array>>> {
  const output: Record<string, Uint8Array> = {};
  const target = file.replace(/ts$/, 'wasm');
  const { error, stderr } = await asc.main([file, '--outFile', target, ...flags], {
    readFile: (name) => (name === file ? source : null),
    writeFile: (name, contents) => {
      output[name] = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`asc ${file} failed:\n${stderr.toString()}`, { cause: error });
  return output;
}
