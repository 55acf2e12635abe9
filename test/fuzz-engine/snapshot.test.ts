// Every run begins where the first one did: memories, globals, heap and quarantine, whatever the run before did or ended in.

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { openModule } from '../../fuzz/index.ts';
import { createSymbolizer } from '../../host/symbols/index.ts';
import { instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { snapshotObstacle } from '../../instrument/snapshot.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import * as abi from '../../runtime/abi.ts';
import { campaignOf, compileTarget } from './targets.ts';

const WASM_PAGE = 65536;

/** Leaves traces everywhere: statics, heap, stack, grown memory, stores across pages, ranges. */
const STATEFUL = `
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
static int runs;
static char buffer[3 * 4096];
static void *kept[64];
static int count;
__attribute__((noinline)) static void deep(int n) {
  volatile char room[300];
  memset((char *)room, n, sizeof room);
  if (n) deep(n - 1);
}
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  runs++;
  for (unsigned long i = 0; i + 3 <= size; i += 3) {
    unsigned at = data[i + 1] * 48 + data[i + 2];
    switch (data[i] % 8) {
      case 0: if (count < 64) kept[count++] = malloc(1 + at); break;
      case 1: if (count > 0) free(kept[--count]); break;
      case 2: if (at < sizeof buffer - 8) *(long long *)(buffer + at) = -1; break;
      case 3: if (at < sizeof buffer - 64) memset(buffer + at, data[i], 64); break;
      case 4: if (at < sizeof buffer - 600) memmove(buffer + at, buffer + at + 300, 300); break;
      case 5: deep(data[i + 2] & 31); break;
      case 6: if (count < 64) kept[count++] = calloc(1, 100000 + at); break;
      case 7: snprintf(buffer, 20, "%d %g", runs, at / 7.0); break;
    }
  }
  return 0;
}`;

interface Instance {
  readonly memory: WebAssembly.Memory;
  readonly __wasan_memory: WebAssembly.Memory;
  readonly __wasan_snapshot: () => number;
  readonly __wasan_reset: () => void;
  readonly __wasan_input_alloc: (size: number) => number;
  readonly _initialize: () => void;
  readonly LLVMFuzzerTestOneInput: (at: number, size: number) => number;
}

function open(module: Uint8Array): Instance {
  const { bytes } = instrument(module, runtimeImages, { coverage: 'counters', debugInfo: createSymbolizer(module) });
  const imports = { wasi_snapshot_preview1: new Proxy({}, { get: () => () => 0 }) };
  const exports = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports).exports;
  return exports as unknown as Instance;
}

/**
 * What a run may find: the program's memory, and ours without counters, learnt slots, the depot and the numbers of frames, which
 * are written before they are read.
 */
function stateOf(instance: Instance) {
  const memory1 = new Uint8Array(instance.__wasan_memory.buffer);
  const header = new Uint32Array(memory1.buffer, 0, abi.HEADER_END / 4);
  const pages = header[abi.HEADER_PROGRAM_PAGES / 4]!;
  const program = new Uint8Array(instance.memory.buffer);
  const fixed = memory1.slice(0, abi.GLOBALS_BASE);
  const unsettled = [abi.HEADER_DEPOT, abi.HEADER_DEPOT_MASK, abi.HEADER_DEPOT_TOP, abi.HEADER_ARENA_LIMIT];
  for (const field of unsettled) fixed.fill(0, field, field + 4);
  const arena = header[abi.HEADER_ARENA_BASE / 4]!;
  const arenaBytes = grown(memory1, arena, header[abi.HEADER_ARENA_TOP / 4]! + (1 << 20));
  const numbers = header[abi.HEADER_STACK_MAP / 4]! - arena;
  const stackBytes = header[abi.HEADER_STACK_HIGH / 4]! - header[abi.HEADER_STACK_LOW / 4]!;
  arenaBytes.fill(0, numbers, numbers + stackBytes / 4);
  return {
    pages,
    program: program.slice(0, pages * WASM_PAGE),
    beyond: program.subarray(pages * WASM_PAGE).every((b) => b === 0),
    fixed,
    drawings: memory1.slice(abi.FRAME_SHADOWS, abi.CALL_STACK_BASE),
    shadow: memory1.slice(abi.SHADOW_BASE, abi.SHADOW_BASE + (2 << 20)),
    arena: arenaBytes,
  };
}

/** Bytes of a memory that may still grow: what it has not got yet would be 0. */
function grown(memory: Uint8Array, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from);
  bytes.set(memory.subarray(from, to));
  return bytes;
}

test('a reset restores every byte of both memories', async () => {
  const instance = open(await compileTarget(STATEFUL));
  instance._initialize();
  expect(instance.__wasan_snapshot()).toBe(1);
  instance.__wasan_reset();
  const before = stateOf(instance);
  let seed = 1;
  for (let round = 0; round < 30; round++) {
    const at = instance.__wasan_input_alloc(300);
    const input = new Uint8Array(instance.memory.buffer, at, 300);
    for (let i = 0; i < 300; i++) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      input[i] = seed >> 16;
    }
    instance.LLVMFuzzerTestOneInput(at, 300);
    expect(Buffer.compare(stateOf(instance).program, before.program)).not.toBe(0);
    instance.__wasan_reset();
    const after = stateOf(instance);
    for (const part of ['fixed', 'drawings', 'shadow', 'program', 'arena'] as const) {
      if (Buffer.compare(after[part], before[part]) === 0) continue;
      const differs = after[part].findIndex((byte, i) => byte !== before[part][i]);
      expect({ round, part, differs }).toEqual({ round, part, differs: -1 });
    }
    expect({ pages: after.pages, beyond: after.beyond }).toEqual({ pages: before.pages, beyond: true });
  }
}, 60_000);

test('what a run leaves behind reaches no other run, not even one that ended in a finding', async () => {
  const module = await compileTarget(`
#include <stdlib.h>
static int runs;
static void *kept;
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) {
  void *before = kept;
  kept = malloc(200000);
  if (size && data[0] == 'x') { runs = 7; ((volatile char *)kept)[200000] = 1; }
  if (++runs > 1 || before) __builtin_trap();
  return 0;
}`);
  const campaign = campaignOf(openModule(module), 3, 3000, { ignoreCrashes: true });
  campaign.run([Uint8Array.of(0x78), Uint8Array.of(0x78, 1), Uint8Array.of(1)]);
  expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['heap-buffer-overflow']);
  expect(campaign.duplicates).toBeGreaterThan(1);
});

test('a command that reads standard input runs again and again in one instance', async () => {
  const module = await compileTarget(
    `
#include <stdio.h>
static int runs;
int main(void) {
  char text[8] = "";
  fgets(text, sizeof text, stdin);
  if (runs++) __builtin_trap();
  if (text[0] == 'm') { volatile char *p = 0; *p = 1; }
  return runs == 1 ? 3 : 0;
}`,
    [],
    'command',
  );
  const campaign = campaignOf(openModule(module), 3, 2000, { ignoreCrashes: true });
  campaign.run([]);
  expect(campaign.findings.map(({ finding }) => finding.title)).toEqual(['SEGV']);
});

test('modules whose runs cannot be undone are told', () => {
  const obstacle = (text: string) => {
    const module = binaryen.parseText(text);
    module.setFeatures(binaryen.Features.Memory64 | binaryen.Features.ReferenceTypes);
    const bytes = module.emitBinary();
    module.dispose();
    return snapshotObstacle(parseModule(bytes));
  };
  expect(obstacle('(module (memory 1))')).toBeUndefined();
  expect(obstacle('(module (import "e" "m" (memory 1)))')).toBe('its memory is imported');
  expect(obstacle('(module (memory i64 1))')).toBe('it does not have one unshared 32-bit memory');
  expect(obstacle('(module (memory 1) (global (mut funcref) (ref.null func)))')).toBe(
    'it has a mutable global that holds a reference',
  );
  expect(obstacle('(module (memory 1) (table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func))))')).toBe(
    'it uses table.set',
  );
});
