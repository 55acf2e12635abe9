// Makes the modules beside it: the allocators of packages of npm alone, as they are there, with a byte that can be written and
// read. Rust's std is in them as it is compiled for size, which the compilers at hand cannot do. The memory is their own.
//
//   npm pack @rollup/wasm-node@4.68.4: dist/wasm-node/bindings_wasm_bg.wasm       node extract.ts ... helpers.wasm
//   npm pack @jsquash/oxipng@2.3.0: codec/pkg-parallel/squoosh_oxipng_bg.wasm     node extract.ts ... threads.wasm

import { readFileSync, writeFileSync } from 'node:fs';
import binaryen from 'binaryen';

const SHARED = /\(import "wbg" "memory" .*\)/;

const [from, to] = process.argv.slice(2) as [string, string];
const program = binaryen.readBinary(new Uint8Array(readFileSync(from)));
const kept = /^__wbindgen_(malloc|realloc|free|export\d*)$/;
for (let i = program.getNumExports() - 1; i >= 0; i--) {
  const { name, kind } = binaryen.getExportInfo(program.getExportByIndex(i));
  if (kind !== binaryen.ExternalFunction || !kept.test(name)) program.removeExport(name);
}
for (let i = program.getNumElementSegments() - 1; i >= 0; i--) {
  program.removeElementSegment(binaryen.getElementSegmentInfo(program.getElementSegmentByIndex(i)).name);
}
program.runPasses(['remove-unused-module-elements']);
const text = program
  .emitText()
  .split('\n')
  .filter((line) => !/^ \((start|data|@producers)/.test(line))
  .join('\n');
const more = `(func (export "write") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
  (func (export "read") (param i32) (result i32) (i32.load8_u (local.get 0))))`;
const small = binaryen.parseText(text.replace(SHARED, '(memory 18 16384)').replace(/\)\s*$/, more));
small.setFeatures(program.getFeatures());
writeFileSync(to, small.emitBinary());
