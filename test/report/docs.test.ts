// Do the pages of docs/ still say what the product does?

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOOKS } from '../../instrument/interface-table.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { pageWith } from './interface-page.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('REPORTS.md shows the report that its example prints', () => {
  const page = read('docs/REPORTS.md');
  const block = /<!-- example: ([\w-]+), up to the legend -->\n```\n([\s\S]*?)```/.exec(page);
  expect(block).not.toBeNull();
  const [, example, shown] = block!;
  expect(read(`examples/${example}/expected.txt`).startsWith(shown!)).toBe(true);
});

/** `a{1,2}b` -> a1b, a2b; as many groups as there are. */
function expand(pattern: string): string[] {
  const group = /\{([^}]*)\}/.exec(pattern);
  if (!group) return [pattern];
  return group[1]!.split(',').flatMap((choice) => expand(pattern.replace(group[0], choice)));
}

test('ABI.md names every symbol of the built runtime, and no other', () => {
  const page = read('docs/ABI.md');
  const hooks = new Set(HOOKS.map((hook) => hook.name));
  const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].flatMap((m) => m[1]!.split(' ')).flatMap(expand);
  const named = rows.filter((name) => !hooks.has(name));
  const module = new WebAssembly.Module(runtimeImages('flat', 32) as BufferSource);
  const exported = WebAssembly.Module.exports(module).map((e) => e.name);
  const imported = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`);
  expect(new Set(named)).toEqual(new Set([...exported, ...imported]));
});

test('ABI.md has the sanitizer interface as its table has it', () => {
  expect(read('docs/ABI.md')).toBe(pageWith(read('docs/ABI.md')));
});
