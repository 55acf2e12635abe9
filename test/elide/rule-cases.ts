// One small program per rule of the elimination: it has a bug that is found only because the rule makes the elimination
// forget. `$p` points to 40 bytes of heap.

import type { KillRule } from '../../instrument/elide/rules.ts';
import type { Mode } from '../../instrument/plan.ts';
import { DATA } from './harness.ts';

export interface RuleCase {
  readonly rule: KillRule;
  /** Other rules that would make the elimination forget, too. */
  readonly also?: readonly KillRule[];
  readonly name: string;
  /** Where the rule matters: groups and loops have no outlined checks. */
  readonly mode?: Mode;
  /** Body after `$p` was allocated; locals $p $q $i $j are i32. */
  readonly body: string;
}

const LOAD = '(drop (i32.load offset=8 (local.get $p)))';
const STORE = '(i32.store offset=8 (local.get $p) (i32.const 1))';
const FREE = '(call $free (local.get $p))';

/** `count` rounds of a loop. */
const rounds = (count: number, body: string) => `
  (local.set $i (i32.const ${count}))
  (loop $again ${body}
    (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`;

export const RULE_CASES: readonly RuleCase[] = [
  { rule: 'call', name: 'free between two loads', body: `${LOAD} ${FREE} ${LOAD}` },
  { rule: 'call', name: 'free two calls away', body: `${STORE} (call $free_one (local.get $p)) ${STORE}` },
  {
    rule: 'call',
    also: ['stack pointer'], // for all it knows, the host calls a function that moves the stack pointer
    name: 'the host poisons',
    body: `${LOAD} (call $poison (local.get $p) (i32.const 16) (i32.const 0xf7)) ${LOAD}`,
  },
  {
    rule: 'indirect call',
    name: 'free through the table',
    body: `${LOAD} (call_indirect (type $unary) (local.get $p) (i32.const 0)) ${LOAD}`,
  },
  {
    rule: 'indirect call',
    name: 'a function that frees what a global holds',
    body: `(global.set $saved (local.get $p)) ${LOAD} (call_indirect (type $unary) (i32.const 0) (i32.const 3)) ${LOAD}`,
  },
  {
    rule: 'stack pointer',
    name: 'stack memory given back',
    body: `(global.set $sp (local.tee $q (i32.sub (global.get $sp) (i32.const 64))))
      (global.set $saved (i32.add (local.get $q) (i32.const 16)))
      (local.set $p (global.get $saved))
      ${LOAD}
      (global.set $sp (i32.add (local.get $q) (i32.const 64)))
      ${LOAD}`,
  },
  { rule: 'loop', name: 'freed at the end of a round', body: `${LOAD} ${rounds(3, `${LOAD} ${FREE}`)}` },
  {
    rule: 'merge',
    name: 'freed in one arm of an if',
    body: `${LOAD} (if (i32.eqz (local.get $j)) (then ${FREE})) ${LOAD}`,
  },
  {
    rule: 'merge',
    name: 'freed before a branch to the end of a block',
    body: `${LOAD} (block $out (if (i32.eqz (local.get $j)) (then ${FREE} (br $out))) (local.set $i (i32.const 1))) ${LOAD}`,
  },
  {
    rule: 'merge',
    name: 'freed in one case of a switch',
    body: `${LOAD} (block $out (block $b (block $a (br_table $a $b $out (local.get $j))) ${FREE} (br $out)) (local.set $i (i32.const 1))) ${LOAD}`,
  },
  {
    rule: 'catch',
    name: 'freed by what throws',
    body: `${LOAD} (block $handler (try_table (catch_all $handler) (call $throw_freed (local.get $p)) (return))) ${LOAD}`,
  },
  {
    rule: 'loop local',
    name: 'a pointer that walks out of its object',
    body: `(i32.store (local.get $p) (i32.const 1)) ${rounds(20, `(i32.store (local.get $p) (i32.const 1)) (local.set $p (i32.add (local.get $p) (i32.const 4)))`)}`,
  },
  {
    rule: 'merge local',
    name: 'a pointer that one path moved out of its object',
    body: `${LOAD} (if (i32.eqz (local.get $j)) (then (local.set $p (i32.add (local.get $p) (i32.const 40))))) ${LOAD}`,
  },
  {
    rule: 'store',
    name: 'read-only memory, read before it is written',
    body: `(call $poison (local.get $p) (i32.const 40) (i32.const 0xe4)) ${LOAD} ${STORE}`,
  },
  {
    rule: 'wrap',
    name: 'base + constant wraps to a valid address, base with an offset does not',
    body: `(local.set $p (i32.sub (local.get $p) (i32.const 0x20000)))
      (drop (i32.load (i32.add (local.get $p) (i32.const 0x20000))))
      (drop (i32.load offset=0x20000 (local.get $p)))`,
  },
  {
    rule: 'neighbour',
    mode: 'inline',
    name: 'freed between neighbours',
    body: `(drop (i32.load (local.get $p))) ${FREE} (drop (i32.load offset=8 (local.get $p)))`,
  },
  {
    rule: 'neighbour',
    mode: 'inline',
    name: 'a neighbour on a path of its own looked for all',
    body: `(block $out (br_if $out (i32.eqz (local.get $j))) (drop (i32.load offset=36 (local.get $p))))
      (drop (i32.load offset=40 (local.get $p)))`,
  },
  {
    rule: 'back edge',
    mode: 'inline',
    name: 'a loop that goes back before it counts',
    body: rounds(
      9,
      `(i32.store (local.get $p) (i32.const 1)) (local.set $p (i32.add (local.get $p) (i32.const 4)))
       (br_if $again (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 9)))`,
    ),
  },
  {
    rule: 'window',
    mode: 'inline',
    name: 'freed between two runs of a loop nest',
    body: `(local.set $j (i32.const 3))
      (loop $most
        (local.set $q (i32.const 2))
        (loop $outer
          (local.set $i (i32.const 0))
          (loop $inner
            (drop (i32.load (i32.add (local.get $p) (local.get $i))))
            (br_if $inner (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 40))))
          (br_if $outer (local.tee $q (i32.sub (local.get $q) (i32.const 1)))))
        (if (i32.eq (local.get $j) (i32.const 2)) (then ${FREE}))
        (br_if $most (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))`,
  },
  {
    rule: 'path',
    name: 'checked on the other path alone',
    body: `(block $out (br_if $out (i32.eqz (local.get $j))) (drop (i32.load offset=44 (local.get $p))))
      (drop (i32.load offset=44 (local.get $p)))`,
  },
  {
    rule: 'path',
    name: 'checked in one arm alone',
    body: `(if (local.get $j) (then (drop (i32.load8_u offset=41 (local.get $p)))))
      (drop (i32.load8_u offset=41 (local.get $p)))`,
  },
  {
    rule: 'index',
    name: 'a table read beyond its end, and as far as a block',
    body: `(local.set $i (i32.sub (i32.add (local.get $p) (i32.const 40)) (i32.const ${DATA})))
      (drop (i32.load8_u (i32.add (i32.and (local.get $i) (i32.const 0x3ffff)) (i32.const ${DATA}))))`,
  },
  {
    rule: 'index',
    name: 'a byte as the index of wide entries',
    body: `(local.set $i (i32.sub (i32.add (local.get $p) (i32.const 40)) (i32.const ${DATA})))
      (i32.store8 (local.get $p) (i32.shr_u (local.get $i) (i32.const 10)))
      (drop (i32.load8_u (i32.add (i32.shl (i32.load8_u (local.get $p)) (i32.const 10))
        (i32.add (i32.and (local.get $i) (i32.const 1023)) (i32.const ${DATA})))))`,
  },
];
