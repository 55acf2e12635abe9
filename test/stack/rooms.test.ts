// Room taken on the stack in functions that call nothing: LLVM does not move the stack pointer for it, and rounds its size in
// ways of its own. Correct programs stay silent, as compiled and after functions were inlined once more.

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { BodyScan } from '../../instrument/body-scan.ts';
import { roomsBelow } from '../../instrument/frames/rooms-below.ts';
import { parseModule } from '../../instrument/wasm/module.ts';
import { compileC, runC, runOriginal, summaryOf } from '../support/c-program.ts';

const SOURCE = `
#include <alloca.h>
#include <stdio.h>
#include <string.h>
typedef long long sum;
static unsigned long long all = 1;
NOINLINE static void mix(sum v) { all = all * 31 + (unsigned long long)v; }
NOINLINE static void touch(void *p, int n) { volatile char *q = p; for (int i = 0; i < n; i++) q[i] = (char)(q[i] + i); }
static sum room(int n) { n &= 255; char v[n + 1]; sum s = 0; for (int i = 0; i <= n; i++) v[i] = (char)(i * n); for (int i = n; i >= 0; i--) s = s * 3 + v[i]; return s; }
static sum fixed(int n) { volatile char v[100]; sum s = 0; for (int i = 0; i < 100; i++) v[i] = (char)(i * n); for (int i = 0; i < 100; i++) s = s * 3 + v[i]; return s; }
static sum aligned(int n) { _Alignas(64) volatile char v[n % 30 + 90]; sum s = 0; for (int i = 0; i < 90; i++) v[i] = (char)(i * n); for (int i = 0; i < 90; i++) s = s * 3 + v[i]; return s; }
NOINLINE static sum loop(int n) { sum s = 0; for (int i = 0; i < 4; i++) { char v[n * 7 + i * 50 + 1]; memset(v, i, sizeof v); touch(v, sizeof v); s += v[n]; { char w[n + 3]; touch(w, 1); w[n] = 1; s += w[n]; if (n == 3) continue; } s += room(n * 40) + fixed(n) + aligned(n); } return s; }
NOINLINE static sum kept(int n) { char *keep[8]; for (int i = 0; i < 8; i++) { keep[i] = alloca(n * 3 + i + 1); memset(keep[i], i, n * 3 + i + 1); } sum s = room(n * 9); for (int i = 0; i < 8; i++) s = s * 5 + keep[i][n * 3 + i]; return s; }
NOINLINE static sum early(int n) { if (n == 1) return fixed(n); char b[164]; for (int i = 0; i < 164; i++) b[i] = (char)i; b[n] = 3; if (n > 4) { char c[n * 100]; for (int i = 0; i < n * 100; i++) c[i] = b[i % 164]; return c[n * 100 - 1] + b[n]; } return b[n] + aligned(n); }
NOINLINE static sum again(int n) { sum s = 0; int k = 0; if (0) { label:; } char v[k * n % 90 + 1]; v[0] = 1; v[k * n % 90] = 2; s = s * 3 + v[0]; if (++k < 40) goto label; return s; }
NOINLINE static void each(int n) { mix(again(n)); mix(loop(n)); mix(room(n)); mix(fixed(n)); mix(early(n)); mix(aligned(n + 1)); mix(kept(n)); mix(room(255)); }
int main(void) { for (int n = 0; n < 9; n++) each(n); printf("%llx\\n", all); }`;

function inlineMore(bytes: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(bytes);
  const { BulkMemory, SignExt, MutableGlobals, NontrappingFPToInt, ReferenceTypes, Multivalue } = binaryen.Features;
  const { BulkMemoryOpt, CallIndirectOverlong } = binaryen.Features as unknown as Record<string, number>;
  module.setFeatures(
    [
      BulkMemory,
      SignExt,
      MutableGlobals,
      NontrappingFPToInt,
      ReferenceTypes,
      Multivalue,
      BulkMemoryOpt,
      CallIndirectOverlong,
    ].reduce((all: number, one) => all | (one ?? 0), 0),
  );
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(300);
  binaryen.setFlexibleInlineMaxSize(300);
  binaryen.setAllowInliningFunctionsWithLoops(true);
  module.optimize();
  const optimized = module.emitBinary();
  module.dispose();
  return optimized;
}

test.each<[string, string]>([
  ['-O0 -g', '__attribute__((noinline))'],
  ['-O1', '__attribute__((noinline))'],
  ['-O1', ''],
  ['-O2 -g', ''],
])('%s %s', { timeout: 120_000 }, async (flags, noinline) => {
  const compiled = await compileC(SOURCE.replaceAll('NOINLINE', noinline), [...flags.split(' '), '-w']);
  for (const module of [compiled, inlineMore(compiled)]) {
    const { output } = await runOriginal(module);
    for (const stackAfterReturn of [false, true]) {
      const run = await runC(module, { runtime: { stackAfterReturn } });
      expect({ output: run.output, findings: run.findings.map(summaryOf) }).toEqual({ output, findings: [] });
    }
  }
});

const GET = '(global.get $sp)';
const ROUNDED = '(i32.and (i32.add (local.get $n) (i32.const 16)) (i32.const 496))';

test.each<[string, string, number]>([
  ['a frame', `(local.set $a (i32.sub ${GET} (i32.const 32)))`, 0],
  ['room below it', `(local.set $a (i32.sub ${GET} (i32.const 32))) (local.set $b (i32.sub (local.get $a) ${ROUNDED}))`, 1],
  ['room below room', `(local.set $a (i32.sub ${GET} ${ROUNDED})) (local.set $b (i32.add (local.get $a) (i32.const -64)))`, 2],
  ['a frame that is aligned', `(local.set $a (i32.and (i32.sub ${GET} (i32.const 128)) (i32.const -64)))`, 1],
  ['room in a loop', `(local.set $a ${GET}) (loop $l (local.set $b (local.get $a)) (local.set $a (i32.sub (local.get $b) ${ROUNDED})) (br_if $l (local.get $n)))`, 1],
  ['an amount rounded by a constant in a local', `(local.set $a ${GET}) (local.set $m (i32.const -16)) (local.set $b (i32.sub (local.get $a) (i32.and (local.get $n) (local.get $m))))`, 1],
  ['a local with two constants', `(local.set $a ${GET}) (local.set $m (i32.const -16)) (local.set $m (i32.const -4)) (local.set $b (i32.sub (local.get $a) (i32.and (local.get $n) (local.get $m))))`, 0],
  ['one of two', `(local.set $a (select ${GET} (local.get $n) (local.get $n))) (local.set $b (i32.sub (local.get $a) (select (i32.const 16) ${ROUNDED} (local.get $n))))`, 1],
  ['a local that is used for other things, too', `(local.set $a ${GET}) (local.set $a (i32.load8_u (local.get $n))) (local.set $b (i32.and (local.get $a) (i32.const 255))) (local.set $b (i32.and (local.get $a) (i32.const -4))) (local.set $b (i32.sub (local.get $a) (i32.rem_u (local.get $a) (i32.const 3))))`, 0],
  ['a pointer into a frame, an index, a difference', `(local.set $a (i32.sub ${GET} (i32.const 32))) (local.set $b (i32.sub (i32.add (local.get $a) (i32.const 8)) (local.get $n))) (local.set $b (i32.add (local.get $a) (i32.const -4))) (local.set $n (i32.sub (local.get $a) ${GET}))`, 0],
])('%s', (_, body, count) => {
  const module = binaryen.parseText(`(module (memory 1) (global $sp (mut i32) (i32.const 65536))
    (func (param $n i32) (local $a i32) (local $b i32) (local $m i32) ${body}))`);
  const parsed = parseModule(module.emitBinary());
  module.dispose();
  const scan = new BodyScan(parsed, { kills: () => false, stackPointer: 0 });
  scan.read(0);
  expect(roomsBelow(parsed, scan, 0)).toHaveLength(count);
}); // biome-ignore format: a table
