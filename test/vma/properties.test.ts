// What must hold after any operation under any policy: areas sorted, disjoint and counted; lookups agree with the list;
// a free place is the highest one; nothing that could be one area is left as two by an operation that had to merge; no
// byte lost or invented; and an operation that runs out of memory has changed nothing.
import { describe, expect, test } from 'vitest';
import { type MapEntry, mapOf } from '../../host/vma/replay.ts';
import { type Area, PAGE_SIZE, type Policy, type VmaSpace } from '../../host/vma/space.ts';
import { Contents } from './contents.ts';
import { nextOperation, type Profile } from './generate.ts';
import { Random } from './random.ts';
import { run, smallSpace, stateOf, vmaModule } from './support.ts';

const module = await vmaModule();
const POLICIES: Policy[] = ['linux', 'relocate', 'merge-friendly'];
const SEED = Number(process.env.WASAN_SEED ?? 20260);

function profileFor(random: Random): Profile {
  return {
    noReserve: random.chance(70),
    prots: ['rw', 'rw', 'rw', 'r', '-'],
    forkPercent: random.chance(30) ? 2 : 0,
    sharedPercent: 0,
    lockPercent: random.chance(30) ? 4 : 0,
    advice: [10, 11, 16, 17, 18, 19, 4, 4, 8, 22, 23],
    oddPercent: 3,
  };
}

/** Moves ask to relocate half of the time. */
function operation(random: Random, space: VmaSpace, profile: Profile, serial: number): string {
  const text = nextOperation(random, space, profile, serial);
  return random.chance(50) ? text.replace(/^(mremap \S+ \S+ \S+ m[fd]*)/, '$1R') : text;
}

function checkStructure(space: VmaSpace): void {
  const areas = space.areas();
  expect(space.areaCount).toBe(areas.length);
  let end = space.startPage;
  for (const area of areas) {
    expect(area.start).toBeGreaterThanOrEqual(end);
    expect(area.end).toBeGreaterThan(area.start);
    expect(space.areaAt(area.start)?.serial).toBe(area.serial);
    expect(space.areaAt(area.end - 1)?.serial).toBe(area.serial);
    if (area.start > end) expect(space.areaAt(area.start - 1)).toBeNull();
    end = area.end;
  }
  expect(end).toBeLessThanOrEqual(space.startPage + space.pages);
  expect(space.counters().anonVmas).toBe(new Set(areas.map((area) => area.anon).filter(Boolean)).size);
  for (let page = space.startPage; page < space.startPage + space.pages; page++) {
    if (!areas.some((area) => page >= area.start && page < area.end)) expect(space.page(page)).toBe('none');
  }
}

/** The highest free place by looking at every page. */
function naiveGap(space: VmaSpace, pages: number): number {
  const limit = space.startPage + space.pages;
  for (let start = limit - pages; start >= space.startPage; start--) {
    const isFree = space.areas().every((area) => area.end <= start || area.start >= start + pages);
    if (isFree) return start;
  }
  return -1;
}

function checkGap(random: Random, space: VmaSpace): void {
  const pages = 1 + random.below(12);
  const expected = naiveGap(space, pages);
  const at = space.mmap(0, pages * PAGE_SIZE, 0, 0x4022);
  expect(at).toBe(expected < 0 ? -12 : expected * PAGE_SIZE);
  if (at > 0) expect(space.munmap(at, pages * PAGE_SIZE)).toBe(0);
}

/** Rules 1-3 for two neighbours, written down independently. */
function couldBeOne(a: Area, b: Area, policy: Policy): boolean {
  if (a.end !== b.start || a.flags !== b.flags || a.pgoff + (a.end - a.start) !== b.pgoff) return false;
  const isForked = (area: Area) => (area.anonState & 1) !== 0;
  if (!a.anon || !b.anon) return !isForked(a) && !isForked(b);
  if (a.anon === b.anon) return true;
  return policy === 'merge-friendly' && a.anonState === 0 && b.anonState === 0;
}

function seams(areas: readonly Area[], policy: Policy): Set<number> {
  const open = areas.filter((area, i) => i > 0 && couldBeOne(areas[i - 1] as Area, area, policy));
  return new Set(open.map((area) => area.start));
}

/** Linux itself leaves neighbours alike after these: they change an area without looking at its neighbours. */
function leavesSeams(text: string): boolean {
  return text.startsWith('fork') || /^mremap .* m\w*d/.test(text);
}

describe.each(POLICIES)('policy %s', (policy) => {
  test('structure, merging and contents', () => {
    for (let seed = SEED; seed < SEED + 25; seed++) {
      const random = new Random(seed);
      const profile = profileFor(random);
      const space = smallSpace(module, { policy });
      const contents = new Contents();
      const done: string[] = [];
      let before: MapEntry[] = [];
      let open = new Set<number>();
      for (let i = 0; i < 60; i++) {
        const text = operation(random, space, profile, i + 1);
        done.push(text);
        const label = `seed ${seed}\n${done.join('\n')}`;
        const outcome = run(space, text, policy);
        const map = mapOf(space);
        contents.apply(text, outcome, before, map);
        before = map;
        checkStructure(space);
        const now = seams(space.areas(), policy);
        const added = [...now].filter((page) => !open.has(page));
        if (!leavesSeams(text)) expect(added, label).toEqual([]);
        open = now;
        const view = new DataView(space.memory!.buffer);
        for (let page = 0; page < space.pages; page++) {
          const value = view.getBigUint64((space.startPage + page) * PAGE_SIZE, true);
          if (value !== contents.value(page)) expect([page, value], label).toEqual([page, contents.value(page)]);
        }
      }
      checkGap(random, space);
    }
  });

  test('an operation without memory changes nothing', () => {
    let refusals = 0;
    for (let seed = SEED; seed < SEED + 8; seed++) {
      const random = new Random(seed);
      const profile = profileFor(random);
      const starved = smallSpace(module, { policy });
      const fed = smallSpace(module, { policy });
      for (let i = 0; i < 40; i++) {
        const text = operation(random, fed, profile, i + 1);
        const before = stateOf(starved);
        const wanted = run(fed, text, policy);
        let outcome = wanted;
        for (let records = 0; !('err' in wanted); records++) {
          starved.raw.vma_set_fail_after(records);
          outcome = run(starved, text, policy);
          if (!('err' in outcome)) break;
          expect([text, stateOf(starved)]).toEqual([text, before]);
          refusals++;
          expect(records).toBeLessThan(500);
        }
        starved.raw.vma_set_fail_after(0xffffffff);
        if ('err' in wanted) outcome = run(starved, text, policy);
        expect(outcome).toEqual(wanted);
        expect(stateOf(starved)).toBe(stateOf(fed));
      }
    }
    expect(refusals).toBeGreaterThan(100);
  });
});
