// Is docs/PERFORMANCE.md what the stored measurements make, and nothing typed?

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pageOf } from '../../bench/page.ts';
import { readResults } from '../../bench/results.ts';

const DOCS = new URL('../../docs/', import.meta.url);

test('the page and its charts are made from bench/results.json', () => {
  const made = pageOf(readResults());
  const found = readdirSync(DOCS).filter((file) => file === 'PERFORMANCE.md' || /^performance-.*\.svg$/.test(file));
  expect(found.sort()).toEqual(Object.keys(made).sort());
  for (const file of found) expect(readFileSync(new URL(file, DOCS), 'utf8'), file).toBe(made[file]);
});

test('a missed goal refers to the table that says why', () => {
  const page = pageOf(readResults())['PERFORMANCE.md']!;
  const titles = [...page.matchAll(/^### (.*)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(' ', '-'));
  const missed = page.match(/\| missed.*\|/g) ?? [];
  for (const line of missed) expect(titles, line).toContain(/\[why\]\(#([\w-]+)\)/.exec(line)?.[1]);
});
