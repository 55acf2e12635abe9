// Modules to mutate: hand-made ones that hold every proposal in a few bytes, compiled C, and modules that once broke
// something (regressions/).

import { readdirSync, readFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { compileC } from '../support/compile-c.ts';
import { randomProgram } from './random-c.ts';

const REGRESSIONS = new URL('./regressions/', import.meta.url);

const TEXTS: Readonly<Record<string, string>> = {
  scalars: `(module (memory (export "m") 1 4) (data (i32.const 1024) "abc\\00")
    (func (export "f") (param i32 i64) (result i32)
      (i64.store offset=8 align=4 (local.get 0) (local.get 1))
      (if (i32.load8_s offset=3 (local.get 0)) (then (f64.store (i32.const 16) (f64.load (i32.const 24)))))
      (block (loop (br_if 1 (i32.eqz (i32.load16_u (local.get 0)))) (br 0)))
      (i32.store8 (local.get 0) (i32.const -1)) (i32.load (local.get 0))))`,
  bulk: `(module (memory 2) (data $d "hello, world") (data (i32.const 2048) "zero")
    (func (export "f") (param i32) (memory.fill (local.get 0) (i32.const 7) (i32.const 9))
      (memory.copy (local.get 0) (i32.const 2048) (i32.const 4))
      (memory.init $d (local.get 0) (i32.const 1) (i32.const 5)) (data.drop $d)
      (drop (memory.grow (i32.const 1))) (drop (memory.size))))`,
  simd: `(module (memory 1) (func (export "f") (param i32) (result v128)
      (v128.store (local.get 0) (v128.load8x8_s (local.get 0)))
      (v128.store16_lane offset=2 3 (local.get 0) (v128.const i32x4 1 2 3 4))
      (v128.load32_lane 1 (local.get 0) (v128.load64_zero (local.get 0)))))`,
  atomics: `(module (memory 1) (func (export "f") (param i32) (result i32)
      (i32.atomic.store (local.get 0) (i32.const 4))
      (drop (i64.atomic.rmw8.cmpxchg_u (local.get 0) (i64.const 1) (i64.const 2)))
      (drop (memory.atomic.notify (local.get 0) (i32.const 1))) (i32.atomic.rmw.add (local.get 0) (i32.const 1))))`,
  exceptions: `(module (memory 1) (tag $t (param i32))
    (func (export "f") (param i32) (result i32)
      (block $h (result i32) (try_table (catch $t $h) (i32.store (local.get 0) (i32.const 1)) (throw $t (i32.const 3)))
        (i32.load (local.get 0)))))`,
  calls: `(module (memory 1) (table 4 funcref) (type $v (func (param i32) (result i32)))
    (elem (i32.const 0) $a $b) (global $sp (mut i32) (i32.const 4096)) (start $s)
    (func $s (i32.store (i32.const 64) (i32.const 1)))
    (func $a (param i32) (result i32) (return_call $b (i32.load (local.get 0))))
    (func $b (param i32) (result i32) (call_indirect (type $v) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
    (func $frame (param i32) (result i32) (local i32)
      (global.set $sp (local.tee 1 (i32.sub (global.get $sp) (i32.const 32))))
      (i32.store offset=12 (local.get 1) (local.get 0)) (local.set 0 (i32.load offset=12 (local.get 1)))
      (global.set $sp (i32.add (local.get 1) (i32.const 32))) (local.get 0))
    (export "a" (func $a)) (export "frame" (func $frame)))`,
  wide: `(module (memory i64 1) (func (export "f") (param i64) (result i64)
      (i64.store32 offset=4294967296 (local.get 0) (i64.const 5)) (i64.load (local.get 0))))`,
  memories: `(module (memory $a 1) (memory $b 1) (func (export "f") (param i32) (result i32)
      (i32.store $b (local.get 0) (i32.load $a (local.get 0))) (memory.copy $a $b (i32.const 0) (i32.const 8) (i32.const 8))
      (i32.load $b (local.get 0))))`,
  imported: `(module (import "env" "memory" (memory 1)) (import "env" "f" (func $f (param i32) (result i32)))
    (import "env" "g" (global $g i32)) (func $malloc (export "malloc") (param i32) (result i32) (call $f (local.get 0)))
    (func (export "free") (param i32) (drop (i32.load8_u (local.get 0)))))`,
  unreachable: `(module (memory 1) (func (export "f") (param i32) (result i32)
      (return (i32.const 1)) (i32.store (i32.load (local.get 0)) (unreachable)) (br 0 (i32.const 2))))`,
};

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function handMade(): Seed[] {
  return Object.entries(TEXTS).map(([name, text]) => ({ name, bytes: assemble(text) }));
}

export async function compiled(): Promise<Seed[]> {
  const program = { file: 'seed.c', source: randomProgram(1, 3) };
  return [
    { name: 'C -O0 -g', bytes: await compileC({ ...program, flags: ['-O0', '-g'] }) },
    { name: 'C -Os, stripped', bytes: await compileC({ ...program, flags: ['-Os', '-s'] }) },
  ];
}

export function regressions(): Seed[] {
  const files = readdirSync(REGRESSIONS).filter((f) => f.endsWith('.wasm'));
  return files.map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, REGRESSIONS))) }));
}

function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}
