// Each class of bugs has at least ten cases of its own; CASE makes the bug and its clean twin of one body, so they cannot differ.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const CLASSES = new URL('classes/', import.meta.url);
const files = readdirSync(CLASSES).filter((file) => /\.(c|cpp)$/.test(file));

test('there are the classes', () => {
  expect(files.length).toBeGreaterThanOrEqual(12);
});

test.each(files)('%s', (file) => {
  const names = [...readFileSync(new URL(file, CLASSES), 'utf8').matchAll(/^CASE\((\w+),/gm)].map((match) => match[1]);
  expect(names.length).toBeGreaterThanOrEqual(10);
  expect(new Set(names).size).toBe(names.length);
});
