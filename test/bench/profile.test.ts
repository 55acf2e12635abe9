// Does the profile of the bench know what it looks at: every function of the runtime in one part, and both programs apart?

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildWasi, sourcesOf } from '../../bench/build.ts';
import { functionsOf, REST, RUNTIME_PARTS, runtimePart } from '../../bench/runtime-parts.ts';
import { profileRows } from '../../bench/sections/profile.ts';
import { PROGRAMS } from '../../bench/suite.ts';
import { task } from '../../bench/task.ts';
import { ALLOCATOR, OWN, type Profile } from '../../bench/tasks/profile.ts';
import { instrument } from '../../index.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { functionNames } from '../../instrument/wasm/names.ts';

const FILES = Object.values(RUNTIME_PARTS).flat();
const churn = PROGRAMS.find((p) => p.name === 'churn')!;
const build = () => buildWasi(churn, sourcesOf(churn) as Exclude<ReturnType<typeof sourcesOf>, { reason: string }>);

test('each part is made of files of the runtime, and no function is of two', () => {
  for (const file of FILES) expect(existsSync(new URL(`../../runtime/${file}.ts`, import.meta.url)), file).toBe(true);
  const parts = new Map<string, Set<string>>();
  for (const [part, files] of Object.entries(RUNTIME_PARTS)) {
    for (const name of files.flatMap(functionsOf)) parts.set(name, (parts.get(name) ?? new Set()).add(part));
  }
  const unclear = [...parts].filter(([, of]) => of.size > 1).map(([name]) => name);
  expect(unclear, 'a profile has the name alone: call one of them something else').toEqual([]);
});

test('what an allocation runs has a part of its own by the names in the finished module', async () => {
  const { bytes } = instrument(new Uint8Array(readFileSync(await build())), { host: true });
  const parts = new Set([...functionNames(parseModule(bytes)).values()].map(runtimePart));
  const known = ['malloc and free', 'quarantine', 'allocation stacks', 'drawing shadow', 'called checks', REST];
  for (const part of [undefined, ...known]) expect(parts).toContain(part);
  expect(runtimePart('__wasan.allocate')).toBe('malloc and free');
  expect(runtimePart('__wasan.captureStack')).toBe('allocation stacks');
  expect(runtimePart('__wasan.evictOldest')).toBe('quarantine');
  expect(runtimePart('__wasan.check_span')).toBe('called checks');
  expect(runtimePart('__wasan.~start')).toBe(REST);
});

test('a loop of malloc and free spends its time there, in either form', async () => {
  const { original, wasan } = task<Profile>('profile', [await build(), churn.size, 500]);
  expect(original[ALLOCATOR]).toBeGreaterThan(0);
  expect(Object.keys(original).filter((part) => part !== ALLOCATOR && part !== OWN)).toEqual([]);
  expect(wasan['malloc and free']).toBeGreaterThan(0);
});

test('parts are told in times of the original, and add up to the slowdown', () => {
  const counts = {
    'instructions of the original': 50,
    'instructions of the program': 100,
    'instructions of the runtime': 25,
  };
  const profile = { original: { [OWN]: 60, [ALLOCATOR]: 40 }, wasan: { [OWN]: 150, quarantine: 50 } };
  const [plain, checked] = profileRows('p', profile, counts);
  expect(plain!.slice(0, 4)).toEqual(['p', 1, 0.6, 0.4]);
  expect(checked!.slice(0, 4)).toEqual(['p, wasan', 2, 1.5, '']);
  expect(checked!.slice(-2)).toEqual([200, 50]);
});
