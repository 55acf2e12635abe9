// The package as it is built: few files at a start, nothing of Node's where browsers load it, and what knows wasan's files by
// their places or names finds them in the bundle.

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildNode } from '../../cli/build.mts';
import { compileLibrary } from '../guard/library.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wasan-package-')));
const dist = join(folder, 'dist');

beforeAll(async () => {
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const name of ['build', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
  await buildNode(dist);
  writeFileSync(join(folder, 'lib.wasm'), await compileLibrary());
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Needed {
  readonly files: ReadonlySet<string>;
  /** What is not the package's. */
  readonly others: ReadonlySet<string>;
}

/** What a file of the bundle loads at once. */
function needed(name: string): Needed {
  const files = new Set([join(dist, name)]);
  const others = new Set<string>();
  for (const file of files) {
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;]*?["']([^"']+)["'];$/gm)) {
      if (path!.startsWith('.')) files.add(join(dirname(file), path!));
      else others.add(path!);
    }
  }
  return { files, others };
}

const bytesOf = ({ files }: Needed): number => [...files].reduce((sum, file) => sum + statSync(file).size, 0);

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

function wasanNode(flags: readonly string[], program: string): ReturnType<typeof run> {
  writeFileSync(join(folder, 'app.mjs'), program);
  return run(join(dist, 'cli/main.js'), 'node', `--cache-dir=${join(folder, 'cache')}`, ...flags, 'app.mjs');
}

test.each(['host/index.js', 'instrument/index.js'])('%s needs nothing of Node, and no package', (name) => {
  expect([...needed(name).others]).toEqual([]);
  expect(needed(name).files.size).toBeGreaterThan(2);
});

test('what starts with each program is small: no instrumenter, no package', () => {
  const register = needed('cli/node/register.js');
  expect(bytesOf(register)).toBeLessThan(500_000);
  expect(bytesOf(needed('index.js'))).toBeGreaterThan(600_000);
  expect(register.files.size).toBeLessThan(15);
  expect([...register.others].filter((name) => !name.startsWith('node:'))).toEqual([]);
  expect(bytesOf(needed('cli/main.js'))).toBeLessThan(80_000);
  expect(readFileSync(join(dist, 'cli/main.js'), 'utf8')).toMatch(/^#!/);
});

test('modules that are loaded by their places are there', () => {
  const sources = globSync(['*.ts', '{cli,fuzz,host,instrument}/**/*.ts'], { cwd: ROOT });
  const names = sources.flatMap((path) => [
    ...readFileSync(join(ROOT, path), 'utf8').matchAll(/ownModule\('([^']+)'\)/g),
  ]);
  expect(names.length).toBeGreaterThan(2);
  for (const [, name] of names) expect(existsSync(join(dist, `${name}.js`)), name).toBe(true);
});

test('files of the package are found', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(run(join(dist, 'cli/main.js'), '--version').stdout).toBe(`${version}\n`);
  expect(run(join(dist, 'cli/main.js'), 'vma', join(ROOT, 'examples/vma/collector.vma'))).toMatchObject({ status: 0 });
});

const GUARDED = `import { readFileSync } from 'node:fs';
const { instance } = await WebAssembly.instantiate(readFileSync('lib.wasm'));
const { memory, take, give } = instance.exports;
const HEAPU8 = new Uint8Array(memory.buffer);
const block = take(10);
give(block);
(function storeInGlue() { HEAPU8[block] = 1; })();`;

test.each(['instrumented', 'from the cache'])('a finding names the program, and no file of wasan: %s', () => {
  const { status, stderr } = wasanNode(['--guard-js', '--verbosity=1', '--include=app.*'], GUARDED);
  expect(stderr).toContain(`loaded by ${join(folder, 'app.mjs')}: malloc by `);
  expect(stderr.match(/ERROR: AddressSanitizer: heap-use-after-free/g)).toHaveLength(1);
  expect(stderr).toMatch(/#1 in storeInGlue .*app\.mjs/);
  expect(stderr).not.toContain(dist);
  expect(status).toBe(1);
});

/** As a hook of `require` does that makes modules of its own (tsx). */
const COPY = `import Module from 'node:module';
const load = Module._load;
Module._load = (...args) => ({ instrument: (...given) => {
  try {
    return load(...args).instrument(...given);
  } catch ({ name, code, message }) {
    throw Object.assign(new Error(message), { name, code });
  }
} });
`;

test.each(['', COPY])('a module that cannot be instrumented runs as it is', (before) => {
  const start = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x00, 0xd8, 0x04, 0x00];
  const program = `${before}new WebAssembly.Module(new Uint8Array([${start}, ...new Array(599).fill(0)])); console.log('ran');`;
  const { status, stdout, stderr } = wasanNode(['--verbosity=1'], program);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' });
  expect(stderr).toContain('a module runs unchecked');
});

test('a finding of a fuzzed function ends where the target does', () => {
  const program = `import { readFileSync } from 'node:fs';
import { fuzz } from '${dist}/fuzz/index.js';
const { findings } = await fuzz(async () => {
  const { instance } = await WebAssembly.instantiate(readFileSync('lib.wasm'));
  const { take, give } = instance.exports;
  return function target() { const block = take(10); give(block); give(block); return ''; };
}, { runs: 10, seed: 1 });
console.log(findings[0].finding.stack.map((frame) => frame.function).join('\\n'));`;
  writeFileSync(join(folder, 'fuzz.mjs'), program);
  const { stdout, stderr } = run('fuzz.mjs');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/target .*fuzz\.mjs.*\n$/);
  expect(stdout).not.toContain(dist);
});
