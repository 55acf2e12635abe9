// What people see of the model: the script language and its errors, maps and smaps text, JSON, the side-by-side replay,
// the drawn page, and the command.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'parse5';
import { beforeAll, describe, expect, test } from 'vitest';
import { vmaCommand } from '../../cli/commands/vma.ts';
import { replayScript } from '../../host/vma/history.ts';
import { OPERATIONS, parseLine, parseScript } from '../../host/vma/language.ts';
import { lanesOf, picturePage } from '../../host/vma/picture.ts';
import { sideBySide } from '../../host/vma/side-by-side.ts';
import { PAGE_SIZE } from '../../host/vma/space.ts';
import { mapsText, smapsText, spaceJson } from '../../host/vma/text.ts';
import { writeVma } from '../../runtime/build-vma.mts';
import { ROWS } from './scenarios.ts';
import { run, smallSpace, vmaModule } from './support.ts';

const module = await vmaModule();
const SCRIPT = fileURLToPath(new URL('../../examples/vma/collector.vma', import.meta.url));

describe('script language', () => {
  test.each([
    ['mmpa 0 1 rw', 1, 1, 'there is no operation "mmpa".'],
    ['mmap 0 1 rw\nmmap x 1 rw', 2, 6, 'the address must be a number, not "x".'],
    ['mmap 0 1', 1, 9, 'the protection is missing.'],
    ['  mmap 0 1 rq', 1, 12, 'a protection knows r, w, x, - but not "q".'],
    ['mmap 0 1 rw z', 1, 13, 'mmap knows n, r, s, l, p, h but not "z".'],
    ['munmap 0 1 2', 1, 12, '"2" is one word too many.'],
    ['\n\nmremap 0 1 1 mq 3', 3, 14, 'mremap knows m, f, d, R, M but not "q".'],
    ['madvise 0 1 DONTNED', 1, 13, 'there is no advice "DONTNED".'],
    ['put 0 12@', 1, 7, 'the value must be a number, not "12@".'],
    ['constructor 1', 1, 1, 'there is no operation "constructor".'],
  ])('%j', (text, line, column, sentence) => {
    expect(() => parseScript(text)).toThrow(expect.objectContaining({ line, column }));
    expect(() => parseScript(text)).toThrow(`line ${line}, column ${column}: ${sentence}`);
  });

  test('pages, bytes, hexadecimal, comments', () => {
    expect(parseScript('# nothing\n\nmunmap 0x10 100@ # tail')).toEqual([
      { text: 'munmap 0x10 100@', line: 3, op: { op: 'munmap', addr: 65536n, length: 100n } },
    ]);
    expect(parseLine('mremap 1 1 1 9m')?.op).toMatchObject({ flags: 9, wish: 0, target: null });
    expect(parseLine('mremap 1 1 1 mfR 2')?.op).toMatchObject({ flags: 3, wish: 8, target: 8192n });
  });

  test('every operation of the scenario table is known', () => {
    const used = new Set(ROWS.flatMap((row) => row.ops.map((op) => op.split(' ')[0])));
    expect([...used].filter((name) => !OPERATIONS.includes(name as string))).toEqual([]);
  });
});

test('maps, smaps and JSON of one space', () => {
  const space = smallSpace(module);
  for (const text of ['mmap 0 3 rw', 'put 1 7', 'rd 2', 'mmap 5 1 r n', 'mmap 8 2 rw s', 'mremap 0 3 3 mf 20'])
    run(space, text);
  expect(mapsText(space)).toBe(
    '00015000-00016000 r--p 00000000 00:00 0\n' +
      '00018000-0001a000 rw-s 00000000 00:00 0 /dev/zero (deleted)\n' +
      '00024000-00027000 rw-p 00000000 00:00 0\n',
  );
  expect(smapsText(space)).toContain(
    '00024000-00027000 rw-p 00000000 00:00 0\n' +
      'Size:                 12 kB\n' +
      'Rss:                   4 kB\n' +
      'Anonymous:             4 kB\n' +
      'ZeroMapped:            4 kB\n' +
      'Guard:                 0 kB\n' +
      'PageOffset:     0x10 (moved)\n',
  );
  expect(smapsText(space)).toContain('VmFlags: rd nr\n');
  const json = spaceJson(space);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(
    json.areas.map(({ start, end, permissions, presentPages }) => [start, end, permissions, presentPages]),
  ).toEqual([
    [21, 22, 'r--p', 0],
    [24, 26, 'rw-s', 0],
    [36, 39, 'rw-p', 1],
  ]);
});

test('who mapped and who unmapped', () => {
  const space = smallSpace(module);
  const at = space.startPage * PAGE_SIZE;
  space.setStack(11);
  run(space, 'mmap 0 4 rw');
  space.setStack(22);
  run(space, 'munmap 1 2');
  expect(space.unmappedBy(space.startPage)).toBeNull();
  expect(space.unmappedBy(space.startPage + 1)).toEqual({ start: 17, end: 19, mapStack: 11, unmapStack: 22, kind: 2 });
  expect(space.fault(at + 2 * PAGE_SIZE, false)).toBe(2);
});

test('byte-sized mappings keep to their bytes and to themselves', () => {
  const told: [number, number, number, number][] = [];
  const space = smallSpace(module, { onPageState: (...state) => told.push(state) });
  const a = space.mapBytes(2035);
  const b = space.mapBytes(5000);
  expect(a - b).toBe(3 * PAGE_SIZE); // two pages and one that nobody gets
  expect(space.areas().map((area) => area.tail)).toEqual([5000 - 4096, 2035]);
  expect(told.slice(0, 1)).toEqual([[a / PAGE_SIZE, 1, 1, 2035]]);
  expect([2026, 2044, 5000].map((length) => space.resizeBytes(a, length))).toEqual([a, a, -12]);
  expect(space.areaAt(a / PAGE_SIZE)?.tail).toBe(2044);
  expect(space.resizeBytes(b, 100)).toBe(b);
  expect(space.areaAt(b / PAGE_SIZE + 1)).toBeNull();
});

test('the seam hears of every change of a page', () => {
  const states = new Map<number, number>();
  const space = smallSpace(module, {
    onPageState: (page, count, state) => {
      for (let i = 0; i < count; i++) states.set(page + i - 16, state);
    },
  });
  const after = (text: string) => {
    run(space, text);
    return [0, 1, 2, 3].map((page) => states.get(page) ?? 0);
  };
  expect(after('mmap 0 3 rw')).toEqual([1, 1, 1, 0]);
  expect(after('put 0 1')).toEqual([2, 1, 1, 0]);
  expect(after('rd 1')).toEqual([2, 3, 1, 0]);
  expect(after('mprotect 0 1 r')).toEqual([3, 3, 1, 0]);
  expect(after('mprotect 1 2 -')).toEqual([3, 4, 4, 0]);
  expect(after('mprotect 0 3 rw')).toEqual([2, 3, 1, 0]);
  expect(after('madvise 0 1 DONTNEED')).toEqual([1, 3, 1, 0]);
  expect(after('madvise 1 1 GUARD_INSTALL')).toEqual([1, 4, 1, 0]);
  expect(after('put 2 1')).toEqual([1, 4, 2, 0]);
  expect(after('mremap 1 2 2 mf 2')).toEqual([1, 4, 2, 0]); // overlaps: refused
  expect(after('mremap 2 1 1 mf 3')).toEqual([1, 4, 0, 2]);
  expect(after('munmap 0 9')).toEqual([0, 0, 0, 0]);
});

test('two policies side by side', () => {
  const lines = parseScript('mmap 0 2 rw\nput 0 1\nmremap 0 2 2 mf 6\nmmap 8 1 rw');
  const text = sideBySide([replayScript(module, lines, 'linux'), replayScript(module, lines, 'merge-friendly')]);
  const last = text.slice(text.indexOf('mmap 8 1 rw'), text.indexOf('\n\n'));
  expect(last.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['mmap 8 1 rw'],
    ['-> page 8', '-> page 8'],
    [expect.stringMatching(/^6-8:rw- anon_vma \d+ pgoff 0$/), expect.stringMatching(/^6-9:rw- anon_vma \d+$/)],
    ['8-9:rw-'],
  ]);
  expect(text).toContain('merge-friendly gained 1 merge over linux.\n');
});

test('the drawn page: a lane per area, merges, written pages', () => {
  const lines = parseScript('mmap 0 2 rw\nmmap 4 2 rw\nput 0 1\nmmap 2 2 rw');
  const history = replayScript(module, lines, 'linux');
  const lanes = lanesOf(history);
  expect(lanes.map(({ born, gone }) => [born, gone])).toEqual([
    [0, 4],
    [1, 3],
  ]);
  expect(lanes[1]?.mergedInto).toBe(lanes[0]?.serial);
  const html = picturePage([history], 'a <title> & "more"');
  expect(html.match(/class="merge" d=/g)).toHaveLength(1);
  expect(html).toContain('a &#60;title&#62; &#38; &#34;more&#34;');
  expect(html).not.toMatch(/NaN|Infinity|undefined|src=|href=/);
  expect(parse(html, { onParseError: (error) => expect.unreachable(error.code) })).toBeDefined();
});

describe('wasan vma', () => {
  beforeAll(() => writeVma());

  async function command(...args: string[]): Promise<string> {
    const out: string[] = [];
    const io = { stdout: (text: string) => void out.push(text), stderr: () => {}, env: {}, terminalColumns: undefined };
    expect(await vmaCommand.run(args, io)).toBe(0);
    return out.join('');
  }

  test('replays the example', async () => {
    expect(await command(SCRIPT, '--policy=linux', '--policy=merge-friendly')).toMatch(
      /merge-friendly gained 2 merges over linux\.\n$/,
    );
    expect((await command(SCRIPT, '--policy=relocate', '--format=maps')).split('\n')).toHaveLength(2);
    expect(JSON.parse(await command(SCRIPT, '--format=json'))).toHaveLength(2);
    expect(await command(SCRIPT, '--format=html')).toMatch(/^<!doctype html>/);
  });

  test('writes to a file', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'vma-')), 'out.html');
    expect(await command(SCRIPT, '--format=html', `--out=${file}`)).toBe('');
    expect(readFileSync(file, 'utf8')).toContain('merge-friendly');
  });

  test.each([
    [[], 'takes one script'],
    [['a.vma', 'b.vma'], 'takes one script'],
    [[SCRIPT, '--policy=windows'], 'there is no policy "windows"'],
    [[SCRIPT, '--format=png'], 'there is no format "png"'],
    [[SCRIPT, '--pages=0'], '--pages must be a number'],
    [['/nonexistent.vma'], 'ENOENT'],
    [[SCRIPT, '--halt_on_error=0'], 'means nothing to it'],
  ])('refuses %j', async (args, sentence) => {
    await expect(command(...args)).rejects.toThrow(sentence);
  });

  test('names line and column of a script error', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'vma-')), 'bad.vma');
    writeFileSync(file, 'mmap 0 1 rw\nmunmap 0');
    await expect(command(file)).rejects.toThrow('line 2, column 9: the length is missing.');
  });
});
