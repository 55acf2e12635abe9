// Is what is publicly known of old packages found in them? Installs them with npm; without a registry it skips.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { folderOf, KNOWN_BUGS } from '../../bench/compat/known-bugs.ts';
import { install, runOnce } from '../../bench/compat/run.ts';
import { isRegistryReachable } from './registry.ts';

const folder = fileURLToPath(new URL('../../node_modules/.cache/wasan-known-bugs', import.meta.url));

describe.skipIf(!isRegistryReachable())('known bugs', () => {
  test.each(KNOWN_BUGS)('$bug in $name $version, $app', async (bug) => {
    const own = join(folder, folderOf(bug));
    install(own, [bug]);
    const { code, log } = await runOnce(own, bug);
    expect(code).toBe(1);
    expect(log).toContain(`AddressSanitizer: ${bug.expected.title} on address`);
    expect(log).toContain(`${bug.expected.access} at`);
  });
});
