// Random functions with structured control flow over a few pointers, by seed. Most accesses are in bounds and most objects
// alive, so that some functions get far before they hit a bug, and some have none.

import { DATA } from './harness.ts';

/** mulberry32: small, seeded, the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const POINTERS = ['$p0', '$p1', '$p2'];
const INTEGERS = ['$i0', '$i1', '$i2'];
const LOADS: readonly [string, number][] = [
  ['i32.load8_u', 1],
  ['i32.load8_s', 1],
  ['i32.load16_u', 2],
  ['i32.load', 4],
  ['i64.load', 8],
  ['f64.load', 8],
  ['v128.load', 16],
];
const STORES: readonly [string, number, string][] = [
  ['i32.store8', 1, '(i32.const 7)'],
  ['i32.store16', 2, '(i32.const 7)'],
  ['i32.store', 4, '(i32.const 7)'],
  ['i64.store', 8, '(i64.const 7)'],
  ['v128.store', 16, '(v128.const i64x2 1 2)'],
];
/** Objects have between this many bytes and 24 more. */
const SMALLEST = 24;

export class RandomProgram {
  private readonly random: () => number;
  private depth = 0;
  private labels = 0;
  /** Labels in scope that a branch may leave for; loops are left out, lest they run for ever. */
  private readonly open: string[] = [];
  private loops = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  /** One exported function. */
  text(name: string): string {
    const locals = [...POINTERS, ...INTEGERS, '$s', '$c0', '$c1', '$c2', '$a', '$k', '$z']
      .map((l) => `(local ${l} i32)`)
      .join(' ');
    const setUp = POINTERS.map((p) => `(local.set ${p} ${this.malloc()})`).join(' ');
    const frame = '(global.set $sp (local.tee $s (i32.sub (global.get $sp) (i32.const 64))))';
    const leave = '(global.set $sp (i32.add (local.get $s) (i32.const 64)))';
    return `(func (export "${name}") ${locals} ${frame} ${setUp} (block $end ${this.statements(8)}) ${leave})`;
  }

  private below(n: number): number {
    return Math.floor(this.random() * n);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private statements(count: number): string {
    return Array.from({ length: 1 + this.below(count) }, () => this.statement()).join('\n');
  }

  private statement(): string {
    const dice = this.below(100);
    if (dice < 34) return this.access();
    if (dice < 48 && this.depth < 4) return this.again();
    if (dice < 56) return this.move();
    if (dice < 62) return `(local.set ${this.pick(INTEGERS)} ${this.integer()})`;
    if (dice < 66) return this.release();
    if (dice < 69) return `(local.set ${this.pick(POINTERS)} ${this.malloc()})`;
    if (dice < 74) return this.call();
    if (this.depth >= 4) return this.access();
    this.depth++;
    const text = this.structured(dice);
    this.depth--;
    return text;
  }

  /** The same access before and after something: what the elimination is after, and where it may go wrong. */
  private again(): string {
    const access = this.access();
    this.depth++;
    const between = this.random() < 0.4 ? this.structured(74 + this.below(26)) : this.statement();
    this.depth--;
    return `${access} ${between} ${access}`;
  }

  private structured(dice: number): string {
    if (dice < 82) {
      const other = this.random() < 0.5 ? `(else ${this.statements(3)})` : '';
      return `(if ${this.condition()} (then ${this.statements(3)}) ${other})`;
    }
    if (dice < 89) return this.block();
    if (dice < 92 && this.loops < 3) return this.loop();
    if (dice < 96) return this.walk();
    if (dice < 98) return this.handler();
    return this.choice();
  }

  private block(): string {
    const label = `$l${this.labels++}`;
    this.open.push(label);
    const text = `(block ${label} ${this.statements(3)} ${this.leave()} ${this.statements(3)})`;
    this.open.pop();
    return text;
  }

  private leave(): string {
    const label = this.open.length > 0 ? this.pick(this.open) : '$end';
    return this.random() < 0.15 ? `(br ${label})` : `(br_if ${label} ${this.condition()})`;
  }

  private loop(): string {
    const counter = `$c${this.loops++}`;
    const label = `$l${this.labels++}`;
    const step = this.random() < 0.6 ? this.stride() : '';
    const text = `(local.set ${counter} (i32.const ${1 + this.below(12)}))
      (loop ${label} ${this.statements(3)} ${step}
        (br_if ${label} (local.tee ${counter} (i32.sub (local.get ${counter}) (i32.const 1)))))`;
    this.loops--;
    return text;
  }

  /** A new array, walked from end to end by an index or a pointer; sometimes by one element too far. */
  private walk(): string {
    const shift = this.below(4);
    const count = 6 + this.below(14);
    const rounds = count + (this.random() < 0.2 ? 1 : 0);
    const array = `(local.set $a (call $malloc (i32.const ${count << shift})))`;
    return `${array} ${this.random() < 0.6 ? this.byIndex(rounds, shift) : this.byPointer(rounds, shift)}`;
  }

  private element(shift: number, address: string, offset = 0): string {
    const size = 1 << shift;
    const [load] = this.pick(LOADS.filter(([, bytes]) => bytes === size));
    const [store, , value] = this.pick(STORES.filter(([, bytes]) => bytes === size));
    const at = offset > 0 ? `offset=${offset}` : '';
    return this.random() < 0.5 ? `(drop (${load} ${at} ${address}))` : `(${store} ${at} ${address} ${value})`;
  }

  /** What a round does besides: nothing, or an access that is out of bounds but hardly ever happens. */
  private besides(): string {
    const never = `(if (i32.eq (local.get $k) (i32.const ${this.below(40)})) (then (drop (i32.load8_u offset=200 (local.get $a)))))`;
    return this.pick(['', '', '', never, this.access(), `(local.set $i0 ${this.integer()})`]);
  }

  private byIndex(rounds: number, shift: number): string {
    const label = `$l${this.labels++}`;
    const address = `(i32.add (local.get $a) (i32.shl (local.get $k) (i32.const ${shift})))`;
    const body = `${this.element(shift, address)} ${this.besides()}`;
    if (this.random() < 0.4) {
      // From the last element down.
      const below = `(i32.add (local.get $a) (i32.shl (local.get $k) (i32.const ${shift})))`;
      const step = '(local.tee $k (i32.sub (local.get $k) (i32.const 1)))';
      const goesOn = this.pick([
        `(i32.ne ${step} (i32.const -1))`,
        `(i32.ge_s ${step} (i32.const 0))`,
        `(i32.gt_s ${step} (i32.const -1))`,
      ]);
      return `(local.set $k (i32.const ${rounds - 1})) (loop ${label} ${this.element(shift, below)} ${this.besides()} (br_if ${label} ${goesOn}))`;
    }
    const by = this.random() < 0.3 ? 2 : 1;
    const end = rounds % by === 0 || this.random() < 0.5 ? rounds : rounds + 1;
    const step = `(local.tee $k (i32.add (local.get $k) (i32.const ${by})))`;
    const goesOn = this.pick([
      end % by === 0 ? `(i32.ne ${step} (local.get $z))` : `(i32.lt_u ${step} (local.get $z))`,
      `(i32.lt_s ${step} (local.get $z))`,
      `(i32.gt_u (local.get $z) ${step})`,
      `(i32.eqz (i32.ge_u ${step} (local.get $z)))`,
      `(i32.le_u ${step} (i32.const ${end - 1}))`,
    ]);
    return `(local.set $z (i32.const ${end})) (local.set $k (i32.const 0)) (loop ${label} ${body} (br_if ${label} ${goesOn}))`;
  }

  private byPointer(rounds: number, shift: number): string {
    const label = `$l${this.labels++}`;
    const size = 1 << shift;
    const step = `(local.tee $k (i32.add (local.get $k) (i32.const ${size})))`;
    const goesOn = this.pick([
      `(i32.ne ${step} (local.get $z))`,
      `(i32.sub ${step} (local.get $z))`,
      `(i32.lt_u ${step} (local.get $z))`,
    ]);
    const next = this.random() < 0.3 ? this.element(shift, '(local.get $k)', size) : '';
    const last = next === '' ? rounds : rounds - 1;
    return `(local.set $k (local.get $a)) (local.set $z (i32.add (local.get $a) (i32.const ${last * size})))
      (loop ${label} ${this.element(shift, '(local.get $k)')} ${next} ${this.besides()} (br_if ${label} ${goesOn}))`;
  }

  /** A pointer moved on by what a round did. */
  private stride(): string {
    const p = this.pick(POINTERS);
    return `(i32.store (local.get ${p}) (i32.const 1)) (local.set ${p} (i32.add (local.get ${p}) (i32.const ${this.pick([1, 4, 4, 8])})))`;
  }

  private choice(): string {
    const [a, b] = [`$l${this.labels++}`, `$l${this.labels++}`];
    return `(block ${b} (block ${a} (br_table ${a} ${b} (local.get ${this.pick(INTEGERS)}))) ${this.statements(2)})`;
  }

  private handler(): string {
    const label = `$l${this.labels++}`;
    const thrower = this.random() < 0.5 ? `(call $throw_freed (local.get ${this.pick(POINTERS)}))` : '';
    const end = this.random() < 0.5 ? '(throw $oops)' : '';
    return `(block ${label} (try_table (catch_all ${label}) ${this.statements(2)} ${thrower} ${end}))`;
  }

  private condition(): string {
    return this.pick([`(i32.eqz ${this.integer()})`, this.integer(), `(i32.gt_s ${this.integer()} (i32.const 3))`]);
  }

  private integer(): string {
    const i = `(local.get ${this.pick(INTEGERS)})`;
    return this.pick([
      i,
      `(i32.add ${i} (i32.const 1))`,
      `(i32.and ${i} (i32.const 7))`,
      `(i32.const ${this.below(6)})`,
      `(i32.load8_u (i32.const ${DATA + this.below(48)}))`,
    ]);
  }

  private malloc(): string {
    return `(call $malloc (i32.const ${SMALLEST + this.below(25)}))`;
  }

  private move(): string {
    const [p, q] = [this.pick(POINTERS), this.pick(POINTERS)];
    const far = this.pick([4, 8, 8, -4, -8, 16]);
    return this.pick([
      `(local.set ${p} (local.get ${q}))`,
      `(local.set ${p} (i32.add (local.get ${q}) (i32.const ${far})))`,
      `(local.set ${p} (i32.add (local.get ${q}) (i32.shl (i32.and (local.get ${this.pick(INTEGERS)}) (i32.const 3)) (i32.const 2))))`,
    ]);
  }

  private release(): string {
    const p = this.pick(POINTERS);
    const again = this.random() < 0.6 ? `(local.set ${p} ${this.malloc()})` : '';
    return `(call $free_one (local.get ${p})) ${again}`;
  }

  private call(): string {
    const p = `(local.get ${this.pick(POINTERS)})`;
    return this.pick([
      `(call $nothing ${p})`,
      `(call $framed ${p})`,
      `(call $framed_too ${p})`,
      `(call $touch ${p})`,
      `(global.set $saved ${p})`,
      `(call_indirect (type $unary) ${p} (i32.const 1))`,
      `(if ${this.condition()} (then (call_indirect (type $unary) ${p} (i32.and ${this.integer()} (i32.const 3)))))`,
      `(call $poison ${p} (i32.const 8) (i32.const 0xe4))`,
    ]);
  }

  private address(): string {
    const dice = this.below(10);
    if (dice < 7) return `(local.get ${this.pick(POINTERS)})`;
    if (dice < 8) return '(local.get $s)';
    return `(i32.add (local.get ${this.pick(POINTERS)}) (i32.shl (local.get ${this.pick(INTEGERS)}) (i32.const 2)))`;
  }

  private access(): string {
    const room = this.random() < 0.97 ? SMALLEST : SMALLEST + 32;
    if (this.random() < 0.55) {
      const [op, size] = this.pick(LOADS);
      return `(drop (${op} offset=${this.below(room - size + 1)} ${this.address()}))`;
    }
    const [op, size, value] = this.pick(STORES);
    return `(${op} offset=${this.below(room - size + 1)} ${this.address()} ${value})`;
  }
}
