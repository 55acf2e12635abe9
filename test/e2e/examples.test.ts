// Every example says what its expected.txt says, word for word, through the real command; and each has a README with a
// command that shows it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compileExample, examples, normalised } from '../../examples/list.ts';

const WASAN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

test.each(examples())('$name', async (example) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-example-'));
  try {
    for (const [name, contents] of Object.entries(await compileExample(example))) {
      writeFileSync(join(folder, name), contents);
    }
    const args = [WASAN, 'run', ...example.flags, 'main.wasm'];
    const { stderr, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    await expect(normalised(stderr)).toMatchFileSnapshot(example.expectedPath);
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const readme = readFileSync(join(dirname(example.expectedPath), 'README.md'), 'utf8');
  expect(readme).toContain(`npm run demo -- ${example.name}\n`);
});
