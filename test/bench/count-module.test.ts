// Do the counters of the bench count what is executed?

import { expect, test } from 'vitest';
import { countModule, countsOf } from '../../bench/count-module.ts';
import { ALL_FEATURES, parseText } from '../../instrument/binaryen/raw.ts';

function counted(text: string): WebAssembly.Exports {
  const module = parseText(text, ALL_FEATURES);
  const bytes = countModule(module.emitBinary());
  module.dispose();
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource)).exports;
}

test('counts instructions along the path taken, and in every round of a loop', () => {
  const exports = counted(`(module (global $g (mut i32) (i32.const 0))
    (func (export "run") (param $n i32)
      (loop $next
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (if (i32.eqz (local.get $n)) (then (nop) (nop)) (else (nop)))))`);
  (exports.run as (n: number) => void)(10);
  // loop; 10 rounds of 4 + 5; end of the loop; get, eqz, if; nop, nop, else; end; end
  expect(countsOf(exports)).toEqual({ 'instructions of the program': 1 + 10 * 9 + 1 + 3 + 3 + 1 });
});
