// Programs with shared memory: each bug is found in the thread that commits it, with the threads that allocated and freed;
// the right program is silent under load and never stands still.

import { afterEach, describe, expect, test } from 'vitest';
import type { Report, StackFrame } from '../../host/index.ts';
import { instrument } from '../../index.ts';
import * as abi from '../../runtime/abi.ts';
import { findingText } from '../support/run-instrumented.ts';
import { compileThreads } from './compile.ts';
import { Team } from './team.ts';

const teams: Team[] = [];

afterEach(async () => {
  await Promise.all(teams.splice(0).map((team) => team.dismiss()));
});

async function team(module: Uint8Array, threads: number, options = {}): Promise<Team> {
  const made = new Team(module, options);
  teams.push(made);
  await made.hire(threads);
  return made;
}

/** The function, below the one of the allocator that it calls. */
function innermost(frames: readonly StackFrame[]): string {
  return frames
    .slice(0, frames[0]?.called ? 2 : 1)
    .map((f) => f.function)
    .join('<');
}

/** The finding and the threads of its three stacks: access, allocation, release. */
function summary(report: Report): string {
  const place = 'place' in report && report.place?.where === 'heap' ? report.place : undefined;
  const stack = (what: string, trace: { thread: string; frames: readonly StackFrame[] } | undefined) =>
    trace ? [`${what} ${trace.thread} ${innermost(trace.frames)}`] : [];
  return [
    findingText(report),
    `in ${report.thread} ${innermost(report.stack)}`,
    ...stack('allocated', place?.allocated),
    ...stack('freed', place?.released),
  ].join('; ');
}

describe.each(['-O0', '-O2'])('%s', (level) => {
  const module = compileThreads(level, '-g');

  test('an overflow in a thread', async () => {
    const t = await team(await module, 2);
    const answer = await t.do(1, ['run_overflow', 3]);
    expect(answer.findings.map(summary)).toEqual([
      'heap-buffer-overflow, WRITE of size 4, 0 bytes after 12-byte region; in T1 run_overflow; allocated T1 malloc<run_overflow',
    ]);
  });

  test('a use after free across three threads', async () => {
    const t = await team(await module, 3);
    await t.do(1, ['run_allocate', 5]);
    expect((await t.do(2, ['run_free'])).findings).toEqual([]);
    const answer = await t.do(0, ['run_read', 2]);
    expect(answer.findings.map(summary)).toEqual([
      'heap-use-after-free, READ of size 4, 8 bytes inside 20-byte region; in T0 run_read; allocated T1 malloc<run_allocate; freed T2 free<run_free',
    ]);
  });

  test('two threads free the same memory at the same time', async () => {
    const t = await team(await module, 3);
    await t.do(0, ['run_allocate', 5]);
    const answers = await Promise.all([1, 2].map((i) => t.do(i, ['run_meet', 2], ['run_free'])));
    const found = answers.flatMap((a) => a.findings.map(summary));
    const late = answers.find((a) => a.findings.length > 0)!.thread;
    expect(found).toEqual([
      `double-free, 0 bytes inside 20-byte region; in T${late} free<run_free; allocated T0 malloc<run_allocate; freed T${3 - late} free<run_free`,
    ]);
  });

  test.each([
    ['run_wait', 'READ'],
    ['run_notify', 'READ'],
    ['run_add', 'WRITE'],
  ])('%s on freed memory', async (name, verb) => {
    const t = await team(await module, 2);
    await t.do(0, ['run_allocate', 4], ['run_free']);
    const answer = await t.do(1, [name]);
    expect(answer.findings.map(summary)).toEqual([
      `heap-use-after-free, ${verb} of size 4, 0 bytes inside 16-byte region; in T1 ${name}; allocated T0 malloc<run_allocate; freed T0 free<run_free`,
    ]);
    expect(answer.trap).toBeUndefined();
  });

  test('a right program is silent under load', { timeout: 20_000 }, async () => {
    const t = await team(await module, 4);
    const rounds = 60_000;
    const answers = await Promise.all([0, 1, 2, 3].map((i) => t.do(i, ['run_load', i + 1, rounds])));
    const last = await t.do(0, ['run_cleanup']);
    expect([...answers, last].flatMap((a) => a.findings.map(summary))).toEqual([]);
    expect(answers.map((a) => [a.values, a.trap])).toEqual(answers.map(() => [[0], undefined]));
    expect(t.header(abi.HEADER_STAT_MALLOCS)).toBe(4 * rounds);
    expect(t.header(abi.HEADER_STAT_FREES)).toBe(4 * rounds);
    expect(t.header(abi.HEADER_STAT_LIVE_BYTES)).toBe(0);
    expect(t.header(abi.HEADER_LOCK)).toBe(0);
  });
});

test('a thread that a finding stops holds up no other', async () => {
  const t = await team(await compileThreads('-O1'), 2, { runtime: { halt: true } });
  await t.do(0, ['run_allocate', 5], ['run_free']);
  const stopped = await t.do(1, ['run_free']);
  expect(stopped.findings.map((f) => f.title)).toEqual(['double-free']);
  expect(stopped.trap).toMatch(/unreachable/);
  const other = await t.do(0, ['run_load', 1, 100]);
  expect([other.values, other.findings]).toEqual([[0], []]);
});

test('threads that start at the same moment get numbers of their own, and one of them fills memory 1', async () => {
  const made = new Team(await compileThreads('-O1'));
  teams.push(made);
  const answers = await Promise.all([0, 1, 2, 3].map(() => made.start()));
  expect(answers.map((a) => a.thread).sort()).toEqual([0, 1, 2, 3]);
  expect(answers.flatMap((a) => a.findings)).toEqual([]);
  expect(made.header(abi.HEADER_PHASE)).toBe(abi.PHASE_ON);
  expect(made.header(abi.HEADER_MAGIC)).toBe(abi.MAGIC);
  const found = await made.do(3, ['run_overflow', 4]);
  expect(found.findings.map((f) => f.title)).toEqual(['heap-buffer-overflow']);
});

test('shared memory needs the option, and the flat mapping', async () => {
  const module = await compileThreads('-O1');
  expect(() => instrument(module)).toThrow(expect.objectContaining({ code: 'E_SHARED_MEMORY' }));
  expect(() => instrument(module, { threads: true, mapping: 'paged' })).toThrow(
    expect.objectContaining({ code: 'E_UNSUPPORTED' }),
  );
});
