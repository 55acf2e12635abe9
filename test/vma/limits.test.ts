// max_map_count with the kernel's exact headroom: the figures measured at the default of 65530, and random operations
// beside that many mappings on the running kernel.
import { describe, expect, test } from 'vitest';
import { mapOf } from '../../host/vma/replay.ts';
import { PAGE_SIZE, VmaSpace } from '../../host/vma/space.ts';
import { moduleFor, ruleOf } from './differential.ts';
import { nextOperation } from './generate.ts';
import { askKernel, findKernel } from './kernel.ts';
import { Random } from './random.ts';
import { difference, Model } from './sequence.ts';
import { run, smallSpace, vmaModule } from './support.ts';

const module = await vmaModule();
const ENOMEM = { err: 12 };
const OK = { ok: 0 };
// total VMAs before the call (the window's own included), the call, what it answers
const ROWS: [number, string, unknown][] = [
  [65530, 'mmap 30 1 rw', { at: 30 }],
  [65531, 'mmap 30 1 rw', ENOMEM],
  [65529, 'mprotect 0 1 r', OK],
  [65530, 'mprotect 0 1 r', ENOMEM],
  [65529, 'munmap 1 1', OK],
  [65530, 'munmap 1 1', ENOMEM],
  [65531, 'munmap 0 1', OK],
  [65524, 'mremap 0 4 4 mf 30', { at: 30 }],
  [65525, 'mremap 0 4 4 mf 30', ENOMEM],
  [65524, 'mremap 0 4 4 md 30', { at: 30 }],
  [65525, 'mremap 0 4 4 md 30', ENOMEM],
  [65526, 'mremap 0 4 6 m', 'moved'],
  [65527, 'mremap 0 4 6 m', ENOMEM],
  [65531, 'mremap 10 2 4 0', { at: 10 }],
  [65531, 'mremap 0 4 4 m', { at: 0 }],
  [65529, 'madvise 0 1 DONTDUMP', OK],
  [65530, 'madvise 0 1 DONTDUMP', { err: 11 }],
  [65530, 'mlock 0 1', ENOMEM],
];

describe('measured headroom', () => {
  test.each(ROWS)('%i mappings: %s', (total, text, expected) => {
    const space = smallSpace(module);
    for (const op of ['mmap 0 4 rw', 'mmap 4 1 r', 'mmap 10 2 rw']) run(space, op);
    space.setLimits({ otherMaps: total - 3 });
    const outcome = run(space, text);
    if (expected === 'moved') expect(outcome).toHaveProperty('at');
    else expect(outcome).toEqual(expected);
  });
});

test('a change in the middle that fits only half stays split, as in Linux', () => {
  const space = smallSpace(module);
  run(space, 'mmap 0 6 rw');
  space.setLimits({ otherMaps: 65528 });
  expect(run(space, 'mprotect 2 2 r')).toEqual(ENOMEM);
  expect(mapOf(space)).toEqual([
    [0, 2, 'rw-p'],
    [2, 6, 'rw-p'],
  ]);
});

test('the count is of areas, the limit can be set', () => {
  const space = new VmaSpace({ module, memory: null, pages: 100, maxMapCount: 5 });
  const map = (page: number) => space.mmap((16 + page) * PAGE_SIZE, PAGE_SIZE, page & 2 ? 1 : 3, 0x32);
  expect([0, 2, 4, 6, 8, 10, 12].map((page) => map(page) > 0)).toEqual([true, true, true, true, true, true, false]);
  expect(space.areaCount).toBe(6);
});

const kernel = findKernel();
const isMissing = typeof kernel === 'string' || !kernel.isComplete;
if (isMissing) console.log(`live limit test skipped: ${typeof kernel === 'string' ? kernel : 'needs gcc'}`);

test.skipIf(isMissing)('random operations at the limit of the running kernel', async () => {
  if (typeof kernel === 'string') return;
  const profile = {
    noReserve: true,
    prots: ['rw', 'r', '-'],
    forkPercent: 0,
    sharedPercent: 0,
    lockPercent: 4,
    advice: [10, 11, 16, 17],
    oddPercent: 0,
  };
  const own = askKernel(kernel, ['count'])?.[0]?.count as number;
  const seed = process.pid;
  const random = new Random(seed);
  const model = new Model(await moduleFor(kernel), { mutant: ruleOf(kernel) });
  const fill = 65518 - own;
  model.space.setLimits({ otherMaps: own + fill });
  const steps = Array.from({ length: 70 }, (_, i) => model.run(nextOperation(random, model.space, profile, i + 1)));
  const answers = askKernel(kernel, [`fill ${fill}`, 'count', ...steps.map((step) => step.op)]) ?? [];
  expect(answers[1]?.count).toBe(own + fill);
  expect(difference(steps, answers.slice(2)), `seed ${seed}`).toBeNull();
  expect(steps.some((step) => 'err' in step.outcome && step.outcome.err === 12)).toBe(true);
});
