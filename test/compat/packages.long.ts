// Do the smaller packages of docs/COMPATIBILITY.md run their examples under `wasan node` with the same output, and without
// a finding that is not understood? Installs them with npm; without a registry it skips.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { EXPLANATIONS } from '../../bench/compat/document.ts';
import { PACKAGES } from '../../bench/compat/packages.ts';
import { install, runPackage } from '../../bench/compat/run.ts';
import { isRegistryReachable } from './registry.ts';

const folder = fileURLToPath(new URL('../../node_modules/.cache/wasan-compat', import.meta.url));
const SMALL = PACKAGES.filter((p) => !p.large);

const reachable = isRegistryReachable();

describe.skipIf(!reachable)('packages', () => {
  mkdirSync(folder, { recursive: true });
  if (reachable) install(folder, SMALL);

  test.each(SMALL)('$name $version', async (p) => {
    const { failure, sameOutput, findings, modules } = await runPackage(folder, p);
    expect(failure).toBeUndefined();
    expect(sameOutput).toBe(true);
    expect(modules.length).toBeGreaterThan(0);
    if (!(p.app in EXPLANATIONS)) expect(findings).toEqual([]);
  });
});
