// AddressSanitizer's own unit tests, as GCC's test suite has them: six hundred accesses that must be reported, by the text that
// each expects, beside all that they do first and that must not be.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { asanText, createSymbolizer, PLAIN_STYLE } from '../../host/index.ts';
import { runCommand } from '../../host/run.ts';
import { instrument } from '../../index.ts';
import { ScratchFile } from '../support/scratch-file.ts';
import { gccMissing, gccTests } from './gcc.ts';
import { DRIVERS } from './list.ts';

/** Need what WASI or the stubs do not have: jumps, threads, their names, a scheduler; or what only the compiler knows, or no access. */
const NOT_RUN = /LongJmp|ThreadedTest|ThreadedStress|pthread_getschedparam|HasFeature|AttributeNoSanitize|SimpleDeath/;
/** Silent at both levels, and why. */
const SILENT: Readonly<Record<string, string>> = {
  'GlobalTest:8': 'a constant has no gap behind it',
  'GlobalTest:9': 'a constant has no gap behind it',
  'GlobalStringConstTest:1': 'literals have no names',
  'FileNameInGlobalReportTest:1': 'literals have no names',
  'StrLenOOBTest:6': 'a global has no gap behind it',
  'MemCmpOOBTest:8': 'called through a pointer, memcmp reads up to the first difference',
  'StrArgsOverlapTest:1': 'called through a pointer, memcpy is checked where it reads',
  'StrArgsOverlapTest:2': 'called through a pointer, memcpy is checked where it reads',
};
/** Optimised, an index is added to an address that is part of the instruction: it may be that of another global, folded. */
const SILENT_OPTIMISED = [1, 2, 3, 4, 5, 6, 7].map((n) => `GlobalTest:${n}`);
/** Reported otherwise than expected, and how. */
const OTHERWISE: readonly (readonly [RegExp, why: string])[] = [
  [/^(MemSetOOBTest|LargeOOBInMemset):/, 'called through a pointer, memset is checked where it writes: words, and not in order'],
  [/^StrN?CatOOBTest:(4|7)$/, 'the text to append to is read first'],
  [/^UAF_Packed5:/, 'compilers copy five bytes in two parts'],
  [/^UAF_long_double:/, 'and sixteen bytes in two'],
  [/^UAF_char:4$/, 'a block of the size of the quarantine leaves it at once'],
  [/^ManyStackObjectsTest:1$/, 'it expects the variables in the order of the source'],
]; // biome-ignore format: a table

if (gccMissing) console.log(`AddressSanitizer's own tests are not run: ${gccMissing}`);

const folder = mkdtempSync(join(tmpdir(), 'wasan-asan-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Includes that the stubs answer. */
const STUBBED = ['pthread.h', 'setjmp.h', 'immintrin.h', 'emmintrin.h', 'sys/prctl.h'];
const FLAGS = [
  ...[
    '--target=wasm32-wasi',
    '-std=c++11',
    '-g',
    '-w',
    '-fno-builtin',
    '-fno-exceptions',
    '-Wl,-z,stack-size=1048576',
    '-fuse-ld=/usr/bin/wasm-ld-19',
  ],
  ...['-DASAN_UAR=0', '-DASAN_HAS_EXCEPTIONS=0', '-DASAN_HAS_BLACKLIST=0', '-DASAN_NEEDS_SEGV=0'],
  ...['-DSANITIZER_USE_DEJAGNU_GTEST=1', '-DASAN_AVOID_EXPENSIVE_TESTS=1', '-D__NO_INLINE__'],
  ...['-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal', '-D_WASI_EMULATED_MMAN', '-lwasi-emulated-mman'],
];

function build(level: string): Uint8Array {
  const suite = gccTests('g++.dg/asan');
  mkdirSync(join(folder, 'sys'), { recursive: true });
  for (const name of STUBBED) writeFileSync(join(folder, name), '');
  // A test takes strchr's address, of which libc++ has two.
  const texts = readFileSync(join(suite, 'asan_str_test.cc'), 'utf8');
  writeFileSync(
    join(folder, 'asan_str_test.cc'),
    texts.replace(/RunStrChrTest\(&(\w+)\)/g, 'RunStrChrTest((PointerToStrChr1)&$1)'),
  );
  writeFileSync(
    join(folder, 'tests.cc'),
    ['', '_mem', '_str', '_oob'].map((name) => `#include "asan${name}_test.cc"\n`).join(''),
  );
  const output = join(folder, `tests${level}.wasm`);
  const stubs = ['-include', join(DRIVERS.pathname, 'gtest-stubs.h'), `-I${folder}`, `-I${suite}`];
  const files = [join(folder, 'tests.cc'), join(suite, 'asan_globals_test-wrapper.cc')];
  // Without wasm-opt on its way: clang would let it rewrite the code, and the variables would be lost.
  execFileSync('/usr/bin/clang++-19', [...files, level, ...stubs, ...FLAGS, '-o', output], {
    env: { PATH: '/usr/lib/llvm-19/bin' },
  });
  return new Uint8Array(readFileSync(output));
}

/** Today's words for what the tests know by yesterday's. */
function expectation(pattern: string): RegExp {
  const sides = { left: 'before', right: 'after' };
  const words = pattern
    .replaceAll('[[:space:]]', '\\s')
    .replace('of global', 'global')
    .replace(/bytes?(\.\*)? ?to the (left|right)( of)?/g, (_, __, side: 'left' | 'right') => `bytes?.*${sides[side]}`);
  return new RegExp(words, 's');
}

/** `EXPECT_DEATH(statement, pattern)`, as the suite's own little framework lists them. */
const DEATH = /DEJAGNU_GTEST_EXPECT_DEATH(\d+) .*? DEJAGNU_GTEST_EXPECT_DEATH\1 (.*?) DEJAGNU_GTEST_EXPECT_DEATH\1/gs;

describe.skipIf(gccMissing)("AddressSanitizer's own tests", () => {
  test.each(['-O0', '-O1'])('%s', async (level) => {
    const module = build(level);
    const instrumented = instrument(module, { host: true, debugInfo: createSymbolizer(module) }).bytes;
    const run = async (...args: string[]) => {
      const stdout = new ScratchFile();
      const { sanitizer } = await runCommand({
        original: module,
        instrumented,
        args: ['a.wasm', ...args],
        stdout: stdout.descriptor,
        onFinding: () => undefined,
      });
      const output = stdout.text();
      stdout.close();
      return { output, report: sanitizer.findings[0] && asanText(sanitizer.findings[0], PLAIN_STYLE) };
    };
    const { output } = await run();
    const names = [...output.matchAll(/DEJAGNU_GTEST_TEST AddressSanitizer_(\S+)/g)].map((match) => match[1]!);
    const wrong: string[] = [];
    const silent: string[] = [];
    let deaths = 0;
    for (const name of names.filter((n) => !NOT_RUN.test(n))) {
      const whole = await run(`AddressSanitizer_${name}`);
      if (whole.report || whole.output.includes('EXPECT_TRUE failed'))
        wrong.push(`${name}: ${whole.report ?? whole.output}`);
      for (const [, number, pattern] of whole.output.matchAll(DEATH)) {
        const death = `${name}:${number}`;
        const { report } = await run(`AddressSanitizer_${death}`);
        deaths++;
        if (!report) silent.push(death);
        else if (!expectation(pattern!).test(report) && !OTHERWISE.some(([which]) => which.test(death))) {
          wrong.push(`${death}: not /${pattern}/: ${report.slice(0, 1200)}`);
        }
      }
    }
    console.log(`${level}: ${names.length} tests, ${deaths} accesses`);
    expect(wrong).toEqual([]);
    const known = [...Object.keys(SILENT), ...(level === '-O0' ? [] : SILENT_OPTIMISED)];
    expect(silent.sort()).toEqual(known.sort());
    expect(deaths).toBeGreaterThan(500);
  });
});
