// Does a finding fail the command whatever runs between it and the module: contexts, test runners, children, exit codes of
// others? And are exactly the modules checked that the flags name?

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Selection } from '../../cli/node/loader.ts';
import { type CliResult, wasan } from '../support/cli.ts';
import { compileAssemblyScript } from '../support/compile-assemblyscript.ts';
import { compileC } from '../support/compile-c.ts';
import { HEAP_SOURCE } from '../support/heap-module.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-runners-'));
const module = join(folder, 'heap.wasm');
const cache = `--cache-dir=${join(folder, 'cache')}`;
const env = { HEAP_MODULE: module, npm_config_update_notifier: 'false', HOME: folder, NO_COLOR: '1' };

beforeAll(async () => {
  const flags = ['-g', '-O0', '-mexec-model=reactor'];
  writeFileSync(module, await compileC({ file: 'lib.c', source: HEAP_SOURCE, flags }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function app(how: string, { flags = [] as string[], at = 10, options = '' } = {}): CliResult {
  const args = ['node', cache, ...flags, here('apps/heap.mjs'), how, String(at)];
  return wasan(args, { env: { ...env, ASAN_OPTIONS: options }, cwd: folder });
}

const reports = ({ stderr }: CliResult) => stderr.match(/ERROR: AddressSanitizer: heap-buffer-overflow/g)?.length ?? 0;

const GO_ON = 'halt_on_error=0';

test.each(['in a context', 'in a new context', 'with an exit code of its own', 'in a child'])('%s', (how) => {
  const result = app(how, { options: `${GO_ON}:exitcode=7` });
  expect(result.stderr).toContain('0 bytes after 10-byte region');
  expect({ reports: reports(result), status: result.status }).toEqual({ reports: 1, status: 7 });
});

test('a right program in a context is left alone', () => {
  expect(app('in a new context', { at: 9 })).toEqual({ status: 0, stdout: '9\n', stderr: '' });
});

test('where process.exit does not end the process, the call of the module throws', () => {
  const { status, stdout } = app('with process.exit replaced');
  expect({ status, stdout }).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^heap-buffer-overflow: WRITE of size 1 at .*wasan's report is above/),
  });
});

test('node --import wasan/register hears of its children, too', () => {
  const register = `--import=${new URL('../../cli/node/register.ts', import.meta.url)}`;
  const args = [register, here('apps/heap.mjs'), 'in a child'];
  const own = { PATH: process.env.PATH, ...env, ASAN_OPTIONS: GO_ON, XDG_CACHE_HOME: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env: own, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '10\nthe child has ended\n' });
  expect(stderr).toContain('AddressSanitizer: heap-buffer-overflow');
});

const TEST_FILE = `import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
const module = new WebAssembly.Module(readFileSync(process.env.HEAP_MODULE));
const imports = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0, has: () => true }) });
const run = (at) => new WebAssembly.Instance(module, imports).exports.run(at);
test('within the block', () => expect(run(9)).toBe(9));
test('past the block', () => expect(run(10)).toBe(10));
`;

describe('test runners', () => {
  const project = join(folder, 'project');
  beforeAll(() => {
    mkdirSync(project);
    const vitest = here('../../node_modules/vitest/vitest.mjs');
    const scripts = { test: `node ${vitest} run --globals --maxWorkers=1` };
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', type: 'module', scripts }));
    writeFileSync(join(project, 'a.test.js'), TEST_FILE.replace("import { expect, test } from 'vitest';\n", ''));
  });

  test.each([
    ['forks', '1 failed', '1 passed'],
    ['vmThreads', '', ''],
  ])('wasan npm test, pool %s', (pool, ...said) => {
    const result = wasan(['npm', cache, 'test', '--', `--pool=${pool}`], { env, cwd: project });
    expect({ reports: reports(result), status: result.status }).toEqual({ reports: 1, status: 1 });
    for (const text of said) expect(result.stdout).toContain(text);
    if (pool === 'forks') expect(result.stdout + result.stderr).toContain('heap-buffer-overflow: WRITE of size 1');
  });

  test('findings go to log_path, and fail the command though every test passes', () => {
    const args = ['npm', cache, `--log_path=${join(project, 'log')}`, '--halt_on_error=0', 'test'];
    const { status, stdout, stderr } = wasan(args, { env, cwd: project });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('2 passed');
    const [log, ...others] = readdirSync(project).filter((name) => name.startsWith('log.'));
    expect(others).toEqual([]);
    expect(readFileSync(join(project, log!), 'utf8')).toContain('AddressSanitizer: heap-buffer-overflow');
  });
});

test('a module beside its script is called by its file, and told in terms of its source map', async () => {
  const project = join(folder, 'assemblyscript');
  mkdirSync(project);
  const source = `export function run(at: usize): void {
  const block = heap.alloc(24);
  store<u8>(block + at, 1);
  heap.free(block);
}
`;
  for (const [name, bytes] of Object.entries(await compileAssemblyScript('list.ts', source))) {
    writeFileSync(join(project, name), bytes);
  }
  const load = `new WebAssembly.Module(readFileSync(new URL('list.wasm', import.meta.url)))`;
  writeFileSync(
    join(project, 'app.mjs'),
    `import { readFileSync } from 'node:fs';\nnew WebAssembly.Instance(${load}).exports.run(24);\n`,
  );
  const { status, stderr } = wasan(['node', cache, 'app.mjs'], { env, cwd: project });
  expect(status).toBe(1);
  expect(stderr).toMatch(/WRITE of size 1 .*\n {4}#0 0x[0-9a-f]+ in list\/run \.\/list\/list\.ts:3:3\n/);
  expect(stderr).toMatch(/SUMMARY: AddressSanitizer: heap-buffer-overflow \.\/list\/list\.ts:3:3 in list\/run/);
});

describe('--include and --exclude', () => {
  const APP = '/project/lib/app.mjs';
  test.each<[include: string[], exclude: string[], wanted: boolean]>([
    [[], [], true],
    [['**/lib/*.mjs'], [], true],
    [['app.mjs'], [], true],
    [['*.wasm'], [], true], // the module's own file
    [['lib/**'], [], true], // relative to where wasan was started
    [['./lib/app.*'], [], true],
    [['/project/lib/**'], [], true],
    [['lib/*.{js,mjs}'], [], true],
    [['lib'], [], false],
    [['*/app.mjs', 'other/**'], ['**/x.wasm'], false],
    [[], ['node_modules/**', '{a,b}.mjs'], true],
    [[], ['**/lib/**'], false],
  ])('%j %j', (include, exclude, wanted) => {
    expect(new Selection(include, exclude, '/project').has([APP, '/project/lib/x.wasm'])).toBe(wanted);
  });

  test('what is left out runs as it is, and a glob that matches nothing is told', () => {
    const result = app('here', { flags: ['--include=heap.*', '--exclude=**/apps/**'] });
    expect(result).toMatchObject({ status: 0, stdout: '10\n' });
    expect(result.stderr).toMatch(/^wasan: nothing was instrumented: no --include matches \S+heap\.mjs\n$/);
  });
});

test('--glue with a file that is not there is refused before anything runs', () => {
  const { status, stderr } = app('here', { flags: ['--glue=nothing.js'] });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'wasan: cannot read the input: nothing.js: no such file or directory [E_INPUT]\n',
  });
});
