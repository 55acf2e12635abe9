// Are flags before the program told apart: wasan's, Node's own, and misspelt ones?

import { expect, test } from 'vitest';
import { isNodeFlag } from '../../cli/node/node-flags.ts';
import { wasan } from '../support/cli.ts';

test.each(['-r', '-e', '--import', '--expose-gc', '--no-warnings', '--max_old_space_size', '--stack-size', '--test'])(
  '%s is of Node',
  (name) => expect(isNodeFlag(name)).toBe(true),
);

test.each(['-O0', '--mode', '--halt_on_eror', '--frobnicate', '-', '--', '--no-'])('%s is not', (name) =>
  expect(isNodeFlag(name)).toBe(false),
);

test("they follow wasan's, and what follows them is the program's", () => {
  const { stdout } = wasan([
    'node',
    '--verbosity=1',
    '--expose-gc',
    '-p',
    'typeof gc + process.argv.slice(1)',
    'word',
    '--halt_on_error=0',
  ]);
  expect(stdout).toBe('functionword,--halt_on_error=0\n');
});

test('a misspelt flag of wasan is neither', () => {
  const { stderr } = wasan(['node', '--halt_on_eror=0', '-p', '1']);
  expect(stderr).toBe('wasan: unknown option "--halt_on_eror": did you mean "--halt_on_error"? [E_UNKNOWN_OPTION]\n');
});
