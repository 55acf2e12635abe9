// One report of every kind, in both schemes, for the formats that must take anything.
import { KINDS } from '../../host/report/kinds.ts';
import { judgeLeaks } from '../../host/report/leaks.ts';
import type { LeakReport, Report } from '../../host/report/report.ts';
import { parseSuppressions } from '../../host/report/suppressions.ts';
import * as abi from '../../runtime/abi.ts';
import { CONTEXT, reportOf, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

const PLACES = {
  stackFrame: () => ({
    frame: { function: 'work', file: 'src/demo.c', line: 20, offset: 0x500 },
    offset: 42,
    objects: [{ name: 'buf', begin: 32, size: 10, line: 21 }],
  }),
  globals: () => [{ name: 'table', begin: 0x400, size: 10, file: 'src/a b.c', line: 3, column: 6 }],
  mapping: () => ({ begin: 0x30000, end: 0x31000, flags: 'rw-p', name: 'arena', mapped: true }),
};

/** Leaks of two stacks, one of them twice, and a suppressed one. */
export function leakSample(): LeakReport {
  const suppressions = parseSuppressions('leak:^fill$');
  const block = { direct: true, stack: [SITE.malloc, SITE.makes] };
  const { report } = judgeLeaks(
    [
      { ...block, address: 0x10010, size: 7 },
      { ...block, address: 0x10030, size: 9 },
      { ...block, address: 0x10050, size: 100, direct: false },
      { ...block, address: 0x10100, size: 77, stack: [SITE.fill] },
    ],
    { scheme: 'asan', pointerBytes: 4, serial: 1, thread: 0, suppressions },
    CONTEXT,
  );
  return report!;
}

/** Every kind but leaks, once per scheme; odd ones without anything the host could add. */
export function samples(): Report[] {
  const schemes = [abi.SCHEME_ASAN, abi.SCHEME_KASAN];
  return schemes.flatMap((scheme) =>
    KINDS.filter(({ layout }) => layout !== 'leak').map(({ code, area }) => {
      const image = new RuntimeImage(scheme, { pointer: code % 2 === 0 ? 4 : 8 }).u32(
        abi.HEADER_WILD_FROM,
        0x50000 / 8,
      );
      const heapCode = scheme === abi.SCHEME_ASAN ? abi.ASAN_HEAP_FREED : abi.KASAN_SLAB_FREE;
      image.shadow(0x10010, heapCode, heapCode);
      const chunk = image.chunk({
        begin: 0x10010,
        size: 10,
        state: code % 3 === 0 ? abi.CHUNK_LIVE : abi.CHUNK_QUARANTINED,
        allocStack: [SITE.malloc, SITE.makes],
        freeStack: [SITE.free, SITE.releases],
      });
      const address = area === 'heap' || area === 'any' ? 0x10012 : 0x404;
      const named = area === 'heap' && code !== abi.KIND_HEAP_OOB ? { chunk } : {};
      image.report({
        kind: code,
        address,
        size: code === abi.KIND_NEGATIVE_SIZE ? -2n : 8,
        stack: [SITE.fill],
        ...named,
      });
      return reportOf(image, code % 5 === 0 ? {} : PLACES);
    }),
  );
}
