// Suppression files and ignore lists: what they match, what they do not, and which lines they refuse.
import { describe, expect, it } from 'vitest';
import type { StackFrame } from '../../host/report/place.ts';
import {
  findLeakSuppression,
  findSuppression,
  isIgnored,
  parseIgnoreList,
  parseSuppressions,
  templateMatches,
} from '../../host/report/suppressions.ts';
import * as abi from '../../runtime/abi.ts';
import { reportOf, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

const STACK: StackFrame[] = [
  { function: 'malloc', module: 'app.wasm', offset: 1 },
  { function: 'Cache::grow(int)', file: 'src/cache.cc', line: 3, module: 'app.wasm', offset: 2 },
];

describe('templates', () => {
  it.each([
    ['grow', true],
    ['Cache*int', true],
    ['^Cache', true],
    ['^grow', false],
    ['int)$', true],
    ['grow$', false],
    ['Cache..grow', false],
    ['', true],
  ])('%s', (template, matches) => {
    expect(templateMatches(template, 'Cache::grow(int)')).toBe(matches);
  });
});

describe('suppression files', () => {
  const list = parseSuppressions('# expected\n\nleak:Cache::grow\nleak:vendor/*.c\n interceptor_via_fun:fi*l \n');

  it('match leaks by function, file and module', () => {
    expect(findLeakSuppression(STACK, list)?.pattern).toBe('Cache::grow');
    expect(findLeakSuppression([{ function: 'f', file: 'vendor/zlib.c' }], list)?.pattern).toBe('vendor/*.c');
    expect(findLeakSuppression([{ function: 'f', file: 'src/zlib.c' }], list)).toBeUndefined();
    expect(findLeakSuppression(STACK, parseSuppressions('leak:app.wasm'))).toBeDefined();
    expect(findLeakSuppression(STACK, parseSuppressions('interceptor_via_fun:Cache'))).toBeUndefined();
  });

  it('match findings of range functions only', () => {
    const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0x00, 0xfc);
    image.chunk({ begin: 0x10010, size: 8, allocStack: [SITE.makes] });
    const bad = { kind: abi.KIND_HEAP_OOB, address: 0x10018, size: 4, stack: [SITE.fill, SITE.main] };
    image.report({ ...bad, access: abi.ACCESS_RANGE });
    expect(findSuppression(reportOf(image), list)?.pattern).toBe('fi*l');
    expect(findSuppression(reportOf(image), parseSuppressions('interceptor_name:^fill$'))).toBeDefined();
    expect(findSuppression(reportOf(image), parseSuppressions('interceptor_name:^main$'))).toBeUndefined();
    image.report(bad);
    expect(findSuppression(reportOf(image), list)).toBeUndefined();
  });

  it('match mismatched families', () => {
    const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0x00, 0xfc);
    const chunk = image.chunk({ begin: 0x10010, size: 8, allocKind: abi.ALLOC_NEW });
    const stack = [SITE.releases];
    image.report({ kind: abi.KIND_ALLOC_DEALLOC_MISMATCH, address: 0x10010, chunk, extra0: abi.ALLOC_MALLOC, stack });
    expect(findSuppression(reportOf(image), parseSuppressions('alloc_dealloc_mismatch:demo.c'))).toBeDefined();
    expect(findSuppression(reportOf(image), parseSuppressions('alloc_dealloc_mismatch:other.c'))).toBeUndefined();
  });

  it.each(['leak', 'race:f', 'leak:'])('refuse %s', (line) => {
    expect(() => parseSuppressions(`leak:ok\n${line}`)).toThrow(
      expect.objectContaining({ code: 'E_SUPPRESSIONS', message: expect.stringContaining(`line 2, "${line}"`) }),
    );
  });
});

describe('ignore lists', () => {
  const list = parseIgnoreList(`#!special-case-list-v2
src:*/third_party/*
fun:hash_?
fun:{foo,bar}_[0-9]
global:table=init
[memory]
fun:other_sanitizer
[address|undefined]
fun:a.b(int)
offset:0x40
offset:0x100-0x110
`);

  it.each([
    [{ file: 'x/third_party/zlib/inflate.c' }, true],
    [{ file: 'third_party/zlib.c' }, false],
    [{ function: 'hash_1' }, true],
    [{ function: 'hash_12' }, false],
    [{ function: 'bar_7' }, true],
    [{ function: 'bar_x' }, false],
    [{ function: 'a.b(int)' }, true],
    [{ function: 'axb(int)' }, false],
    [{ function: 'other_sanitizer' }, false],
    [{ global: 'table' }, true],
    [{ function: 'table' }, false],
    [{ offset: 0x40 }, true],
    [{ offset: 0x41 }, false],
    [{ offset: 0x10f }, true],
    [{ offset: 0x110 }, false],
    [{ function: 'x', offset: 0x10f }, true],
    [{}, false],
  ])('%o', (subject, ignored) => {
    expect(isIgnored(list, subject)).toBe(ignored);
  });

  it.each(['funny:x', 'fun', 'offset:here'])('refuse %s', (line) => {
    expect(() => parseIgnoreList(line)).toThrow(expect.objectContaining({ code: 'E_SUPPRESSIONS' }));
  });
});
