// The parts that need no target: features, corpus, minimising, dictionaries, the corpus folder, flags.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseFuzzFlags } from '../../cli/fuzz/flags.ts';
import { screenLines } from '../../cli/fuzz/screen.ts';
import { Corpus } from '../../fuzz/corpus.ts';
import { parseDictionary } from '../../fuzz/dictionary.ts';
import { Features } from '../../fuzz/features.ts';
import { readInputs, sha1, writeFile } from '../../fuzz/folder.ts';
import { HitList } from '../../fuzz/hits.ts';
import { cleanse, minimize } from '../../fuzz/minimize.ts';
import { seededRandom } from '../../fuzz/random.ts';

const text = (s: string) => new TextEncoder().encode(s);
const never = () => false;
/** Of counters with these values. */
const hitsOf = (...values: number[]) => {
  const hits = new HitList(values.length);
  hits.drain(Uint8Array.from(values), 0);
  return hits;
};

describe('features', () => {
  test('a counter has eight buckets', () => {
    const features = new Features(4);
    const buckets = [1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 127, 128, 255].map((n) => features.list(hitsOf(n))[0]);
    expect(buckets).toEqual([0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7].map((bucket) => 4 * bucket));
    expect(features.list(hitsOf(0, 1, 0, 2))).toEqual([1, 7]);
  });

  test('new features are interesting, shorter inputs for known ones only if wanted', () => {
    const features = new Features(4);
    const keeping = new Features(4, 4, false);
    const hits = hitsOf(1, 0, 0, 3);
    for (const each of [features, keeping]) {
      expect(each.note(hits, 10)).toBe(true);
      expect(each.add(each.list(hits), 10)).toBe(2);
      expect(each.note(hits, 10)).toBe(false);
      expect(each.note(hits, 9)).toBe(each === features);
      expect([each.edges, each.count, [...each.runs].filter((runs) => runs > 0)]).toEqual([2, 2, [3, 3]]);
    }
  });

  test('what is watched is told of in every run, without making it interesting', () => {
    const features = new Features(9);
    const hits = hitsOf(2, 0, 0, 0, 1, 0, 0, 0, 7);
    features.add(features.list(hits), 5);
    features.watch(35, true);
    const met: number[] = [];
    expect([features.note(hits, 100, met), met]).toEqual([false, [35]]);
    features.watch(35, false);
    expect([features.note(hits, 100, met), met]).toEqual([false, [35]]);
    expect(features.note(hits, 4)).toBe(true);
  });
});

test('a shorter unit takes over, and one that owns nothing is retired', () => {
  const features = new Features(8);
  const corpus = new Corpus(features);
  const long = corpus.add(text('long input'), [0, 8], 'long');
  const other = corpus.add(text('other'), [16], 'other');
  for (const unit of [long, other]) unit.compares = [{ from: text('in'), to: text('out') }];
  corpus.add(text('abc'), [0, 8], 'short');
  expect([long.retired, other.retired, corpus.active, corpus.bytes]).toEqual([true, false, 2, 8]);
  expect([long, other].map((unit) => unit.compares.length)).toEqual([0, 1]); // memory for units that are never mutated
  const random = seededRandom(1);
  for (let i = 0; i < 500; i++) expect(corpus.choose(random)).not.toBe(long);
});

describe('minimising', () => {
  test('leaves exactly what is needed', () => {
    const keeps = (b: Uint8Array) => /a.*b.*c/s.test(new TextDecoder().decode(b));
    expect(minimize(text('xxaxxxbxxcxxxxxxxx'), keeps, never)).toEqual(text('abc'));
    expect(minimize(text('q'), () => true, never)).toEqual(text(''));
    expect(minimize(text('keep'), () => false, never)).toEqual(text('keep'));
  });

  test('stops when told to', () => {
    let tries = 0;
    minimize(
      text('x'.repeat(1000)),
      () => tries++ < 0,
      () => tries >= 10,
    );
    expect(tries).toBeLessThanOrEqual(11);
  });

  test('blanks out what does not matter', () => {
    const keeps = (b: Uint8Array) => b[2] === 0x21;
    expect(cleanse(text('ab!cd'), keeps, never)).toEqual(text('  !  '));
  });
});

describe('dictionaries', () => {
  test('words, names, comments, escapes', () => {
    const words = parseDictionary('# comment\n"plain"\nname="\\x00\\xff\\\\\\""\n\n  kw_1 = "a=b"  # why\n');
    expect(words).toEqual([text('plain'), Uint8Array.of(0, 255, 0x5c, 0x22), text('a=b')]);
  });

  test.each(['plain', '"open', 'name="\\q"', '""'])('%s is refused with its line', (line) => {
    expect(() => parseDictionary(`"fine"\n${line}`)).toThrow(/line 2 of the dictionary/);
  });
});

test('the folder holds whole files by name, and drafts are not read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-corpus-'));
  try {
    writeFile(folder, sha1(text('one')), text('one'));
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'two'), 'two');
    writeFileSync(join(folder, '.wasan-1-draft'), 'half');
    expect(
      readInputs(folder)
        .map((f) => new TextDecoder().decode(f.bytes))
        .sort(),
    ).toEqual(['one', 'two']);
    expect(readdirSync(folder).filter((name) => name.endsWith('tmp'))).toEqual([]);
    expect(readFileSync(join(folder, sha1(text('one'))), 'utf8')).toBe('one');
    expect(() => readInputs(join(folder, 'none'))).toThrow('no such file or directory');
    expect(() => writeFile(join(folder, 'none'), 'x', 'y')).toThrow(/cannot write/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('flags have one dash or two, unknown ones are listed, bad numbers refused', () => {
  const flags = parseFuzzFlags(['-runs=5', '--max-len=7', '-merge', '-no_such=3', 'a.wasm', 'corpus']);
  expect([flags.number('runs'), flags.number('max_len'), flags.number('merge')]).toEqual([5, 7, 1]);
  expect([flags.rest, flags.unknown]).toEqual([['a.wasm', 'corpus'], ['-no_such=3']]);
  expect(() => parseFuzzFlags(['-runs=many'])).toThrow('-runs takes a number, not "many"');
});

test('the screen fits its terminal and says what matters', () => {
  const facts = {
    ...{ moduleName: 'json.wasm', seed: 7, seconds: 3723, runs: 1_234_567, edges: 128, features: 445, units: 122 },
    ...{
      bytes: 1805,
      findings: 1,
      duplicates: 32,
      latest: 'heap-buffer-overflow in string',
      sinceNew: 3,
      megabytes: 128,
    },
    growth: [0, 64, 128, 128],
  };
  expect(screenLines(facts, 80)).toEqual([
    'wasan fuzz json.wasm   1:02:03   seed 7',
    'runs      1,234,567, 332/s          edges     128 (445 features)',
    'corpus    122 units, 1805 bytes     new unit  0:00:03 ago',
    'findings  1 (+32 again)             memory    128 MiB',
    'latest    heap-buffer-overflow in string',
    'coverage  ▁▄██',
  ]);
  for (const columns of [1, 9, 20, 40]) {
    for (const line of screenLines(facts, columns)) expect(line.length).toBeLessThan(columns);
  }
});
