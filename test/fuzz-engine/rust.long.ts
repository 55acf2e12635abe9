// Targets in Rust, as cargo-fuzz has them, built by Debian's compiler: memory errors of unsafe code, leaks and panics are told
// apart, with debug information and without, with a C library below and without. The crate they use is rust/libfuzzer_sys.rs.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openModule } from '../../fuzz/index.ts';
import { campaignOf } from './targets.ts';

const RUSTC = '/usr/bin/rustc';
const source = (name: string) => fileURLToPath(new URL(`rust/${name}.rs`, import.meta.url));
const BUILDS: readonly (readonly [target: string, ...flags: string[]])[] = [
  ['wasm32-wasi', '-O', '-g'],
  ['wasm32-wasi', '-O'],
  ['wasm32-unknown-unknown', '-Copt-level=1', '-g'],
  ['wasm32-unknown-unknown', '-O'],
];

function missing(target: string): string | undefined {
  if (!existsSync(RUSTC)) return "Debian's rustc is missing";
  return existsSync(`/usr/lib/rustlib/${target}`) ? undefined : `Debian's libstd-rust-dev-wasm32 has no ${target}`;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasan-rust-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function build(name: string, [target, ...flags]: (typeof BUILDS)[number]): Uint8Array {
  const common = [
    '--edition=2021',
    `--target=${target}`,
    ...flags,
    '-Aimproper_ctypes',
    '-Aimproper_ctypes_definitions',
  ];
  const library = join(folder, 'liblibfuzzer_sys.rlib');
  const module = join(folder, 'target.wasm');
  execFileSync(RUSTC, [...common, '--crate-type=rlib', source('libfuzzer_sys'), '-o', library]);
  const crate = `libfuzzer_sys=${library}`;
  execFileSync(RUSTC, [...common, '--crate-type=cdylib', source(name), '--extern', crate, '-o', module]);
  return new Uint8Array(readFileSync(module));
}

describe.each(BUILDS.map((build) => ({ name: build.join(' '), build })))('$name', ({ build: flags }) => {
  const why = missing(flags[0]);

  test.skipIf(why !== undefined)('each bug of a target is one finding, panics by where they were raised', () => {
    const campaign = campaignOf(openModule(build('target', flags)), 1, 400_000, { ignoreCrashes: true, maxLength: 32 });
    campaign.run([]);
    expect(campaign.findings.map(({ finding }) => finding.title).sort()).toEqual([
      'detected memory leaks',
      'heap-buffer-overflow',
      'heap-use-after-free',
      'unreachable',
      'unreachable',
    ]);
    const names = campaign.findings.map(({ finding }) => finding.key).join('\n');
    for (const name of ['beyond', 'freed', 'raw']) expect(names).toContain(name);
    expect(names).not.toMatch(/abort|hook|initialize/);
  });

  test.skipIf(why !== undefined)('fuzz_mutator! makes the inputs', () => {
    const campaign = campaignOf(openModule(build('mutated', flags)), 1, 50_000);
    campaign.run([]);
    expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['heap-buffer-overflow']);
  });
});
