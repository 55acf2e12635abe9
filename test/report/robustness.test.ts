// Reports are made from memory that may come out of a crash: whatever stands in it, every format says something, quickly.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { htmlPage } from '../../host/report/html.ts';
import { jsonText } from '../../host/report/json.ts';
import { sarifText } from '../../host/report/sarif.ts';
import { PLAIN_STYLE } from '../../host/report/style.ts';
import { asanText } from '../../host/report/text-asan.ts';
import { kasanText } from '../../host/report/text-kasan.ts';
import * as abi from '../../runtime/abi.ts';
import { reportOf } from './context.ts';
import { RuntimeImage } from './image.ts';

describe('damaged memory', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 0xffffffff, 0x80000000), fc.integer({ min: 0, max: 0xffffffff }));
  const address = fc.oneof(fc.bigInt({ min: 0n, max: 0x90000n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const damage = fc.record({
    scheme: fc.constantFrom(abi.SCHEME_ASAN, abi.SCHEME_KASAN),
    pointer: fc.constantFrom(4 as const, 8 as const),
    paged: fc.boolean(),
    kind: fc.integer({ min: 0, max: 40 }),
    flags: fc.integer({ min: 0, max: 31 }),
    words: fc.array(fc.tuple(fc.constantFrom(...fields()), word), { maxLength: 6 }),
    address,
    size: address,
    firstBad: address,
    extra0: address,
    chunk: fc.uint8Array({ minLength: abi.CHUNK_RECORD, maxLength: abi.CHUNK_RECORD }),
  });

  /** Header and report words that reading depends on; not those that say what kind of file it is. */
  function fields(): number[] {
    const names = /^(HEADER_(SHADOW|ARENA|CHUNK|WILD|MAPPING|PROGRAM|MAX_ALLOCATION)|REPORT_(STACK|CHUNK|SITE|THREAD))/;
    return Object.entries(abi).flatMap(([name, value]) => (names.test(name) ? [value as number] : []));
  }

  it('gives a report in every format', () => {
    fc.assert(
      fc.property(damage, (d) => {
        const image = new RuntimeImage(d.scheme, { pointer: d.pointer, paged: d.paged }).shadow(
          0x10000,
          0xfa,
          0x05,
          0xfd,
        );
        const record = image.chunk({ begin: 0x10010, size: 10 });
        image.report({ kind: d.kind, access: d.flags, address: 0, stack: [] });
        image.bytes.set(d.chunk, record);
        image.u64(abi.REPORT_ADDR, d.address).u64(abi.REPORT_SIZE, d.size).u64(abi.REPORT_FIRST_BAD, d.firstBad);
        image.u64(abi.REPORT_EXTRA0, d.extra0);
        for (const [field, value] of d.words) image.u32(field, value);
        const report = reportOf(image, { frames: () => [], accessStack: () => [] });
        expect(asanText(report, PLAIN_STYLE)).toMatch(/ERROR: AddressSanitizer: /);
        expect(kasanText(report, PLAIN_STYLE)).toMatch(/BUG: KASAN: /);
        expect(JSON.parse(jsonText(report)).serial).toBe(1);
        expect(JSON.parse(sarifText({ reports: [report], toolVersion: '1.2.3' })).version).toBe('2.1.0');
        expect(htmlPage({ reports: [report], moduleName: 'm.wasm', toolVersion: '1.2.3' })).toContain('</html>');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the folder', () => {
  it('uses nothing that a browser does not have', () => {
    const folder = new URL('../../host/report/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(15);
    for (const name of files) {
      const source = readFileSync(new URL(name, folder), 'utf8');
      expect([name, source.match(/from '(?!\.)[^']*'|\bprocess\.|\bBuffer\b|\brequire\(/g)]).toEqual([name, null]);
    }
  });
});
