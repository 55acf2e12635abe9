import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demangle } from '../../host/symbols/demangle.ts';
import { compile, cxxfilt, nm } from './toolchain.ts';

/** Symbols of libc++, and of a program written to have unusual ones. */
async function corpus(): Promise<string[]> {
  const source = readFileSync(new URL('fixtures/names.cpp', import.meta.url), 'utf8');
  const module = await compile('names.cpp', source, ['-std=c++23', '-O0', '-c', '-w', '-fexceptions', '-frtti']);
  const names = new Set<string>();
  for (const archive of ['', '/usr/lib/wasm32-wasip1/libc++.a', '/usr/lib/wasm32-wasip1/libc++abi.a']) {
    const listing = await nm(module, ['--format=just-symbols', ...(archive ? [archive] : [])]);
    // c++filt splits at "$".
    for (const name of listing.split('\n')) if (/^_Z[^$]*$/.test(name)) names.add(name);
  }
  return [...names];
}

/** Where LLVM gives up the template arguments behind a constraint (T instead of int), and an unnamed type's constructor. */
const isKnownDifference = (name: string, theirs: string) =>
  (name.includes('Q') && /\bT[0-9]*\b/.test(theirs)) || /Ut_C2|TpTn/.test(name);

test('C++ names as c++filt spells them', { timeout: 180_000 }, async () => {
  const names = await corpus();
  expect(names.length).toBeGreaterThan(8500);
  const expected = await cxxfilt(names);
  const different = names.map((name, i) => ({ name, theirs: expected[i]!, ours: demangle(name) }));
  const wrong = different.filter(({ theirs, ours }) => theirs !== ours);
  const parity = 100 * (1 - wrong.length / names.length);
  console.log(`c++filt parity: ${parity.toFixed(2)} % of ${names.length} names`);
  expect(wrong.filter(({ name, theirs }) => !isKnownDifference(name, theirs))).toEqual([]);
  expect(parity).toBeGreaterThan(99.5);
});

test('what a C++ report shows', () => {
  expect(demangle('_Z3fooi')).toBe('foo(int)');
  expect(demangle('_ZN2ns5Class6methodEPKc')).toBe('ns::Class::method(char const*)');
  expect(demangle('_ZNSs6appendEPKc')).toBe('std::string::append(char const*)');
  expect(demangle('_ZNSsC1Ev')).toBe(
    'std::basic_string<char, std::char_traits<char>, std::allocator<char>>::basic_string()',
  );
  expect(demangle('_ZN12_GLOBAL__N_13runEv.isra.0')).toBe('(anonymous namespace)::run() (.isra.0)');
  expect(demangle('_ZZ4mainE5count')).toBe('main::count');
  expect(demangle('__ZN2ns3fooEv')).toBe('ns::foo()');
});

test('names that are not mangled stay', () => {
  for (const name of [
    '',
    'main',
    'foo(int)',
    '_Z',
    '_ZN',
    '_R',
    '_RNv',
    '_start',
    'assembly/index/run',
    '_Z3fo',
    '_ZN3fooE',
  ]) {
    const expected = name === '_ZN3fooE' ? 'foo' : name;
    expect(demangle(name)).toBe(expected);
  }
});

/** Examples of the mangling's description (RFC 2603) and of its test suites, as c++filt spells them. */
const RUST_V0 = [
  '_RNvC6_123foo3bar',
  '_RNvCs1234_7mycrate3foo',
  '_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y',
  '_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_',
  '_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_',
  '_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std',
  '_RINtC8arrayvec8ArrayVechKj7b_E',
  '_RMCs4fqI2P2rA04_13const_genericINtB0_6SignedKanb_E',
  '_RMCs4fqI2P2rA04_13const_genericINtB0_4BoolKb0_E',
  '_RMCs4fqI2P2rA04_13const_genericINtB0_4CharKca_E',
  '_RNvNvMCs4fqI2P2rA04_13const_genericINtB4_3FooKpE3foo3FOO',
  '_RINvNtC3std3mem8align_ofFUKCjEuE',
  '_RINvNtC3std3mem8align_ofFG_RL0_hEuE',
  '_RINvC1a1fDG_INtC1a1TRL0_hEp4ItemlEL_E',
  '_RINvC1a1fTlEE',
  '_RINvC1a1fTjjEAhj4_SyReQPhOhFKCuEzE',
  '_RNvXs_C1aNtB4_1SNtC4core5Clone5clone',
  '_RNvYNtC1a1SNtC4core5Clone5clone',
  '_RNSC1a4vtab',
];

test('Rust names', { timeout: 180_000 }, async () => {
  const expected = await cxxfilt(RUST_V0);
  expect(RUST_V0.map(demangle)).toEqual(expected);
  expect(expected.filter((name, i) => name === RUST_V0[i])).toEqual([]);
  const hash = '17h0123456789abcdefE';
  const legacy = [
    [`_ZN4core3fmt5Write9write_fmt${hash}`, 'core::fmt::Write::write_fmt'],
    [`_ZN4main${hash}.llvm.123`, 'main'],
    [
      `_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar${hash}`,
      "<Test + 'static as foo::Bar<Test>>::bar",
    ],
    [`_ZN5crate28_$u7b$$u7b$closure$u7d$$u7d$${hash}`, 'crate::{{closure}}'],
    [`_ZN4core3ptr28drop_in_place$LT$$RF$str$GT$${hash}`, 'core::ptr::drop_in_place<&str>'],
  ];
  for (const [name, readable] of legacy) expect(demangle(name!)).toBe(readable);
});

test('damaged names neither throw nor hang', () => {
  const seeds = [
    '_ZNSt3__224__tuple_leafILm0EONS_12basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEELb0EEC2B9nqe220100IS6_TnNS_9enable_ifIXsr4_AndINS_17integral_constantIbLb1EEEE5valueEiE4typeELi0EEEOSC_',
    '_Z10arithmeticIiLi4EEiRAT0__T_PAplT0_Li1E_cPAmimlT0_Li2ELi1E_c',
    '_ZZ10withLambdaiENKUlTyTniTtTyETpTyT_DpT2_E_clIiLi3ESt6vectorJcEEEDaS_S2_',
    ...RUST_V0,
  ];
  const alphabet = 'NSTILEKPRXJ_0123456789abcdfpvszCDMZ';
  const edit = fc.record({
    seed: fc.constantFrom(...seeds),
    edits: fc.array(fc.record({ at: fc.nat(), char: fc.constantFrom(...alphabet), kind: fc.constantFrom(0, 1, 2) }), {
      maxLength: 6,
    }),
  });
  fc.assert(
    fc.property(edit, ({ seed, edits }) => {
      let name = seed;
      for (const { at, char, kind } of edits) {
        const i = 2 + (at % (name.length - 2));
        name = name.slice(0, i) + (kind === 2 ? '' : char) + name.slice(kind === 0 ? i : i + 1);
      }
      const start = performance.now();
      expect(typeof demangle(name)).toBe('string');
      expect(performance.now() - start, name).toBeLessThan(2000);
    }),
    { numRuns: 5000 },
  );
  // Each step doubles what the next one refers to.
  let bomb = '_Z1fI1aE';
  for (let i = 0; i < 60; i++)
    bomb += `1cIS${i === 0 ? '' : (i - 1).toString(36).toUpperCase()}_S${i === 0 ? '' : (i - 1).toString(36).toUpperCase()}_E`;
  for (const deep of [
    bomb,
    `_Z1f${'P'.repeat(15_000)}i`,
    `_Z1f${'N'.repeat(15_000)}`,
    `_R${'Y'.repeat(15_000)}`,
    'x'.repeat(1e6),
  ]) {
    const start = performance.now();
    expect(typeof demangle(deep)).toBe('string');
    expect(performance.now() - start).toBeLessThan(2000);
  }
});
