// Do the two engines agree? The same sites at the same offsets, the same calls of checks in the same order, the same results:
// in every construct that moves operands about, on random expression trees, on random modules and on real ones.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSiteTable } from '../../host/site-table.ts';
import { accessOf } from '../../instrument/access-table.ts';
import { enterBody } from '../../instrument/binaryen/events.ts';
import { binaryenEngine } from '../../instrument/binaryen/index.ts';
import { InstrumentError } from '../../instrument/errors.ts';
import { type InstrumentOptions, instrument } from '../../instrument/index.ts';
import type { Edit, Emitter } from '../../instrument/plan.ts';
import { runtimeImages } from '../../instrument/runtime-images.ts';
import { Decoder } from '../../instrument/wasm/decoder.ts';
import { type Module, parseModule } from '../../instrument/wasm/module.ts';
import { OP, TYPE } from '../../instrument/wasm/opcodes.ts';
import { assemble, type Call, type EngineOptions, engineer, Running } from './engine-harness.ts';
import { callExports, loggingImports, randomModule } from './random-module.ts';

type Value = number | bigint | undefined;

interface Outcome {
  result: Value | string;
  calls: Call[];
  stack: number[];
  memory: number;
}

/** Runs `f` after poisoning everything, so that every check executed is seen. */
function run(bytes: Uint8Array, args: (number | bigint)[], imports: WebAssembly.Imports = {}): Outcome {
  const running = new Running(bytes, imports);
  running.poison(0, 65536);
  let result: Value | string;
  try {
    result = running.exports.f!(...args);
  } catch (error) {
    result = (error as Error).constructor.name;
  }
  const memory = running.program.reduce((hash, byte, i) => (byte === 0 ? hash : (hash * 31 + byte * 7 + i) | 0), 0);
  return { result, calls: running.takeLog(), stack: running.callStack(), memory };
}

function siteList(table: { site(id: number): unknown }, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => table.site(i + 1));
}

/** Both engines on one module: sites must agree, and so must everything that can be seen of a run. */
function agree(original: Uint8Array, args: (number | bigint)[], options: Partial<EngineOptions> = {}): Outcome {
  const stream = engineer(original, { ...options, engine: 'stream' });
  const tree = engineer(original, { ...options, engine: 'binaryen' });
  expect(tree.sites).toBe(stream.sites);
  expect(siteList(tree.table, tree.sites)).toEqual(siteList(stream.table, stream.sites));
  const expected = run(stream.bytes, args);
  expect(run(tree.bytes, args)).toEqual(expected);
  return expected;
}

const wrap = (body: string, more = '') =>
  assemble(`(module (memory (export "memory") 1) (table $t 4 4 funcref) ${more}
    (func $f (export "f") (param $a i32) (param $b i32) (result i32) (local $x i32) ${body}))`);

describe('constructs', () => {
  const LOAD_A = '(i32.load (local.get $a))';
  const cases: [name: string, body: string, more: string, checks: number][] = [
    ['a value that is itself checked', `(i32.store (local.get $a) (i32.load (local.get $b))) ${LOAD_A}`, '', 3],
    ['addresses that are checked', '(i32.load (i32.load (i32.load (local.get $a))))', '', 3],
    [
      'a local changed by a later operand',
      '(i32.store (local.get $a) (local.tee $a (i32.load offset=8 (local.get $b)))) (local.get $a)',
      '',
      2,
    ],
    [
      'a compare-and-exchange of checked operands',
      `(i32.atomic.rmw.cmpxchg (i32.load (local.get $a)) (i32.load offset=4 (local.get $b)) (i32.load offset=8 (local.get $a)))`,
      '',
      4,
    ],
    [
      'a copy between checked pointers',
      `(memory.copy (i32.load (local.get $a)) (i32.load (local.get $b)) (i32.and (i32.load offset=4 (local.get $a)) (i32.const 7)))
       (memory.fill (i32.load (local.get $b)) (i32.load8_u (local.get $a)) (i32.const 3)) (i32.const 1)`,
      '',
      8,
    ],
    ['loops and branches with values', `(block $out (result i32) (loop $again
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (drop (br_if $out (i32.load (local.get $a)) (i32.gt_u (local.get $x) (i32.load8_u offset=2 (local.get $b)))))
        (br_if $again (i32.lt_u (local.get $x) (i32.const 3)))) (i32.const 7))`, '', 2],
    ['an if of checked arms', `(if (result i32) (i32.load (local.get $a)) (then ${LOAD_A}) (else (i32.load (local.get $b))))`, '', 2],
    ['select', `(select (i32.load (local.get $a)) (i32.load8_s (local.get $b)) (i32.load16_u (local.get $a)))`, '', 3],
    ['br_table on a checked index', `(block $x (block $y (br_table $x $y (i32.load (local.get $a))))) ${LOAD_A}`, '', 2],
    ['other memories are left alone', `(i32.store $other (local.get $a) (i32.load (local.get $b))) (memory.copy $other 0 (local.get $a) (local.get $b) (i32.const 4)) (i32.load $other (local.get $a))`, '(memory $other 1)', 1],
    ['table.fill on a checked index', `(table.fill $t (i32.and (i32.load (local.get $a)) (i32.const 1)) (ref.null func) (i32.load8_u (local.get $b))) (i32.const 3)`, '', 2],
    ['table.copy', `(table.copy $t $t (i32.and (i32.load (local.get $a)) (i32.const 1)) (i32.const 0) (i32.and (i32.load (local.get $b)) (i32.const 1))) (i32.const 3)`, '', 2],
    ['table.init', `(table.init $t $e (i32.const 0) (i32.const 0) (i32.and (i32.load (local.get $b)) (i32.const 1))) (i32.const 3)`, '(elem $e funcref (ref.func $f))', 1],
    ['vectors', `(v128.store offset=16 (local.get $a) (i8x16.add (v128.load (local.get $b)) (v128.load8_lane 3 (local.get $a) (v128.load32_splat (local.get $b))))) ${LOAD_A}`, '', 5],
    ['two results', `(call $pair (local.get $a)) (local.set $x) (local.set $x) (i32.add (local.get $x) ${LOAD_A})`, '(func $pair (param i32) (result i32 i32) (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)))', 3],
    ['legacy try: a caught value as an address', `(try (result i32) (do (throw $e (i32.load (local.get $a)))) (catch $e (i32.load)))`, '(tag $e (param i32))', 2],
    ['legacy try: a caught value, stored', `(try (do (throw $e (i32.load (local.get $a)))) (catch $e (local.set $x) (i32.store (local.get $b) (local.get $x)))) (local.get $x)`, '(tag $e (param i32))', 2],
    ['legacy try: two caught values', `(try (result i32) (do (throw $e2 (i32.load (local.get $a)) (i32.const 8))) (catch $e2 (i32.add) (i32.load)))`, '(tag $e2 (param i32 i32))', 2],
    ['legacy try in a catch, rethrow, catch_all', `(try $o (result i32) (do (throw $e ${LOAD_A}))
        (catch $e (drop) (try (result i32) (do ${LOAD_A}) (catch_all (rethrow $o)))))`, '(tag $e (param i32))', 2],
    ['try_table', `(block $h (result i32) (try_table (result i32) (catch $e $h) (throw $e (i32.load (i32.load (local.get $a))))))`, '(tag $e (param i32))', 2],
    ['try_table and throw_ref', `(block $all (result i32) (try_table (result i32) (catch $e $all)
        (throw_ref (block $h (result exnref) (try_table (catch_all_ref $h) (throw $e (i32.load (local.get $a)))) (unreachable)))))`, '(tag $e (param i32))', 1],
    ['blocks of typed references', `(drop (i32.load (struct.get $s 0 (block $b (result (ref $s)) (br_if $b (struct.new $s (i32.load (local.get $a))) (i32.load8_u (local.get $b)))))))
        (i32.load (array.len (block (result (ref null $arr)) (array.new $arr (i32.load (local.get $b)) (i32.const 3)))))`, '(type $s (struct (field (mut i32)))) (type $arr (array i32))', 5],
    ['an unreachable operand', `(block $b (i32.store (local.get $a) (block (result i32) (drop (i32.load (local.get $b))) (br $b)))) ${LOAD_A}`, '', 2],
  ]; // biome-ignore format: a table

  test.each(cases)('%s', (_, body, more, checks) => {
    const original = wrap(body, more);
    const outcome = agree(original, [1024, 2048]);
    expect(outcome.calls.length).toBe(checks);
    agree(original, [1024, 2048], { mode: 'outline', overReads: true });
  });

  test('code nothing reaches has sites, at its own offsets, and is never run', () => {
    // Written by hand, because Binaryen writes no dead code: a load in front of a branch, then after it a load, a store and
    // a load of operands nobody pushed.
    const live = [0x20, 0, 0x28, 2, 0, 0x21, 1]; // (local.set 1 (i32.load (local.get 0)))
    const dead = [0x20, 0, 0x28, 2, 4, 0x1a, 0x36, 2, 8, 0x2d, 0, 12, 0x1a];
    const body = [0, 0x02, 0x40, ...live, 0x0c, 0, ...dead, 0x0b, 0x20, 1, 0x0b];
    const section = (id: number, ...bytes: number[]) => [id, bytes.length, ...bytes];
    const original = Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f),
      ...section(3, 1, 0),
      ...section(5, 1, 0, 1),
      ...section(7, 2, 6, ...new TextEncoder().encode('memory'), 2, 0, 1, 0x66, 0, 0),
      ...section(10, 1, body.length, ...body),
    ]);
    for (const mode of ['inline', 'outline'] as const) {
      const { calls } = agree(original, [1024, 2048], { mode });
      expect(calls).toEqual([{ check: 'load4', site: 1, address: 1024, length: 0 }]);
      const { table, sites, module } = engineer(original, { engine: 'binaryen', mode });
      expect(siteList(table, sites).map((s) => (s as { offset: number }).offset)).toEqual(accessOffsets(module));
      expect(sites).toBe(4);
    }
  });

  test('memories that are imported keep the runtime apart', () => {
    const original = assemble(
      `(module (import "m" "memory" (memory 1)) (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))`,
    );
    for (const engine of ['stream', 'binaryen'] as const) {
      const imports = { m: { memory: new WebAssembly.Memory({ initial: 1 }) } };
      const running = new Running(engineer(original, { engine }).bytes, imports);
      running.poison(64, 8);
      running.exports.f!(64);
      expect(running.takeLog()).toEqual([{ check: 'load4', site: 1, address: 64, length: 0 }]);
    }
  });
});

describe('call records', () => {
  test('a call stands on the shadow stack at its own site, after its operands were evaluated', () => {
    const original = wrap(
      `(i32.add (call $g (call $g (i32.const 1) (i32.const 2)) (call $g (i32.const 3) (i32.load (local.get $a))))
                (call_indirect $t (type $two) (call $g (i32.const 4) (i32.const 5)) (i32.const 6) (i32.load8_u (local.get $b))))`,
      `(type $two (func (param i32 i32) (result i32))) (elem (table $t) (i32.const 0) func $g)
       (func $h (i32.store (i32.const 8) (i32.const 1)))
       (func $g (param i32 i32) (result i32) (call $h) (i32.add (local.get 0) (local.get 1)))`,
    );
    const outcome = agree(original, [1024, 2048], { recordsCalls: true });
    expect(outcome.calls.filter((c) => c.check === 'store4').length).toBe(5);
    expect(outcome.stack).toEqual([]); // put back at the exit
  });

  test('at the innermost call both engines show the same stack', () => {
    const original =
      assemble(`(module (import "test" "look" (func $look (param i32) (result i32))) (memory (export "memory") 1)
      (func $g (param i32) (result i32) (if (result i32) (local.get 0)
        (then (i32.add (call $look (i32.const 1)) (call $g (i32.sub (local.get 0) (call $look (i32.const 1))))))
        (else (return_call $look (i32.const 2)))))
      (func (export "f") (param i32) (result i32) (call $g (i32.add (local.get 0) (call $g (i32.const 1))))))`);
    const stacks = (['stream', 'binaryen'] as const).map((engine) => {
      const seen: number[][] = [];
      const look = (value: number) => {
        seen.push(running.callStack());
        return value;
      };
      const running = new Running(engineer(original, { engine, recordsCalls: true }).bytes, { test: { look } });
      running.exports.f!(2);
      return seen;
    });
    expect(stacks[1]).toEqual(stacks[0]);
    expect(stacks[0]!.map((s) => s.length)).toContain(5);
  });
});

describe('what the plan changes itself', () => {
  const original = wrap(
    '(i32.store offset=4 (local.get $a) (i32.const 5)) (drop (i32.load offset=4 (local.get $a))) (i32.load offset=4 (local.get $b))',
  );
  const module = parseModule(original);
  const offsets = accessOffsets(module);

  test('edits keep their place and number their sites', () => {
    const mark = (at: number, isSite: boolean): Edit => ({
      at,
      removes: 0,
      isSite,
      write: (emit: Emitter) => {
        emit.pointerConstant(64);
        emit.scratch(OP.LOCAL_TEE, 'test', TYPE.I32);
        emit.pointerConstant(1);
        emit.constant(isSite ? emit.site() : 0);
        emit.callRuntime('check_mark');
      },
    });
    const edits = [[mark(offsets[1]!, true), mark(offsets[2]!, false), mark(offsets[2]!, true)]];
    const { calls } = agree(original, [1024, 2048], { edits });
    expect(calls.map((c) => [c.check, c.site])).toEqual([
      ['store4', 1],
      ['mark', 2],
      ['load4', 3],
      ['mark', 0],
      ['mark', 4],
      ['load4', 5],
    ]);
  });

  test('moved offsets move the check and the access', () => {
    const movedOffsets = new Map([
      [offsets[0]!, 256],
      [offsets[1]!, 256],
    ]);
    const { calls, result } = agree(original, [1024, 1024], { movedOffsets });
    expect(calls.map((c) => c.address)).toEqual([1280, 1280, 1028]);
    expect(result).toBe(0);
  });

  test.each([
    ['below', 1016, []],
    ['at the first byte', 1020, ['store4', 'load4']],
    ['at the last byte', 1035, ['store4', 'load4']],
    ['above', 1036, []],
  ])('a store into read-only data is checked by its address: %s', (_, address, checks) => {
    // Stores to a + 4, then loads from it and from b + 4; nothing is poisoned, so only the range can call a check.
    for (const engine of ['stream', 'binaryen'] as const) {
      const { bytes } = engineer(original, { engine, readOnly: { begin: 1024, end: 1040 } });
      const running = new Running(bytes);
      running.exports.f!(address, 4096);
      // Unaligned accesses go to the exact check in any case; both engines promise natural alignment alike.
      const calls = running.takeLog().map((c) => c.check);
      expect(calls).toEqual(address % 4 === 0 ? checks.slice(0, 1) : checks);
    }
  });

  test('a function that is skipped is written as it was', () => {
    expect(agree(original, [1024, 1024], { skip: 'allocator' })).toMatchObject({ calls: [], result: 5 });
  });
});

function accessOffsets(module: Module): number[] {
  const d = new Decoder(module.bytes);
  const offsets: number[] = [];
  for (const body of module.bodies) {
    enterBody(d, body);
    while (d.pos < d.end) {
      d.next();
      if (accessOf(d.op)) offsets.push(d.start);
    }
  }
  return offsets;
}

describe('random expression trees', () => {
  const address = (e: string) => `(i32.and ${e} (i32.const 0x3ff0))`;
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'tree' },
      fc.constantFrom('(local.get $a)', '(local.get $b)', '(i32.const 24)', '(local.get $x)'),
      fc.tuple(fc.constantFrom('load', 'load8_s', 'load16_u'), fc.nat(40), tie('expression')).map(([op, offset, e]) => `(i32.${op} offset=${offset} ${address(e)})`),
      fc.tuple(tie('expression'), tie('expression')).map(([p, v]) => `(block (result i32) (i32.store ${address(p)} ${v}) (i32.const 5))`),
      fc.tuple(tie('expression'), tie('expression')).map(([p, v]) => `(i32.atomic.rmw.add ${address(p)} ${v})`),
      fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([p, e, r]) => `(i32.atomic.rmw.cmpxchg ${address(p)} ${e} ${r})`),
      fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([d, s, n]) => `(block (result i32) (memory.copy ${address(d)} ${address(s)} (i32.and ${n} (i32.const 15))) (i32.const 9))`),
      fc.tuple(tie('expression'), tie('expression')).map(([p, v]) => `(i32.wrap_i64 (block (result i64) (i64.store ${address(p)} (i64.extend_i32_u ${v})) (i64.load32_u (local.get $a))))`),
      fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([c, t, e]) => `(if (result i32) ${c} (then ${t}) (else ${e}))`),
      tie('expression').map((e) => `(local.tee $x ${e})`),
      fc.tuple(tie('expression'), tie('expression')).map(([l, r]) => `(call $pick ${l} ${r})`),
      tie('expression').map((e) => `(try (result i32) (do (throw $e ${e})) (catch $e (i32.const 255) (i32.and) (i32.load8_u)))`),
      tie('expression').map((e) => `(block $l (result i32) (br $l ${e}) (i32.load (local.get $a)))`),
    ),
  })); // biome-ignore format: one production a line
  const more =
    '(tag $e (param i32)) (func $pick (param i32 i32) (result i32) (select (local.get 0) (i32.load offset=64 (i32.and (local.get 1) (i32.const 0x3ff0))) (local.get 0)))';

  test('checks, results and memory are the same', () => {
    fc.assert(
      fc.property(expression, fc.boolean(), fc.boolean(), (body, recordsCalls, outline) => {
        const original = wrap(body, more);
        agree(original, [1024, 2048], { recordsCalls, mode: outline ? 'outline' : 'inline' });
      }),
      { numRuns: 60 },
    );
  });
});

describe('random modules', () => {
  test.each([3, 8, 21, 34, 55])('seed %i', (seed) => {
    const original = randomModule(seed);
    expect(WebAssembly.validate(original as BufferSource)).toBe(true);
    const options = { recordsCalls: seed % 2 === 0, mode: seed % 3 === 0 ? 'outline' : 'inline' } as const;
    const [stream, tree] = (['stream', 'binaryen'] as const).map((engine) => {
      const built = engineer(original, { ...options, engine });
      const log: unknown[] = [];
      const running = new Running(built.bytes, loggingImports(original, log));
      running.poison(0, 65536);
      const results = callExports(original, running.exports);
      return {
        sites: siteList(built.table, built.sites),
        log,
        results,
        calls: running.takeLog(),
        stack: running.callStack(),
      };
    });
    expect(tree).toEqual(stream);
    const log: unknown[] = [];
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(original as BufferSource),
      loggingImports(original, log),
    );
    expect([callExports(original, instance.exports), log]).toEqual([tree!.results, tree!.log]);
  });
});

describe('refusals', () => {
  test('what Binaryen cannot read is E_UNSUPPORTED', () => {
    const broken = wrap('(i32.load (local.get $a))').slice();
    const d = new Decoder(broken);
    enterBody(d, parseModule(broken).bodies[0]!);
    d.next();
    broken[d.immediateStart] = 99; // a local that does not exist: the decoder has no reason to look
    expect(() => engineer(broken, { engine: 'binaryen' })).toThrow(InstrumentError);
    expect(() => engineer(broken, { engine: 'binaryen' })).toThrow(/Binaryen cannot read it/);
  });
});

describe('real modules', () => {
  const require = createRequire(import.meta.url);
  const files = ['source-map/lib/mappings.wasm', 'sql.js/dist/sql-wasm.wasm'];

  test.each(files)('%s', (file) => {
    const original = new Uint8Array(readFileSync(require.resolve(file)));
    const options: InstrumentOptions = { host: true };
    const stream = instrument(original, runtimeImages, options);
    const tree = instrument(original, runtimeImages, { ...options, engine: binaryenEngine });
    expect(WebAssembly.validate(tree.bytes as BufferSource)).toBe(true);
    expect(tree.summary.sites).toBe(stream.summary.sites);
    expect(tree.summary.sites).toBeGreaterThan(1000);
    const a = readSiteTable(stream.bytes, original)!;
    const b = readSiteTable(tree.bytes, original)!;
    let different = 0;
    for (let id = 1; id <= a.count; id++) {
      const x = a.site(id)!;
      const y = b.site(id)!;
      if (x.functionIndex !== y.functionIndex || x.offset !== y.offset) different++;
    }
    expect(different).toBe(0);
  });
});
