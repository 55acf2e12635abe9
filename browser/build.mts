// Bundles what runs in a browser: the library, dist/browser/index.js, and the playground, dist/playground/.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'rolldown';
import { HTML_STYLE } from '../host/report/html-style.ts';
import { parseModule } from '../instrument/wasm/module.ts';

const SECTION_NAME = 'sourceMappingURL';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** One file of `source` and all that it imports. What is not there for a browser, as Node's own modules, is refused. */
export async function bundleOf(source: string, file: string): Promise<void> {
  await build({
    input: resolve(ROOT, source),
    cwd: ROOT,
    platform: 'browser',
    moduleTypes: { '.wasm': 'binary' },
    transform: { target: 'es2022' },
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
    output: { file, minify: true, comments: false, codeSplitting: false },
  });
}

/** Writes the bundles into `folder`. */
export async function buildBrowser(folder: string): Promise<void> {
  for (const name of ['browser/index', 'playground/page', 'playground/worker']) {
    await bundleOf(`${name}.ts`, join(folder, `${name}.js`));
  }
  const source = (name: string) => join(ROOT, 'playground', name);
  const target = (name: string) => join(folder, 'playground', name);
  cpSync(source('index.html'), target('index.html'));
  writeFileSync(target('style.css'), HTML_STYLE + readFileSync(source('page.css'), 'utf8'));
  writeFileSync(target('sample.wasm'), await compileSample(source('sample/inventory.ts')));
}

/** The sample with its source map, and so its source, in a custom section. */
async function compileSample(path: string): Promise<Uint8Array> {
  const output = new Map<string, string | Uint8Array>();
  const source = readFileSync(path, 'utf8');
  const flags = ['--outFile', 'sample.wasm', '--debug', '--sourceMap', '--runtime', 'minimal', '--use', 'abort='];
  const { error, stderr } = await asc.main(['inventory.ts', ...flags], {
    readFile: (name) => (name === 'inventory.ts' ? source : null),
    writeFile: (name, contents) => void output.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`the sample: ${stderr.toString()}`, { cause: error });
  const map = Buffer.from(String(output.get('sample.wasm.map'))).toString('base64');
  return withSourceMap(output.get('sample.wasm') as Uint8Array, `data:application/json;base64,${map}`);
}

/** In the place of asc's own section, which names a file beside the module. It stands behind the code, whose offsets stay. */
function withSourceMap(module: Uint8Array, url: string): Uint8Array {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    return Buffer.concat([leb(bytes.length), bytes]);
  };
  const contents = Buffer.concat([text(SECTION_NAME), text(url)]);
  const old = parseModule(module).sections.find((section) => section.name === SECTION_NAME)!;
  const head = old.start - leb(old.end - old.start).length - 1;
  const rest = [module.subarray(0, head), module.subarray(old.end)];
  return Buffer.concat([...rest, Buffer.of(0), leb(contents.length), contents]);
}

function leb(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildBrowser(join(ROOT, 'dist'));
