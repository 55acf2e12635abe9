// What a check costs by its shape, in a loop over an array: each row is one way to ask whether an access is valid, with the
// call it rarely makes. Run with `npx node bench/check-shapes.bench.ts`; the ratios are to the loop without checks.
//
//   two looks       first byte's granule | last byte's granule          exact for every alignment
//   wide look       16 bits of shadow at the first granule              false alarms at the end of every object
//   aligned         first byte's granule | address & (size - 1)         an unaligned access takes the slow path
//   compare         aligned, and address >= limit                       exact addresses of far wild accesses
//   branch around   aligned, the call skipped by br_if instead of `if`
//   hinted          aligned, the `if` hinted as unlikely                needs an engine that reads hints
//   neighbour       an `if` on a local, as for the second of a group
//   window          (address - low) < length, both in locals
//   one byte        the shadow byte alone, as for accesses of one byte
//   one byte, 64 bits    the same, loaded and compared as an i64

import { setFlagsFromString } from 'node:v8';
import { Bench } from 'tinybench';
import { ALL_FEATURES, parseText } from '../instrument/binaryen/raw.ts';

const ROUNDS = 100_000;
const SHADOW = 65536;
const COLD = '(call $cold (local.get $a))';

const look = (offset: number) =>
  `(i32.load8_u $shadow offset=${SHADOW} (i32.shr_u (i32.add (local.get $a) (i32.const ${offset})) (i32.const 3)))`;
const FIRST = `(i32.load8_u $shadow offset=${SHADOW} (i32.shr_u (local.get $a) (i32.const 3)))`;
const aligned = (size: number) => `(i32.or ${FIRST} (i32.and (local.get $a) (i32.const ${size - 1})))`;
const when = (test: string) => `(if ${test} (then ${COLD}))`;

/** Instructions in front of an access of `size` bytes to $a. */
const SHAPES: Readonly<Record<string, (size: number) => string>> = {
  none: () => '',
  'two looks': (size) => when(`(i32.or ${FIRST} ${look(size - 1)})`),
  'wide look': () => when(`(i32.load16_u $shadow offset=${SHADOW} (i32.shr_u (local.get $a) (i32.const 3)))`),
  aligned: (size) => when(aligned(size)),
  compare: (size) => when(`(i32.or ${aligned(size)} (i32.ge_u (local.get $a) (global.get $limit)))`),
  'branch around': (size) => `(block $over (br_if $over (i32.eqz ${aligned(size)})) ${COLD})`,
  hinted: (size) => `(@metadata.code.branch_hint "\\00") ${when(aligned(size))}`,
  neighbour: () => when('(local.get $slow)'),
  'hinted neighbour': () => `(@metadata.code.branch_hint "\\00") ${when('(local.get $slow)')}`,
  'one byte': () => when(FIRST),
  'one byte, 64 bits': () => when(`(i64.ne ${FIRST.replace('i32', 'i64')} (i64.const 0))`),
  window: () => when('(i32.ge_u (i32.sub (local.get $a) (local.get $low)) (local.get $length))'),
};

const LOADS: readonly [string, number, string][] = [
  ['i32.load', 4, '(local.set $sum (i32.add (local.get $sum) (i32.load (local.get $a))))'],
  ['f64.store', 8, '(f64.store (local.get $a) (f64.add (f64.load (local.get $a)) (f64.const 1)))'],
];

function moduleText(shape: string, size: number, access: string): string {
  return `(module (memory 32) (memory $shadow 8)
    (global $limit (mut i32) (i32.const 0x7fffffff))
    (global $calls (mut i32) (i32.const 0))
    (func $cold (param $a i32) (global.set $calls (i32.add (global.get $calls) (local.get $a))))
    (func (export "walk") (param $slow i32) (param $low i32) (param $length i32) (result i32)
      (local $a i32) (local $i i32) (local $sum i32)
      (local.set $a (i32.const 64))
      (loop $next
        ${SHAPES[shape]!(size)} ${access}
        (local.set $a (i32.add (local.get $a) (i32.const ${size})))
        (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${ROUNDS}))))
      (local.get $sum)))`;
}

function compile(text: string): () => void {
  const module = parseText(text, ALL_FEATURES);
  const bytes = module.emitBinary();
  module.dispose();
  const { walk } = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource)).exports;
  return () => (walk as (slow: number, low: number, length: number) => number)(0, 0, 0x7fffffff);
}

async function measure(name: string, size: number, access: string): Promise<void> {
  const bench = new Bench({ time: 150, warmupTime: 150 });
  for (const shape of Object.keys(SHAPES)) bench.add(shape, compile(moduleText(shape, size, access)));
  await bench.run();
  const medians = bench.tasks.map((task) => {
    if (task.result?.state !== 'completed') throw new Error(`${task.name} failed`);
    return { shape: task.name, ms: task.result.latency.p50 };
  });
  const base = medians[0]!.ms;
  process.stdout.write(`${name}\n`);
  for (const { shape, ms } of medians) {
    const perRound = ((ms * 1e6) / ROUNDS).toFixed(2);
    process.stdout.write(`  ${shape.padEnd(18)} ${perRound.padStart(6)} ns  ${(ms / base).toFixed(2)}x\n`);
  }
}

setFlagsFromString('--experimental-wasm-branch-hinting');
for (const [name, size, access] of LOADS) await measure(name, size, access);
