// Random programs against the byte-per-byte model: same addresses handed out, same reports, and in the end the same
// answer for every byte of memory, in all four variants and both schemes. fast-check prints the seed of a failure.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as abi from '../../runtime/abi.ts';
import { VARIANTS, type Variant } from '../../runtime/build.mts';
import { AsanModel } from '../model/asan-model.ts';
import { Harness, HEAP_START, PAGE } from '../support/runtime-harness.ts';

const PAGES = 4;
const QUARANTINE = 6000;

type AccessStep =
  | { op: 'load' | 'store'; slot: number; at: number; width: number }
  | { op: 'range'; slot: number; at: number; size: number };

type TouchStep =
  | AccessStep
  | { op: 'free' | 'delete'; slot: number; delta: number }
  | { op: 'stray'; address: number; width: number };

type Step =
  | TouchStep
  | { op: 'malloc' | 'new'; size: number }
  | { op: 'memalign'; size: number; align: number }
  | { op: 'realloc'; slot: number; size: number }
  | { op: 'enter' | 'leave' };

/** Sizes crowd around granule edges and the rungs of the ladder; a few exceed KASAN's largest cached size. */
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 2, arbitrary: fc.constantFrom(48, 49, 96, 97, 448, 449, 1000, 3968, 3969) },
  { weight: 1, arbitrary: fc.constantFrom(8192, 8193, 16129, 40000) },
);
const slot = fc.nat(40);
const width = fc.constantFrom(1, 2, 4, 8, 16);
/** Where in its chunk an access falls: mostly near either end, counted from the end when it is negative. */
const at = fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -300, max: 9000 }));
const delta = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -16, max: 64 }) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('malloc' as const, 'new' as const), size }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('memalign' as const), size, align: fc.constantFrom(1, 8, 16, 64, 4096) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('realloc' as const), slot, size }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('free' as const, 'delete' as const), slot, delta }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constantFrom('load' as const, 'store' as const), slot, at, width }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('range' as const), slot, at, size }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('stray' as const), address: fc.nat(PAGES * PAGE + 20000), width }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('enter' as const, 'leave' as const) }) },
);

/** Runs steps on both sides; every pointer ever handed out stays in `slots`, so that stale ones are used again. */
class Pair {
  readonly h: Harness;
  readonly model: AsanModel;
  readonly slots: { ptr: number; size: number }[] = [];

  constructor(variant: Variant, scheme: number, alignment: number) {
    const header = {
      [abi.HEADER_SCHEME]: scheme,
      [abi.HEADER_QUARANTINE_LIMIT]: QUARANTINE,
      [abi.HEADER_SHADOW_LIMIT]: 2 * PAGES * 8192, // flat: a small shadow, so that a run is cheap
    };
    this.h = new Harness({ variant, pages: PAGES, header, alignment });
    this.model = new AsanModel({
      heapStart: HEAP_START,
      pages: PAGES,
      nullLimit: 1024,
      quarantineLimit: QUARANTINE,
      scheme,
      alignment,
    });
  }

  run(step: Step): void {
    const { h, model } = this;
    switch (step.op) {
      case 'malloc':
        return this.#handOut(
          h.call('asan_malloc', step.size),
          model.allocate(step.size, 8, abi.ALLOC_MALLOC),
          step.size,
        );
      case 'new': // no memory: the harness's original operator new answers 0 as well
        return this.#handOut(h.call('asan_new', step.size), model.allocate(step.size, 8, abi.ALLOC_NEW), step.size);
      case 'memalign':
        return this.#handOut(
          h.call('asan_memalign', step.align, step.size),
          model.allocate(step.size, Math.max(8, step.align), abi.ALLOC_MALLOC),
          step.size,
        );
      case 'realloc': {
        const { ptr } = this.#slot(step.slot);
        return this.#handOut(h.call('asan_realloc', ptr, step.size), model.realloc(ptr, step.size), step.size);
      }
      case 'enter':
        h.call('depth_enter');
        model.depth++;
        return;
      case 'leave':
        h.call('depth_leave');
        model.depth = Math.max(0, model.depth - 1);
        return;
      default:
        return this.#touch(step);
    }
  }

  #touch(step: TouchStep): void {
    const { h, model } = this;
    if (step.op === 'stray') {
      h.load(step.width, step.address);
      return model.access(step.address, step.width, abi.ACCESS_READ);
    }
    const target = this.#slot(step.slot);
    if ('delta' in step) {
      const { delta } = step;
      const ptr = Math.max(0, target.ptr + delta);
      h.call(step.op === 'free' ? 'asan_free' : 'asan_delete', ptr);
      return model.free(ptr, step.op === 'free' ? abi.ALLOC_MALLOC : abi.ALLOC_NEW);
    }
    return this.#access(step, target);
  }

  #access(step: AccessStep, target: { ptr: number; size: number }): void {
    const { h, model } = this;
    const address = Math.max(0, step.at < 0 ? target.ptr + target.size + 20 + step.at : target.ptr + step.at);
    if (step.op === 'range') {
      h.call('check_range_store', address, step.size, 0);
      return model.access(address, step.size, abi.ACCESS_WRITE | abi.ACCESS_RANGE);
    }
    h[step.op](step.width, address);
    model.access(address, step.width, step.op === 'load' ? abi.ACCESS_READ : abi.ACCESS_WRITE);
  }

  #slot(index: number): { ptr: number; size: number } {
    return this.slots.length === 0 ? { ptr: 0, size: 0 } : this.slots[index % this.slots.length]!;
  }

  #handOut(actual: number, expected: number, size: number): void {
    expect(actual).toBe(expected);
    if (actual) this.slots.push({ ptr: actual, size });
  }

  /** Both sides agree on everything that happened, and on every byte. */
  compare(): void {
    const { h, model } = this;
    const plain = h.reports.map(({ kind, access, addr, size, firstBad }) => ({ kind, access, addr, size, firstBad }));
    expect(plain).toEqual(model.reports);
    expect(h.get(abi.HEADER_QUARANTINE_BYTES)).toBe(model.quarantineBytes);
    expect(h.get(abi.HEADER_INDEX_USED)).toBe(model.chunks.size);
    expect(h.allocator.live).toBe(model.chunks.size);
    const shadows = h.shadows(0, PAGES * 8192);
    for (const [granule, code] of shadows.entries()) {
      const statuses = model.status.subarray(granule * 8, granule * 8 + 8);
      const valid = statuses.findIndex((status) => status !== 0);
      const expected = valid === -1 ? 0 : valid === 0 ? statuses[0]! : valid;
      if (code !== expected) expect(`granule ${granule}: ${code}`).toBe(`granule ${granule}: ${expected}`);
    }
  }
}

describe.each(VARIANTS)('%s', (variant) => {
  test.each([
    ['asan', abi.SCHEME_ASAN, 16, 60],
    ['kasan', abi.SCHEME_KASAN, 16, 40],
    ['asan over an allocator that aligns to 8', abi.SCHEME_ASAN, 8, 25],
    ['asan over an allocator that aligns to 4', abi.SCHEME_ASAN, 4, 25],
  ])('%s', (_name, scheme, alignment, numRuns) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
        const pair = new Pair(variant, scheme, alignment);
        for (const each of steps) pair.run(each);
        pair.compare();
      }),
      { numRuns },
    );
  });
});

test('the programs reach what they are meant to reach', () => {
  const kinds = new Set<number>();
  for (const steps of fc.sample(fc.array(step, { minLength: 100, maxLength: 150, size: 'max' }), {
    seed: 7,
    numRuns: 40,
  })) {
    const pair = new Pair('flat32', abi.SCHEME_ASAN, 16);
    for (const each of steps) pair.run(each);
    for (const { kind } of pair.h.reports) kinds.add(kind);
    if (pair.h.get(abi.HEADER_STAT_EVICTED) > 0) kinds.add(-1);
  }
  const wanted = [
    -1, // evictions happened
    abi.KIND_HEAP_OOB,
    abi.KIND_HEAP_UAF,
    abi.KIND_DOUBLE_FREE,
    abi.KIND_BAD_FREE,
    abi.KIND_ALLOC_DEALLOC_MISMATCH,
    abi.KIND_NULL,
    abi.KIND_WILD,
  ];
  expect(wanted.filter((kind) => !kinds.has(kind))).toEqual([]);
});
