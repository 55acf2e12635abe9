// How deep calls go is feedback: a parser that crashes far down is found step by step, where counters have long been full.

import { expect, test } from 'vitest';
import { openTarget } from '../../fuzz/index.ts';
import { buildCallGraph } from '../../instrument/call-graph.ts';
import { recursiveFunctions } from '../../instrument/recursion.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { functionNames } from '../../instrument/wasm/names.ts';
import { campaignOf, compileTarget } from './targets.ts';

const SEEDS = [1, 2];

const NESTED = `static volatile int sink;
__attribute__((noinline)) static void descend(const unsigned char *data, unsigned long size, int depth) {
  if (depth > 200) __builtin_trap();
  if (size && *data == 'A' + depth % 10) descend(data + 1, size - 1, depth + 1);
  sink++;
}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { descend(data, size, 0); return 0; }`;

test('a depth of 200 calls is reached for every seed', async () => {
  const executor = openTarget(await compileTarget(NESTED));
  const found = SEEDS.map((seed) => {
    const campaign = campaignOf(executor, seed, 1_000_000, { maxLength: 1024 });
    campaign.run([]);
    return campaign.findings.map(({ finding }) => finding.title);
  });
  expect(found).toEqual(SEEDS.map(() => ['unreachable']));
}, 120_000);

const GRAPH = `#define K __attribute__((noinline, used))
volatile int x;
void even(void); void through(void);
K void odd(void) { if (x--) even(); x++; }
K void even(void) { if (x--) odd(); x++; }
void (*volatile table[])(void) = { through };
K void through(void) { if (x--) table[0](); x++; }
K void straight(void) { x++; }
K void above(void) { straight(); odd(); x++; }
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { above(); through(); return 0; }`;

test('functions that call themselves, through others and through a table', async () => {
  const module = parseModule(await compileTarget(GRAPH, ['-O1']));
  const recursive = recursiveFunctions(module, buildCallGraph(module));
  const names = functionNames(module);
  const marked = (name: string) => [...names].some(([index, known]) => known === name && recursive[index] === 1);
  expect(['odd', 'even', 'through', 'straight', 'above'].filter(marked)).toEqual(['odd', 'even', 'through']);
});
