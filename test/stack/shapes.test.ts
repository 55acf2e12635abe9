// Which shapes of prologue and epilogue are understood, as compilers write them, and what keeps a frame from being touched.

import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { load } from '../../host/index.ts';
import * as wasan from '../../index.ts';
import { BodyScan } from '../../instrument/body-scan.ts';
import {
  layOut,
  type Placement,
  place,
  plainLayout,
  redzoneFor,
  shadowCodes,
} from '../../instrument/frames/frame-layout.ts';
import { analyseFrame } from '../../instrument/frames/frame-walk.ts';
import { PointerUses } from '../../instrument/frames/pointer-uses.ts';
import { nullLimit, stackBounds } from '../../instrument/layout.ts';
import { findStackPointer } from '../../instrument/stack-pointer.ts';
import { parseModule } from '../../instrument/wasm/module.ts';

function parse(functions: string) {
  const module = binaryen.parseText(`(module (memory 1) (global $sp (mut i32) (i32.const 65536)) ${functions})`);
  module.setFeatures(binaryen.Features.All & ~binaryen.Features.GC);
  const parsed = parseModule(module.emitBinary());
  module.dispose();
  return parsed;
}

function analyse(body: string) {
  const parsed = parse(`(func $use (param i32))
    (func $f (param $n i32) (local $a i32) (local $b i32) (local $c i32) ${body})
    (func $same (param i32) (result i32) (local.get 0))
    (func $moved (param i32 i32 i32) (result i32) (local.set 0 (i32.add (local.get 0) (i32.const 4))) (local.get 0))
    (func $other (param i32) (result i32) (local.set 0 (i32.add (local.get 0) (i32.const 4))) (local.get 0))
    (func $early (param i32 i32 i32) (result i32) (if (i32.load (local.get 0)) (then (return (i32.const 8)))) (local.get 0))
    (func $out (param i32 i32 i32) (result i32) (br_if 0 (i32.const 8) (i32.load (local.get 0))) (drop) (local.get 0))
    (func $fill (param i32 i32) (result i32) (local $i i32)
      (if (i32.eqz (local.get 1)) (then (return (local.get 0))))
      (loop $l (i32.store8 (i32.add (local.get 0) (local.get $i)) (local.get 1))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 48))))
      (local.get 0))`);
  const scan = new BodyScan(parsed, { kills: () => false, stackPointer: 0 });
  return analyseFrame({ module: parsed, scan, stackPointer: 0 }, 1);
}

/** An instrumented module that imports env.use: the titles of what is found while its exports are called, and what was used. */
async function start(text: string, runtime: wasan.InstrumentOptions['runtime'] = {}) {
  const module = binaryen.parseText(text);
  const original = module.emitBinary();
  module.dispose();
  const titles: string[] = [];
  const used: number[] = [];
  const { bytes } = wasan.instrument(original, { host: true, runtime: { halt: false, ...runtime } });
  const { instance } = await load({
    original,
    instrumented: bytes,
    imports: { env: { use: (n: number) => used.push(n) } },
    onFinding: (report) => titles.push(report.title) < 0,
  });
  return { titles, used, call: (name: string, n: number) => (instance.exports[name] as (n: number) => void)(n) };
}

const GET = '(global.get $sp)';
const leave = (value: string) => `(global.set $sp ${value})`;
const O1 = `${leave(`(local.tee $a (i32.sub ${GET} (i32.const 48)))`)} (call $use (local.get $a))`;
const EPILOGUE = leave('(i32.add (local.get $a) (i32.const 48))');

describe('understood', () => {
  test.each<[string, string, number, number]>([
    ['optimised', `${O1} ${EPILOGUE}`, 48, 16],
    ['unoptimised', `(local.set $a (i32.sub ${GET} (i32.const 32))) ${leave('(local.get $a)')} (call $use (local.get $a)) ${leave('(i32.add (local.get $a) (i32.const 32))')}`, 32, 16],
    ['constants in locals, as older LLVM has them', `(local.set $a ${GET}) (local.set $b (i32.const 64)) (local.set $c (i32.sub (local.get $a) (local.get $b))) ${leave('(local.get $c)')} (call $use (local.get $c)) ${leave('(i32.add (local.get $c) (i32.const 64))')}`, 64, 16],
    ['over-aligned', `(local.set $b ${GET}) (local.set $a (i32.and (i32.sub (local.get $b) (i32.const 128)) (i32.const -64))) ${leave('(local.get $a)')} (call $use (local.get $a)) ${leave('(local.get $b)')}`, 128, 64],
    ['two returns', `${O1} (if (local.get $n) (then ${EPILOGUE} (return))) ${EPILOGUE}`, 48, 16],
    ['a loop', `${O1} (loop $l (call $use (local.get $a)) (br_if $l (local.get $n))) ${EPILOGUE}`, 48, 16],
    ['a loop that sets the base to what it is', `${O1} (loop $l (call $use (local.get $a)) (local.set $b (local.get $a)) (local.set $a (local.get $b)) (br_if $l (local.get $n))) ${EPILOGUE}`, 48, 16],
    ['a return out of a loop', `${O1} (loop $l (if (local.get $n) (then ${EPILOGUE} (return))) (br $l))`, 48, 16],
    ['a handler that restores the stack pointer', `${O1} (block $h (try_table (catch_all $h) (call $use (local.get $a)))) ${leave('(local.get $a)')} ${EPILOGUE}`, 48, 16],
    ['a leaf', `(local.set $a (i32.sub ${GET} (i32.const 16))) (i32.store (local.get $a) (local.get $n))`, 16, 16],
  ])('%s', (_, body, bytes, align) => {
    const { trouble, size, align: found } = analyse(body);
    expect({ trouble, bytes: size?.bytes, align: found }).toEqual({ trouble: undefined, bytes, align });
  }); // biome-ignore format: a table

  test('a frame given back by what a call returned', () => {
    const size = '(i32.const 48)';
    const given = (callee: string) =>
      analyse(`${O1} ${leave(`(i32.add (call ${callee} (local.get $a)) ${size})`)}`).trouble;
    expect([given('$same'), given('$other')]).toEqual([undefined, 'pointer kept']);
  });

  test('a dynamic allocation, and to the byte', () => {
    const room = '(i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))';
    const taken = leave(`(local.tee $b (i32.sub (local.get $a) ${room}))`);
    const { trouble, rooms } = analyse(`${O1} ${taken} (call $use (local.get $b)) ${EPILOGUE}`);
    expect(trouble).toBeUndefined();
    expect(rooms.map((r) => r.size.kind)).toEqual(['rounded']);
  });

  test('what leaves and what stays', () => {
    const stores =
      '(i32.store offset=40 (local.get $a) (local.get $n)) (i32.store (i32.add (local.get $a) (i32.const 8)) (local.get $n))';
    const calls = '(call $use (i32.add (local.get $a) (i32.const 16)))';
    const frame = `(local.set $a (i32.sub ${GET} (i32.const 48))) ${leave('(local.get $a)')}`;
    const { accesses, reached, escapes } = analyse(`${frame} ${stores} ${calls} ${EPILOGUE}`);
    expect(accesses.map((a) => a.offset)).toEqual([40]);
    expect(reached.map((a) => a.origin)).toEqual([8]);
    expect([...escapes]).toEqual([16]);
  });
});

describe('what optimised code makes unclear', () => {
  test.each<[string, string, boolean]>([
    ['a call is given the base and its result is dropped', '(drop (call $same (local.get $a)))', false],
    ['the result is kept, and certain: memset returns the base', '(local.set $b (call $same (local.get $a)))', false],
    ['the same, from several places', '(local.set $b (call $fill (local.get $a) (local.get $n)))', false],
    ['the base is given, but another operand returned', '(local.set $b (call $fill (local.get $n) (local.get $a)))', false],
    ['the parameter is written', '(local.set $b (call $moved (local.get $a) (local.get $n) (local.get $n)))', true],
    ['something else is returned early', '(local.set $b (call $early (local.get $a) (local.get $n) (local.get $n)))', true],
    ['a branch returns something else', '(local.set $b (call $out (local.get $a) (local.get $n) (local.get $n)))', true],
    ['the result of a function that cannot be memset', '(local.set $b (call $other (local.get $a)))', false],
    ['the result of a call that is given another object', '(local.set $b (call $same (i32.add (local.get $a) (i32.const 16))))', false],
  ])('%s', (_, body, unclear) => {
    const { trouble, baseUnclear } = analyse(`${O1} ${body} ${EPILOGUE}`);
    expect({ trouble, baseUnclear }).toEqual({ trouble: undefined, baseUnclear: unclear });
  }); // biome-ignore format: a table

  const at = (offset: number) => `(i32.add (local.get $a) (i32.const ${offset}))`;
  test.each<[string, string, number[]]>([
    ['each pointer goes its way', `(call $use ${at(16)}) (call $use ${at(24)})`, []],
    ['a local holds one of two', `(local.set $b ${at(16)}) (if (local.get $n) (then (local.set $b (local.get $n)))) (call $use (local.get $b))`, [16]],
    ['a pointer walks in a loop', `(local.set $b ${at(8)}) (loop $l (i32.store (local.get $b) (local.get $n)) (local.set $b (i32.load (local.get $b))) (br_if $l (local.get $b)))`, [8]],
    ['a loop sets a pointer to what it was', `(local.set $b ${at(8)}) (loop $l (i32.store (local.get $b) (local.get $n)) (local.set $b ${at(8)}) (br_if $l (i32.load (local.get $b))))`, []],
    ['a choice', `(call $use (select ${at(16)} ${at(24)} (local.get $n)))`, [24, 16]],
    ['the result of a block', `(call $use (if (result i32) (local.get $n) (then ${at(16)}) (else (local.get $n))))`, [16]],
  ])('%s', (_, body, merged) => {
    expect([...analyse(`${O1} ${body} ${EPILOGUE}`).merged]).toEqual(merged);
  }); // biome-ignore format: a table

  test('a constant that a local keeps', () => {
    const kept = '(local.set $b (i32.const 16)) (call $use (i32.add (local.get $a) (local.get $b)))';
    expect(analyse(`${O1} ${kept} ${EPILOGUE}`).sharedConstants.size).toBe(1);
  });
});

// wasm-opt inlines leaf functions, which keep their frames below the stack pointer without moving it.
describe('a leaf function inlined below a frame', () => {
  const below = (at: string) => `(local.tee $b (i32.sub ${GET} (i32.const 16))) ${at}`;
  const leaf = `(i32.store offset=12 ${below('(local.get $n)')}) (call $use (i32.load offset=12 (local.get $b)))`;

  test('its frame is no allocation of the other', () => {
    const { trouble, borrows, rereads, rooms } = analyse(`${O1} ${leaf} ${EPILOGUE}`);
    expect({ trouble, borrows: borrows.map((b) => b.bytes), rereads, rooms }).toEqual({
      trouble: undefined,
      borrows: [128],
      rereads: [],
      rooms: [],
    });
    // 64 is written as -64, which is shorter.
    const added = leaf.replace('(i32.const 16)', '(i32.const -64)').replace('i32.sub', 'i32.add');
    expect(analyse(`${O1} ${added} ${EPILOGUE}`)).toMatchObject({ trouble: undefined, rereads: [], rooms: [] });
    const large = leaf.replace('(i32.const 16)', '(i32.const 2064)');
    expect(analyse(`${O1} ${large} ${EPILOGUE}`).borrows.map((b) => b.bytes)).toEqual([2064]);
    const moved = analyse(`${O1} ${leave(below(''))} (call $use (local.get $b)) ${EPILOGUE}`);
    expect(moved.trouble).toBe('folded allocation');
  });

  test('lies below the redzone, which still guards', async () => {
    const function_ = (name: string, inner: string) =>
      `(func (export "${name}") (param $n i32) (local $a i32) (local $b i32) (local $c i32) ${O1} ${inner} ${EPILOGUE})`;
    const text = `(module (import "env" "use" (func $use (param i32))) (memory (export "memory") 1)
      (global $sp (mut i32) (i32.const 4096)) ${function_('right', leaf)}
      ${function_('wrong', `${leaf} (i32.store (i32.add (local.get $a) (local.get $n)) (local.get $n))`)})`;
    const { call, titles, used } = await start(text);
    call('right', 7);
    expect({ titles, last: used.at(-1) }).toEqual({ titles: [], last: 7 });
    call('wrong', -4);
    expect(titles).toEqual(['stack-buffer-underflow']);
  });
});

// A function takes room on the stack and gives it back early; then one whose frame is not understood uses the same memory
// without taking it, as leaf functions do.
describe('a large leaf function inlined where the frame is not understood finds no redzones of others', () => {
  const rounded = '(i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))';
  const room = (under: string, at: string) =>
    `${leave(`(local.tee ${at} (i32.sub (local.get ${under}) ${rounded}))`)} (call $use (local.get ${at}))`;
  const backToBase = `${room('$a', '$b')} ${leave('(local.get $a)')} ${EPILOGUE}`;
  const backToRoom = `${room('$a', '$b')} ${room('$b', '$c')} ${leave('(local.get $b)')} ${EPILOGUE}`;
  const otherFrame = `${leave(`(local.tee $c (i32.sub ${GET} (i32.const 32)))`)} ${leave('(i32.add (local.get $c) (i32.const 32))')}`;
  const fill = (bytes: string) => `(loop $l (i32.store8 (i32.add (local.get $a) (local.get $n)) (i32.const 1))
    (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) ${bytes})))`;
  const leaf = (taken: string) => `${otherFrame} (local.set $a ${taken}) ${fill('(i32.const 2064)')} ${otherFrame}`;

  test.each<[string, string, string]>([
    ['a constant is subtracted', backToBase, leaf(`(i32.sub ${GET} (i32.const 2064))`)],
    ['its negative is added, which is shorter', backToBase, leaf(`(i32.add ${GET} (i32.const -2064))`)],
    ['room is given back up to other room', backToRoom, leaf(`(i32.add ${GET} (i32.const -2064))`)],
    ['a dynamic allocation below a frame', backToBase, `(if (i32.eqz (local.get $n)) (then
      (local.set $a (i32.sub (i32.add ${GET} (i32.const -64)) (i32.and (i32.add (local.get $n) (i32.const 2047)) (i32.const -16))))
      ${fill('(i32.const 2032)')}))`],
    ['a dynamic allocation without one', backToRoom, `(if (i32.eqz (local.get $n)) (then
      (local.set $a (i32.sub ${GET} (i32.and (i32.add (local.get $n) (i32.const 2047)) (i32.const -16))))
      ${fill('(i32.const 2032)')}))`],
  ])('%s', async (_, rooms, run) => {
    const function_ = (name: string, body: string) =>
      `(func ${name} (param $n i32) (local $a i32) (local $b i32) (local $c i32) ${body})`;
    const { call, titles } = await start(`(module (import "env" "use" (func $use (param i32)))
      (memory (export "memory") 1) (global $sp (mut i32) (i32.const 16384)) ${function_('$rooms', `${O1} ${rooms}`)}
      ${function_('(export "run")', `(call $rooms (i32.const 600)) ${run}`)}
      ${function_('(export "wrong")', `${O1} (i32.store (i32.add (local.get $a) (local.get $n)) (local.get $n)) ${EPILOGUE}`)}
      ${function_('$other', `${O1} ${EPILOGUE}`)})`);
    call('run', 0);
    expect(titles).toEqual([]);
    call('wrong', -4);
    expect(titles).toEqual(['stack-buffer-underflow']);
  }); // biome-ignore format: a table
});

describe('a function whose frame is not understood', () => {
  test('borrows nothing where it takes its frame, but where it reads the pointer otherwise', () => {
    const frame = (size: number, set: string) =>
      `(if (local.get $n) (then ${leave(set.replace('SIZE', String(size)))}))`;
    const taken = `(local.tee $a (i32.sub ${GET} (i32.const SIZE)))`;
    const reads = (body: string) => {
      const parsed = parse(`(func (param $n i32) (local $a i32) ${body})`);
      const scan = new BodyScan(parsed, { kills: () => false, stackPointer: 0 });
      const uses = new PointerUses(parsed, scan, 0);
      uses.find(0);
      return uses.reads.map((r) => r.bytes);
    };
    expect(
      reads(`${frame(48, taken)} ${frame(320, taken)} ${frame(320, taken.replace('.tee $a', '.tee $n'))}`),
    ).toEqual([]);
    expect(reads(frame(320, `(i32.add ${GET} (i32.const -320))`))).toEqual([]);
    expect(reads(`${frame(48, taken)} (local.set $a (i32.sub ${GET} (i32.const 320)))`)).toEqual([320]);
    expect(reads(leave(`(i32.add (i32.sub ${GET} (i32.const 48)) (i32.const 16))`))).toEqual([128]);
    expect(reads(leave('(local.get $n)'))).toEqual([]);
  });

  test('takes no number for room: what was returned from stays poisoned', async () => {
    const { call, titles } = await start(
      `(module (import "env" "use" (func $use (param i32))) (memory (export "memory") 2)
      (global $sp (mut i32) (i32.const 65536))
      (func $callee (result i32) (local $a i32)
        ${leave(`(local.tee $a (i32.sub ${GET} (i32.const 512)))`)} (call $use (local.get $a))
        ${leave('(i32.add (local.get $a) (i32.const 512))')} (local.get $a))
      (func $other (local $a i32) ${O1} ${EPILOGUE})
      (func $mixed (param $n i32) (local $a i32)
        (local.set $a ${GET}) (call $use (local.get $a)) (i32.store (i32.const 100000) (local.get $n))
        (local.set $a (local.get $n)) (call $use (i32.sub (local.get $a) (i32.const 16))))
      (func (export "run") (param $n i32) (local $p i32)
        (local.set $p (call $callee)) (call $mixed (local.get $n)) (i32.store (local.get $p) (local.get $n)))
      (data (i32.const 65536) "behind the stack"))`,
      { stackAfterReturn: true },
    );
    call('run', 100);
    expect(titles).toEqual(['stack-use-after-return']);
  });
});

describe('left alone', () => {
  test.each<[string, string, string]>([
    ['no frame', '(call $use (local.get $n))', 'no prologue'],
    ['stackSave', `(call $use ${GET})`, 'no prologue'],
    ['stackRestore', leave('(local.get $n)'), 'pointer kept'],
    ['a frame inside a block', `(block $x (br_if $x (local.get $n)) ${O1} ${EPILOGUE})`, 'not at the top'],
    ['two frames: one function inlined into another', `(local.set $b (i32.sub ${GET} (i32.const 16))) ${O1} ${EPILOGUE}`, 'several prologues'],
    ['the stack pointer is not put back', `${O1}`, 'pointer kept'],
    ['put back on one path only', `${O1} (if (local.get $n) (then ${EPILOGUE}))`, 'pointer kept'],
    ['put back to somewhere else', `${O1} ${leave('(i32.add (local.get $a) (i32.const 32))')}`, 'pointer kept'],
    ['a dynamic allocation of constant size in optimised code', `${O1} ${leave('(local.tee $b (i32.sub (local.get $a) (i32.const 32)))')} (i32.store (i32.sub (local.get $a) (i32.const 28)) (local.get $n)) ${EPILOGUE}`, 'folded allocation'],
    ['a frame above the stack pointer, as fastcomp has it', `(local.set $a ${GET}) ${leave(`(i32.add ${GET} (i32.const 16))`)} (call $use (local.get $a)) ${leave('(local.get $a)')}`, 'grows up'],
    ['not a multiple of 16', `(local.set $a (i32.sub ${GET} (i32.const 20))) (i32.store (local.get $a) (local.get $n))`, 'odd size'],
  ])('%s', (_, body, trouble) => {
    expect(analyse(body).trouble).toBe(trouble);
  }); // biome-ignore format: a table

  test('a stack that grows up: its pointer is none', () => {
    const down = `(func (local $a i32) ${leave(`(local.tee $a (i32.sub ${GET} (i32.const 16)))`)} ${leave('(i32.add (local.get $a) (i32.const 16))')})`;
    const up = `(func (local $a i32) (local.set $a ${GET}) ${leave(`(i32.add ${GET} (i32.const 16))`)} ${leave('(local.get $a)')})`;
    const found = (...functions: string[]) => findStackPointer(parse(functions.join(' ')))?.prologues;
    expect([found(down, down), found(up, up, up, down, down), found(down, up, down, down)]).toEqual([2, undefined, 2]);
  });
});

describe('layout', () => {
  const object = (begin: number, end: number, exposed: boolean) => ({ begin, end, exposed, named: true });

  test('objects that pointers go to get redzones on both sides, the others keep their distance', () => {
    const objects = [object(0, 4, false), object(4, 8, false), object(16, 26, true), object(28, 32, false)];
    const layout = layOut(objects, 16);
    const starts = layout.placements.map((p: Placement) => p.moved);
    expect(starts[1]! - starts[0]!).toBe(4);
    expect(starts[2]! - (starts[1]! + 4)).toBeGreaterThanOrEqual(redzoneFor(10));
    expect(starts[3]! - (starts[2]! + 10)).toBeGreaterThanOrEqual(redzoneFor(10));
    expect(starts[3]! % 16).toBe(28 % 16);
    expect(layout.size % 16).toBe(0);
    expect(place(layout, 18)).toBe(starts[2]! + 2);
    const codes = shadowCodes(layout);
    expect([...codes.subarray(0, 5)]).toEqual([0xf1, 0xf1, 0xf1, 0xf1, 0]);
    const first = 4 + starts[2]! / 8;
    expect([...codes.subarray(first - 1, first + 3)]).toEqual([0xf2, 0, 2, 0xf2]);
    expect(codes.at(-1)).toBe(0xf3);
  });

  test('nothing gets less aligned', () => {
    const layout = layOut([object(0, 3, true), object(64, 128, true), object(136, 140, true)], 64);
    for (const { from, moved } of layout.placements) expect(moved % 64).toBe(from % 64);
  });

  test('a frame left as it is', () => {
    expect([...shadowCodes(plainLayout(32))]).toEqual([0xf1, 0xf1, 0xf1, 0xf1, 0, 0, 0, 0, 0xf3, 0xf3]);
  });
});

test.each([
  ['data behind it', '(data (i32.const 66560) "x")', 4096, { low: 0, exact: true, sure: 0 }],
  ['data before it', '(data (i32.const 1024) "x")', 1024, { low: 1025, exact: false, sure: 66560 }],
  [
    'data behind it, for wasm-bindgen: JavaScript has results written to address 8',
    '(data (i32.const 66560) "x") (func (export "__wbindgen_malloc"))',
    8,
    { low: 0, exact: true, sure: 0 },
  ],
  ['no data: zero-initialised variables may be before it', '', 1024, { low: 0, exact: false, sure: 66560 }],
])('a stack with %s', (_, data, limit, bounds) => {
  const module = binaryen.parseText(
    `(module (memory 3) (global $__stack_pointer (mut i32) (i32.const 66560)) ${data})`,
  );
  const parsed = parseModule(module.emitBinary());
  module.dispose();
  const stack = { global: 0, how: 'name', initial: 66560, prologues: 0 } as const;
  expect(nullLimit(parsed, stack)).toBe(limit);
  expect(stackBounds(parsed, stack)).toEqual({ high: 66560, ...bounds });
});
