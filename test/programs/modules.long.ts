// Packages of npm at real work, some seconds each: under `wasan node` they print what they print without it, and nothing is
// found. They come from five toolchains: Emscripten twice, Rust, wasm-bindgen, Go.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const WASAN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wasan-modules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SETTINGS = { '': [], 'with the JavaScript side checked': ['--guard-js'] };
const WORK: readonly (readonly [name: string, settings: readonly (keyof typeof SETTINGS)[]])[] = [
  ['sql', ['', 'with the JavaScript side checked']],
  ['quickjs', ['', 'with the JavaScript side checked']],
  ['source-map', ['']],
  ['png', ['']],
  ['esbuild', ['']],
];

function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH ?? '', ASAN_OPTIONS: 'halt_on_error=0' },
  });
  return { status, stdout, stderr };
}

for (const [name, settings] of WORK) {
  const app = fileURLToPath(new URL(`modules/${name}.mjs`, import.meta.url));
  test.each(settings)(`${name} %s`, (setting) => {
    const plain = run([app]);
    expect(plain).toMatchObject({ status: 0, stderr: '' });
    expect(plain.stdout.length).toBeGreaterThan(500);
    expect(run([WASAN, 'node', `--cache-dir=${folder}`, ...SETTINGS[setting], app])).toEqual(plain);
  });
}
