// An allocator that nothing in the module tells of: --glue, --allocator-map and --allocator say where it is.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import binaryen from 'binaryen';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wasan } from '../support/cli.ts';

/** A list of freed blocks, with sizes 8 bytes in front of them; minified exports, as Emscripten writes them. */
const MODULE = `(module
  (memory 4)
  (global $top (mut i32) (i32.const 4096))
  (global $freed (mut i32) (i32.const 0))
  (func $malloc (param $size i32) (result i32) (local $block i32)
    (if (global.get $freed)
      (then (if (i32.ge_u (i32.load (i32.sub (global.get $freed) (i32.const 8))) (local.get $size))
        (then
          (local.set $block (global.get $freed))
          (global.set $freed (i32.load (local.get $block)))
          (return (local.get $block))))))
    (local.set $block (i32.add (global.get $top) (i32.const 16)))
    (i32.store (i32.add (global.get $top) (i32.const 8)) (local.get $size))
    (global.set $top (i32.and (i32.add (i32.add (local.get $block) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (local.get $block))
  (func $free (param $block i32)
    (i32.store (local.get $block) (global.get $freed))
    (global.set $freed (local.get $block)))
  (func $realloc (param $block i32) (param $size i32) (result i32) (local $new i32)
    (local.set $new (call $malloc (local.get $size)))
    (memory.copy (local.get $new) (local.get $block) (i32.load (i32.sub (local.get $block) (i32.const 8))))
    (call $free (local.get $block))
    (local.get $new))
  (func $run (param $at i32) (local $block i32)
    (local.set $block (call $malloc (i32.const 10)))
    (i32.store8 (i32.add (local.get $block) (local.get $at)) (i32.const 1))
    (call $free (local.get $block)))
  (export "a" (func $malloc)) (export "b" (func $free)) (export "c" (func $realloc)) (export "d" (func $run))
  (data (i32.const 1024) "${'x'.repeat(600)}"))`;

const GLUE = `var _malloc = (Module["_malloc"] = wasmExports["a"]); var _free = (Module["_free"] = wasmExports["b"]);
var _realloc = (Module["_realloc"] = wasmExports["c"]);`;

const folder = mkdtempSync(join(tmpdir(), 'wasan-flags-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  const module = binaryen.parseText(MODULE);
  module.setFeatures(binaryen.Features.BulkMemory);
  writeFileSync(join(folder, 'lib.wasm'), module.emitBinary());
  writeFileSync(join(folder, 'names.js'), GLUE);
  writeFileSync(join(folder, 'map.json'), '{"malloc": 0, "free": "b", "realloc": 2}');
  const load = `new WebAssembly.Module(readFileSync('lib.wasm'))`;
  writeFileSync(
    join(folder, 'app.mjs'),
    `import { readFileSync } from 'node:fs';\nnew WebAssembly.Instance(${load}).exports.d(10);\n`,
  );
});

test.each([
  [[], 0],
  [['--glue=names.js'], 1],
  [['--allocator-map=map.json'], 1],
  [['--allocator=malloc=a', '--allocator=free=b', '--allocator=realloc=c'], 1],
])('%j', (flags, expected) => {
  const args = ['node', '--cache-size=0', ...flags, 'app.mjs'];
  const { status, stderr } = wasan(args, { cwd: folder, env: { HOME: folder } });
  expect(status).toBe(expected);
  if (expected === 0) expect(stderr).toBe('');
  else expect(stderr).toMatch(/heap-buffer-overflow on.*\nWRITE of size 1 .*\n.*0 bytes after 10-byte region/s);
});

test('a function that the module does not have is told, and the module runs unchecked', () => {
  const { status, stderr } = wasan(['node', '--cache-size=0', '--allocator=malloc=99', 'app.mjs'], {
    cwd: folder,
    env: { HOME: folder },
  });
  expect(status).toBe(0);
  expect(stderr).toMatch(/^wasan: a module runs unchecked: .*malloc=99 \[E_NO_ALLOCATOR\]\n$/);
});
