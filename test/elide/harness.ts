// Runs the functions of a test module one after the other, instrumented with a given set of the elimination's rules, and
// answers the first finding of each: what was found, where in memory, and at which instruction of the original.

import { readSiteTable } from '../../host/site-table.ts';
import { ALL_FEATURES, parseText } from '../../instrument/binaryen/raw.ts';
import type { KillRule } from '../../instrument/elide/rules.ts';
import { type Instrumented, type InstrumentOptions, instrument } from '../../instrument/index.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import * as abi from '../../runtime/abi.ts';

export const STACK_TOP = 32768;
/** Static data: behind the stack, so that the stack's bounds are certain. */
export const DATA = 40000;
export const HEAP = 65536;

/**
 * A module around `functions`: a bump allocator that the instrumenter finds by its exports, a stack, a table, and
 * `poison(address, bytes, code)`, by which the program writes its own shadow from outside.
 */
export function moduleText(functions: string): string {
  return `(module
    (import "env" "poison" (func $poison (param i32 i32 i32)))
    (memory (export "memory") 4)
    (global $sp (mut i32) (i32.const ${STACK_TOP}))
    (global $top (mut i32) (i32.const ${HEAP}))
    (global $saved (export "saved") (mut i32) (i32.const 0))
    (tag $oops)
    (type $unary (func (param i32)))
    (table 4 funcref)
    (elem (i32.const 0) $free $nothing $touch $free_saved)
    (data (i32.const ${DATA}) "static data, more static data, and a little more of it")
    (func $malloc (export "malloc") (param $n i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))))
      (i32.sub (global.get $top) (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))))
    (func $free (export "free") (param $p i32))
    (func (export "reset_stack") (global.set $sp (i32.const ${STACK_TOP})))
    (func $framed_too (param $p i32) (local $f i32)
      (global.set $sp (local.tee $f (i32.sub (global.get $sp) (i32.const 48))))
      (call $framed (local.get $p))
      (global.set $sp (i32.add (local.get $f) (i32.const 48))))
    (func $nothing (param $p i32))
    (func $touch (param $p i32) (drop (i32.load8_u (local.get $p))))
    (func $free_saved (param $p i32) (call $free (global.get $saved)))
    (func $free_one (param $p i32) (call $free (local.get $p)))
    (func $throw_freed (param $p i32) (call $free (local.get $p)) (throw $oops))
    (func $framed (param $p i32) (local $f i32)
      (global.set $sp (local.tee $f (i32.sub (global.get $sp) (i32.const 32))))
      (i32.store offset=8 (local.get $f) (local.get $p))
      (global.set $sp (i32.add (local.get $f) (i32.const 32))))
    ${functions})`;
}

export function assemble(text: string): Uint8Array {
  const module = parseText(text, ALL_FEATURES);
  try {
    if (!module.validate()) throw new Error(`invalid test module: ${text}`);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

export interface Finding {
  kind: number;
  access: number;
  address: number;
  size: number;
  /** Of the instruction, in the original file. */
  offset: number | undefined;
}

/** What one exported function came to: its first finding, the engine's trap, or its result. */
export type Outcome = { finding: Finding } | { trap: string } | { result: unknown };

export interface Run {
  readonly outcomes: readonly Outcome[];
  readonly built: Instrumented;
}

export function build(
  original: Uint8Array,
  rules: 'none' | ReadonlySet<KillRule>,
  more: InstrumentOptions = {},
): Instrumented {
  const elimination = rules === 'none' ? { elide: false } : { elide: true, disabledRules: rules };
  return instrument(original, runtimeImages, {
    host: true,
    allocator: { malloc: 'malloc', free: 'free' },
    ...elimination,
    ...more,
    runtime: { stackAfterReturn: true, ...more.runtime },
  });
}

/** Runs each of `names` in one instance, stopping each at its first finding. */
export async function run(
  original: Uint8Array,
  names: readonly string[],
  rules: 'none' | ReadonlySet<KillRule>,
  options: InstrumentOptions = {},
): Promise<Run> {
  const built = build(original, rules, options);
  const sites = readSiteTable(built.bytes, original)!;
  let first: Finding | undefined;
  const shadow = () => new DataView((instance.exports.__wasan_memory as WebAssembly.Memory).buffer);
  const report = () => {
    const view = shadow();
    first ??= {
      kind: view.getUint32(abi.REPORT_KIND, true),
      access: view.getUint32(abi.REPORT_ACCESS, true),
      address: Number(view.getBigUint64(abi.REPORT_ADDR, true)),
      size: Number(view.getBigUint64(abi.REPORT_SIZE, true)),
      offset: sites.site(view.getUint32(abi.REPORT_SITE, true))?.offset,
    };
    return 1;
  };
  const poison = (address: number, bytes: number, code: number) => {
    for (let at = address; at < address + bytes; at += 8) shadow().setUint8(abi.SHADOW_BASE + (at >>> 3), code);
  };
  const imports = { wasan: { report }, env: { poison } };
  const { instance } = await WebAssembly.instantiate(built.bytes as BufferSource, imports);
  const outcomes = names.map((name): Outcome => {
    first = undefined;
    (instance.exports.reset_stack as () => void)();
    try {
      const result = (instance.exports[name] as () => unknown)();
      return first ? { finding: first } : { result };
    } catch (error) {
      return first ? { finding: first } : { trap: String(error) };
    }
  });
  return { outcomes, built };
}

export const EVERY_RULE: ReadonlySet<KillRule> = new Set();
