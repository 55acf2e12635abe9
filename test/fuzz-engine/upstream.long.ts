// The targets of libFuzzer's own tests (compiler-rt/test/fuzzer), from nothing: what is in them is found, and nothing else. Those are
// left out that need a second file, threads, a process of their own, another sanitizer, or one run to see what the last one left.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { debianSource } from '../../bench/debian.ts';
import { openTarget } from '../../fuzz/index.ts';
import { compileC } from '../support/compile-c.ts';
import { campaignOf } from './targets.ts';

const RUNS = 200_000;

/** What each ends with; their way to say that they were passed is to exit. */
const FOUND: Readonly<Record<string, string>> = {
  AbsNegAndConstant64Test: 'exit',
  AbsNegAndConstantTest: 'exit',
  CallerCalleeTest: 'exit',
  CleanseTest: 'unreachable',
  CustomCrossOverTest: 'exit',
  CxxStringEqTest: 'unreachable',
  InitializeTest: 'exit',
  KeepSeedTest: 'exit',
  Labels20Test: 'unreachable',
  LeakTest: 'detected memory leaks',
  MagicSeparatorTest: 'SEGV',
  Memcmp64BytesTest: 'exit',
  MemcmpTest: 'exit',
  NullDerefOnEmptyTest: 'SEGV',
  NullDerefTest: 'SEGV',
  OneHugeAllocTest: 'allocation-size-too-big',
  OverwriteInputTest: 'overwritten-input',
  RepeatedBytesTest: 'exit',
  SimpleCmpTest: 'exit',
  SimpleHashTest: 'exit',
  SimpleTest: 'exit',
  SingleByteInputTest: 'unreachable',
  SingleMemcmpTest: 'exit',
  SingleStrcmpTest: 'exit',
  StackOverflowTest: 'stack-overflow',
  StrcmpTest: 'exit',
  StrncmpOOBTest: 'heap-buffer-overflow',
  StrncmpTest: 'exit',
  StrstrTest: 'exit',
  SwapCmpTest: 'exit',
  Switch2Test: 'exit',
  Switch3Test: 'unreachable',
  SwitchTest: 'exit',
  ThreeFunctionsTest: 'unreachable',
  TimeoutEmptyTest: 'timeout',
  TimeoutTest: 'timeout',
  TwoDifferentBugsTest: 'SEGV',
};

/** Only closeness of what is compared leads through these. */
const BY_VALUE_PROFILE: Readonly<Record<string, string>> = {
  CounterTest: 'exit',
  FourIndependentBranchesTest: 'exit',
  FullCoverageSetTest: 'exit',
  ThreeBytes: 'unreachable',
};

/** Correct, or wrong in ways that only other sanitizers see. */
const CLEAN = [
  'BadStrcmpTest',
  'EmptyTest',
  'GcSectionsTest',
  'NotinstrumentedTest',
  'RepeatedMemcmp',
  'SignedIntOverflowTest',
];

const EXPORTS = ['LLVMFuzzerTestOneInput', 'malloc', 'free'];
const PERHAPS = ['LLVMFuzzerInitialize', 'LLVMFuzzerCustomMutator', 'LLVMFuzzerCustomCrossOver'];
const FLAGS = [
  ...['-O1', '-g', '-w', '-fno-exceptions', '-mexec-model=reactor', '-Wl,--allow-undefined'],
  ...EXPORTS.map((name) => `-Wl,--export=${name}`),
  ...PERHAPS.map((name) => `-Wl,--export-if-defined=${name}`),
];

const source = debianSource('llvm-toolchain-19', false, 'compiler-rt/test/fuzzer');
if ('reason' in source) console.log(`libFuzzer's targets are not run: ${source.reason}`);

async function titles(name: string, valueProfile: boolean): Promise<string[]> {
  const file = `${name}.cpp`;
  const text = readFileSync(join((source as { folder: string }).folder, file), 'utf8');
  const executor = openTarget(await compileC({ file, source: text, flags: FLAGS }), { valueProfile });
  const campaign = campaignOf(executor, 1, RUNS, { maxLength: 128 });
  campaign.run([]);
  return campaign.findings.map(({ finding }) => finding.title);
}

describe.skipIf('reason' in source)('libFuzzer’s targets', () => {
  test.each(Object.entries(FOUND))('%s ends with: %s', async (name, title) => {
    expect(await titles(name, false)).toEqual([title]);
  });

  test.each(Object.entries(BY_VALUE_PROFILE))('%s ends by its value profile with: %s', async (name, title) => {
    expect(await titles(name, true)).toEqual([title]);
  });

  test.each(CLEAN)('%s runs to the end', async (name) => {
    expect(await titles(name, false)).toEqual([]);
  });
});
