// The tables of kinds and of shadow bytes against the contract: nothing missing, nothing twice, no byte with two meanings.
import { describe, expect, it } from 'vitest';
import { KINDS, kindOf } from '../../host/report/kinds.ts';
import { legendOf, meaningOf, SHADOW_LEGEND } from '../../host/report/shadow-legend.ts';
import * as abi from '../../runtime/abi.ts';

const CONSTANTS = Object.entries(abi) as [string, number][];

describe('kinds', () => {
  const codes = CONSTANTS.filter(([name]) => name.startsWith('KIND_')).map(([, code]) => code);

  it('has a row for every kind of the contract and no other', () => {
    expect(codes.length).toBeGreaterThan(30);
    expect(KINDS.map(({ code }) => code).sort((a, b) => a - b)).toEqual(codes.sort((a, b) => a - b));
  });

  it('has distinct names and a full sentence each', () => {
    expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
    for (const { name, asan, kasan, sentence } of KINDS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(asan).not.toBe('');
      expect(kasan).not.toBe('');
      expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  });

  it.each([
    [abi.KIND_HEAP_OOB, 'heap-buffer-overflow', 'slab-out-of-bounds'],
    [abi.KIND_HEAP_UAF, 'heap-use-after-free', 'slab-use-after-free'],
    [abi.KIND_DOUBLE_FREE, 'double-free', 'double-free'],
    [abi.KIND_BAD_FREE, 'bad-free', 'invalid-free'],
    [abi.KIND_NULL, 'SEGV', 'null-ptr-deref'],
    [abi.KIND_WILD, 'SEGV', 'wild-memory-access'],
    [abi.KIND_NEGATIVE_SIZE, 'negative-size-param', 'out-of-bounds'],
    [abi.KIND_STACK_UNDERFLOW, 'stack-buffer-underflow', 'stack-out-of-bounds'],
    [abi.KIND_STACK_OOB, 'stack-buffer-overflow', 'stack-out-of-bounds'],
    [abi.KIND_STACK_AFTER_RETURN, 'stack-use-after-return', 'stack-use-after-return'],
    [abi.KIND_STACK_AFTER_SCOPE, 'stack-use-after-scope', 'stack-use-after-scope'],
    [abi.KIND_ALLOCA_OOB, 'dynamic-stack-buffer-overflow', 'alloca-out-of-bounds'],
    [abi.KIND_GLOBAL_OOB, 'global-buffer-overflow', 'global-out-of-bounds'],
    [abi.KIND_USER_POISON, 'use-after-poison', 'use-after-poison'],
    [abi.KIND_CONTAINER, 'container-overflow', 'container-overflow'],
    [abi.KIND_INTRA_OBJECT, 'intra-object-overflow', 'intra-object-overflow'],
    [abi.KIND_INIT_ORDER, 'initialization-order-fiasco', 'initialization-order-fiasco'],
    [abi.KIND_PAGE_UAF, 'heap-use-after-free', 'use-after-free'],
    [abi.KIND_VMALLOC_OOB, 'mapping-buffer-overflow', 'vmalloc-out-of-bounds'],
    [abi.KIND_USE_AFTER_MUNMAP, 'use-after-munmap', 'use-after-free'],
    [abi.KIND_UNKNOWN, 'unknown-crash', 'unknown-crash'],
  ])('kind %i has the titles of the specification', (code, asan, kasan) => {
    expect(kindOf(code)).toMatchObject({ asan, kasan });
  });

  it('shows a kind it does not know as unknown', () => {
    expect(kindOf(9999).name).toBe('unknown');
  });
});

describe('shadow legend', () => {
  /** Every constant of the shadow group of the contract, by the scheme it belongs to. */
  const own = /^(?!KASAN_MAX_)(ASAN_|KASAN_|VMA_|NULL_PAGE$|WILD$|READ_ONLY_DATA$)/;
  const codes = CONSTANTS.filter(([name]) => own.test(name));

  it.each(codes)('explains %s', (name, code) => {
    const schemes = SHADOW_LEGEND.flatMap((row) => [
      ...(row.asan === code ? ['asan'] : []),
      ...(row.kasan === code ? ['kasan'] : []),
    ]);
    expect(schemes).toContain(name.startsWith('KASAN_') ? 'kasan' : 'asan');
  });

  it.each(['asan', 'kasan'] as const)('gives every byte one meaning in %s', (scheme) => {
    const values = legendOf(scheme).map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
    expect(values.every((value) => value >= 0x80 && value <= 0xff)).toBe(true);
    const labels = legendOf(scheme).map(({ label }) => label);
    expect(Math.max(...labels.map((label) => label.length))).toBeLessThan(24); // the column of compiler-rt's legend
  });

  it('keeps the two schemes apart where they collide', () => {
    const labels = [0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0xf8].map((code) => [
      meaningOf(code, 'asan').label,
      meaningOf(code, 'kasan').label,
    ]);
    expect(labels).toEqual([
      ['Heap left redzone', 'Freed slab, with track'],
      ['Container overflow', 'Freed slab object'],
      ['Heap right redzone', 'Slab redzone'],
      ['Freed heap region', 'Stack use after scope'],
      ['ASan internal', 'Page redzone'],
      ['Past the end of memory', 'Freed page'],
      ['Stack use after scope', 'Unused mapping tail'],
    ]);
  });

  it('explains bytes that are not poison, and says so of those without meaning', () => {
    expect(meaningOf(0, 'asan').label).toBe('Addressable');
    expect(meaningOf(5, 'kasan').label).toBe('Partially addressable (5 of 8 bytes)');
    expect(meaningOf(0x99, 'asan').label).toBe('Unknown');
  });
});
