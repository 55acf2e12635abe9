// Variables that are parts of one object (C++'s structured bindings) stay together when the objects of a frame are moved
// apart: the whole is copied and filled in through its beginning, which debug information knows as the first part's.

import { expect, test } from 'vitest';
import { compileC, runC, runOriginal, summaryOf } from '../support/c-program.ts';

const SOURCE = `
#include <stdio.h>
#include <string.h>
#include <map>
#include <tuple>
struct Point { int x, y; char name[24]; double weight; };
__attribute__((noinline)) Point make(int i) {
  Point p{i, i + 1, "", i * 0.5};
  memset(p.name, 'a' + i, sizeof p.name);
  return p;
}
__attribute__((noinline)) std::tuple<int, long long, char> tuple(int i) { return {i, i * 2, 'c'}; }
__attribute__((noinline)) char at(const char *text, int i) { return text[i]; }
int main(int argc, char **argv) {
  auto [x, y, name, weight] = make(argc);
  int array[4] = {1, 2, 3, 4};
  auto [a, b, c, d] = array;
  auto [t, u, v] = tuple(7);
  Point point = make(9);
  auto &[rx, ry, rname, rweight] = point;
  std::map<int, int> map{{1, 2}, {3, 4}};
  int sum = 0;
  for (auto [key, value] : map) sum += key * value;
  char text[10] = "123456789";
  printf("%d %d %c %g %d %d %d %lld %c %d %c %g %d\\n", x, y, name[23], weight, a, d, t, u, v, ry, rname[5], rweight, sum);
  return at(text, argc > 1 ? 10 : 9);
}
`;

test('structured bindings', { timeout: 120_000 }, async () => {
  const flags = ['-x', 'c++', '-std=c++17', '-fno-exceptions', '-O0', '-g'];
  const module = await compileC(SOURCE, flags);
  const clean = await runC(module);
  expect(clean.findings).toEqual([]);
  expect(clean.output).toBe('1 2 b 0.5 1 4 7 14 c 10 j 4.5 14\n');
  expect(clean).toMatchObject(await runOriginal(module));
  const wrong = await runC(module, { args: ['beyond'] });
  expect(wrong.findings.map(summaryOf)).toEqual([expect.stringContaining('stack-buffer-overflow')]);
});
