// fuzz() as a test uses it: a module, an exported function by name, a command reading standard input, a function around an API.

import { expect, test } from 'vitest';
import { fuzz } from '../../fuzz/index.ts';
import { compileC } from '../support/compile-c.ts';
import { SEEDED } from './seeded-bugs.ts';
import { compileTarget } from './targets.ts';

const titles = (result: Awaited<ReturnType<typeof fuzz>>) => result.findings.map(({ finding }) => finding.title);

test('a module, with the smallest input', async () => {
  const result = await fuzz(await compileTarget(SEEDED['use after free']!), { runs: 500, seed: 2 });
  expect(titles(result)).toEqual(['heap-use-after-free']);
  expect(new TextDecoder().decode(result.findings[0]!.minimized)).toBe('FUZZ');
  expect(result.totals.edges).toBeGreaterThan(4);
});

test('an exported function by name', async () => {
  const source = `
    __attribute__((export_name("check"))) int check(const unsigned char *data, unsigned long size) {
      return size > 2 && data[0] == 'o' && data[1] == 'k' ? data[size] : 0;
    }`;
  const module = await compileC({
    file: 'target.c',
    source,
    flags: ['-O1', '-g', '-mexec-model=reactor', '-Wl,--export=malloc'],
  });
  const result = await fuzz(module, { entry: 'check', runs: 2000 });
  expect(titles(result)).toEqual(['heap-buffer-overflow']);
  expect(new TextDecoder().decode(result.findings[0]!.minimized.subarray(0, 2))).toBe('ok');
});

test('a command that reads standard input', async () => {
  const source = `
    #include <stdlib.h>
    #include <unistd.h>
    int main() {
      char line[8];
      char *copy = malloc(4);
      long size = read(0, line, 8);
      for (int i = 0; i < size; i++) ((volatile char *)copy)[i] = line[i];
      exit(copy[0]);
    }`;
  const module = await compileC({ file: 'target.c', source, flags: ['-O1', '-g'] });
  const result = await fuzz(module, { runs: 300 });
  expect(titles(result)).toEqual(['heap-buffer-overflow']);
  expect(result.findings[0]!.minimized.length).toBe(5);
}, 60_000);

test('a function around an API: bugs of the module, and exceptions of the script', async () => {
  const source = `
    #include <stdlib.h>
    __attribute__((export_name("make"))) char *make(int size) { return malloc(size); }
    __attribute__((export_name("drop"))) void drop(char *p) { free(p); }
    __attribute__((export_name("sum"))) int sum(volatile char *p, int n) {
      int s = 0;
      for (int i = 0; i < n; i++) s += p[i];
      return s == 300 ? p[n] : s;
    }`;
  const module = await compileC({ file: 'api.c', source, flags: ['-O1', '-g', '-mexec-model=reactor'] });
  const result = await fuzz(
    async () => {
      const { instance } = await WebAssembly.instantiate(module as BufferSource, { wasi_snapshot_preview1: {} });
      const { make, drop, sum, memory } = instance.exports as unknown as {
        make: (n: number) => number;
        drop: (p: number) => void;
        sum: (p: number, n: number) => number;
        memory: WebAssembly.Memory;
      };
      return (input) => {
        const at = make(input.length);
        new Uint8Array(memory.buffer, at, input.length).set(input);
        const total = sum(at, input.length);
        drop(at);
        if (total < -100) throw new TypeError('below minus one hundred');
      };
    },
    { runs: 20_000, keepGoing: true, seed: 3 },
  );
  expect(titles(result).sort()).toEqual(['TypeError', 'heap-buffer-overflow']);
  // Minimising only leaves bytes out: one of -101 or less would do, or two that add up to it, or three to 300.
  for (const { finding, input, minimized } of result.findings) {
    expect(minimized.length).toBeLessThanOrEqual(finding.title === 'TypeError' ? 2 : input.length);
  }
}, 60_000);

test('exceptions that a script throws through the module, and catches, leave neither frames nor callers behind', async () => {
  const source = `
    #include <stdlib.h>
    __attribute__((import_module("env"), import_name("refuse"))) void refuse(void);
    static __attribute__((noinline)) void put(volatile char *p, int at) { p[at] = 1; }
    __attribute__((export_name("parse"))) int parse(int byte, int next) {
      char room[4000];
      for (int i = 0; i < 4000; i += 100) put(room, i);
      if (byte >= 'a') refuse();
      volatile char *block = malloc(4);
      put(block, byte == 'A' ? 4 : 0);
      free((void *)block);
      return room[next & 7];
    }`;
  const module = await compileC({ file: 'api.c', source, flags: ['-O1', '-g', '-mexec-model=reactor'] });
  let refused = 0;
  const result = await fuzz(
    async () => {
      const refuse = () => {
        refused++;
        throw new SyntaxError('refused');
      };
      const { instance } = await WebAssembly.instantiate(module as BufferSource, { env: { refuse } });
      const { parse } = instance.exports as { parse: (byte: number, next: number) => number };
      return ([byte = 0, next = 0]) => {
        try {
          parse(byte, next);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      };
    },
    { runs: 5000, keepGoing: true, seed: 1 },
  );
  expect(refused).toBeGreaterThan(200); // 16 of these frames fill the stack
  expect(titles(result)).toEqual(['heap-buffer-overflow']);
  const { stack, report } = result.findings[0]!.finding;
  expect(stack.slice(0, 2).map((frame) => frame.function)).toEqual(['put', 'parse']);
  expect(stack.some((frame) => /functions\.ts|campaign\.ts/.test(frame.function))).toBe(false);
  expect(report).toMatchObject({ place: { allocated: { frames: [{ function: 'malloc' }, { function: 'parse' }] } } });
}, 60_000);
