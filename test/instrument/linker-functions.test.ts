// Do the linker's own functions stay unchecked, and no others? They store once per pointer, which is most of a large module's code.

import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { inspect } from '../../instrument/index.ts';

test('relocations are applied without checks', () => {
  const module = binaryen.parseText(`(module (memory 1)
    (func (export "__wasm_apply_data_relocs") (i32.store (i32.const 2048) (i32.const 1)))
    (func (export "__wasm_apply_everything") (i32.store (i32.const 2048) (i32.const 1))))`);
  const { functions } = inspect(module.emitBinary()).plan;
  expect(functions.map((f) => f.skip)).toEqual(['ignored', 'checked']);
});
