// The heap's history: off unless asked for, whole while it fits, and right in sum when its oldest events are gone.

import { expect, test } from 'vitest';
import type { HeapHistory } from '../../host/report/html-heap.ts';
import { runCommand } from '../../host/run.ts';
import { instrument } from '../../index.ts';
import { compileC } from '../support/compile-c.ts';

const SOURCE = `#include <stdlib.h>
#include <string.h>
int main(int count, char **arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 0;
  char *kept[3];
  for (int i = 0; i < 3; i++) kept[i] = malloc(100);
  for (int i = 0; i < rounds; i++) {
    char *block = malloc(16);
    memset(block, 1, 16);
    free(block);
  }
  kept[0] = realloc(kept[0], 1000);
  return 0;
}
`;

async function historyOf(
  rounds: number,
  quarantineBytes: number,
  heapHistory = true,
): Promise<HeapHistory | undefined> {
  const original = await compileC({ file: 'a.c', source: SOURCE, flags: ['-O0'] });
  const { bytes } = instrument(original, { host: true, runtime: { heapHistory, quarantineBytes } });
  const args = ['program.wasm', String(rounds).padStart(6, '0')]; // libc keeps them on the heap: always as long
  const { sanitizer, exitCode } = await runCommand({ original, instrumented: bytes, args });
  expect(exitCode).toBe(0);
  return sanitizer.picture().heap;
}

/** Bytes live and held at the end, as the events say. */
function sums({ events, before }: HeapHistory): { live: number; held: number } {
  let { live, held } = before!;
  for (const { what, size } of events) {
    if (what !== 'free') [live, held] = what === 'allocate' ? [live + size, held] : [live, held - size];
    else [live, held] = [live - size, held + size];
  }
  return { live, held };
}

test('is not kept unless asked for', async () => {
  expect(await historyOf(3, 1 << 20, false)).toBeUndefined();
});

test('tells every allocation, free and release in order', async () => {
  const { events, before } = (await historyOf(2, 0))!;
  expect(before).toEqual({ events: 0, live: 0, held: 0 });
  const own = events.slice(events.findIndex((e) => e.size === 16)); // the C library has blocks of its own before main
  expect(own.map((e) => `${e.what} ${e.size}`)).toEqual([
    ...['allocate 16', 'free 16', 'release 16', 'allocate 16', 'free 16', 'release 16'],
    ...['allocate 1000', 'free 100', 'release 100'],
  ]);
});

test('keeps the newest events, and the sum of the others', async () => {
  const rounds = 150_000;
  const history = (await historyOf(rounds, 1 << 20))!;
  const short = sums((await historyOf(0, 1 << 20))!);
  expect(history.events.length).toBe(1 << 18);
  expect(history.before!.events).toBeGreaterThan(2 * rounds - (1 << 18));
  expect(sums(history).live).toBe(short.live);
  expect(sums(history).held).toBeGreaterThan(100);
  expect(sums(history).held).toBeLessThan(1 << 20);
});
