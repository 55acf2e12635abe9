// Makes a module count what it executes, in exported globals: repeatable figures, whatever else the machine does. Works on
// the finished module, so it counts what runs, however the instrumenter came to write it.
//
// Straight code runs from its first instruction to its last, so each stretch of it adds its sums where it begins.

import { accessOf } from '../instrument/access-table.ts';
import { Writer } from '../instrument/wasm/bytes.ts';
import { Decoder } from '../instrument/wasm/decoder.ts';
import { type Body, KIND, type Module, parseModule, SECTION } from '../instrument/wasm/module.ts';
import { functionNames } from '../instrument/wasm/names.ts';
import { IMM, OP, TYPE } from '../instrument/wasm/opcodes.ts';

/** What the runtime's functions are called in an instrumented module. */
const RUNTIME = /^__wasan[._](.+)/;
const EXPORT = 'count ';

/** Instructions behind which another stretch begins: code there may run more or less often than the code before. */
const ENDS_STRETCH: ReadonlySet<number> = new Set([
  OP.LOOP, OP.IF, OP.ELSE, OP.TRY, OP.CATCH, OP.CATCH_ALL, OP.END, OP.DELEGATE, OP.BR_IF, OP.TRY_TABLE,
]); // biome-ignore format: a set

/** Sums of one stretch, by counter. */
type Sums = Map<string, number>;

/** The module with counters; read them with `countsOf`. */
export function countModule(bytes: Uint8Array): Uint8Array {
  return new Counting(parseModule(bytes)).write();
}

/** What an instance of such a module has counted so far. */
export function countsOf(exports: WebAssembly.Exports): Record<string, number> {
  const found = Object.entries(exports).filter(([name]) => name.startsWith(EXPORT));
  return Object.fromEntries(
    found.map(([name, global]) => [name.slice(EXPORT.length), Number((global as WebAssembly.Global<'i64'>).value)]),
  );
}

class Counting {
  private readonly module: Module;
  private readonly counters = new Map<string, number>();
  /** Names of the runtime's functions. */
  private readonly runtime = new Map<number, string>();
  private readonly runtimeMemory: number;

  constructor(module: Module) {
    this.module = module;
    for (const [index, name] of functionNames(module)) {
      const match = RUNTIME.exec(name);
      if (match && index >= module.importedFunctions) this.runtime.set(index, match[1]!);
    }
    this.runtimeMemory = module.exports.find((e) => e.name === '__wasan_memory')?.index ?? -1;
  }

  write(): Uint8Array {
    const { bytes, sections } = this.module;
    const code = new Writer(bytes.length * 2);
    code.u32(this.module.bodies.length);
    this.module.bodies.forEach((body, i) => {
      this.body(body, this.module.importedFunctions + i, code);
    });
    const out = new Writer(bytes.length * 2);
    out.append(bytes, 0, 8);
    for (const section of sections) {
      if (section.id === SECTION.CODE) out.section(section.id, code);
      else if (section.id === SECTION.GLOBAL) out.section(section.id, this.globals(section.start, section.end));
      else if (section.id === SECTION.EXPORT) out.section(section.id, this.exports(section.start, section.end));
      else if (!section.name.startsWith('metadata.')) {
        out.section(section.id, writerOf(bytes.subarray(section.start, section.end)));
      }
    }
    return out.view().slice();
  }

  /** The counters come last, so that no other global's number changes; all are known before the sections are written. */
  private globals(start: number, end: number): Writer {
    const w = extended(this.module.bytes, start, end, this.counters.size);
    for (let i = 0; i < this.counters.size; i++) for (const b of [TYPE.I64, 1, OP.I64_CONST, 0, OP.END]) w.byte(b);
    return w;
  }

  private exports(start: number, end: number): Writer {
    const w = extended(this.module.bytes, start, end, this.counters.size);
    for (const [name, index] of this.counters) {
      w.name(EXPORT + name);
      w.byte(KIND.GLOBAL);
      w.u32(index);
    }
    return w;
  }

  private body(body: Body, func: number, out: Writer): void {
    const stretches = this.stretches(body, func);
    const code = new Writer((body.end - body.start) * 2);
    let copied = body.start;
    for (const [at, sums] of stretches) {
      code.append(this.module.bytes, copied, at);
      copied = at;
      for (const [name, amount] of sums) this.add(code, name, amount);
    }
    code.append(this.module.bytes, copied, body.end);
    out.u32(code.length);
    out.append(code.bytes, 0, code.length);
  }

  private add(code: Writer, name: string, amount: number): void {
    const counter = this.counter(name);
    code.byte(OP.GLOBAL_GET);
    code.u32(counter);
    code.byte(OP.I64_CONST);
    code.s64(BigInt(amount));
    code.byte(OP.I64_ADD);
    code.byte(OP.GLOBAL_SET);
    code.u32(counter);
  }

  private counter(name: string): number {
    let index = this.counters.get(name);
    if (index === undefined) {
      index = this.module.globals.length + this.counters.size;
      this.counters.set(name, index);
    }
    return index;
  }

  /** Where each stretch of a body begins, and what it adds. */
  private stretches(body: Body, func: number): [at: number, sums: Sums][] {
    const d = new Decoder(this.module.bytes, body.start, body.end);
    d.skipLocals();
    const own = !this.runtime.has(func);
    const found: [number, Sums][] = [];
    let sums: Sums = new Map();
    const begin = (at: number) => {
      sums = new Map();
      found.push([at, sums]);
    };
    begin(d.pos);
    while (d.pos < d.end) {
      d.next();
      bump(sums, own ? 'instructions of the program' : 'instructions of the runtime');
      if (own) this.event(d, sums);
      if (ENDS_STRETCH.has(d.op) && d.pos < d.end) begin(d.pos);
    }
    return found.filter(([, each]) => each.size > 0);
  }

  /** What the instrumenter added to the program's own functions. */
  private event(d: Decoder, sums: Sums): void {
    const name = d.immediates === IMM.FUNC ? this.runtime.get(d.index) : undefined;
    if (name !== undefined) bump(sums, `calls of ${name}`);
    if (d.op === OP.IF) {
      const guarded = this.guardedCheck(d);
      if (guarded) bump(sums, `tests in front of ${guarded}`);
    }
    if (d.immediates !== IMM.MEMARG || d.memory !== this.runtimeMemory) return;
    const access = accessOf(d.op)!;
    bump(sums, access.write ? 'stores to memory 1' : 'shadow loads');
    if (!access.write) bump(sums, 'shadow bytes', access.size);
  }

  /** The check that an `if` calls where the shadow is not clean: its arm is straight code that ends in the call. */
  private guardedCheck(at: Decoder): string | undefined {
    const d = new Decoder(at.bytes, at.pos, at.end);
    let check: string | undefined;
    for (;;) {
      d.next();
      if (d.op === OP.END) return check;
      if (d.op < OP.CALL) return undefined; // control flow
      if (d.op === OP.CALL) check = this.runtime.get(d.index);
    }
  }
}

function bump(sums: Sums, name: string, amount = 1): void {
  sums.set(name, (sums.get(name) ?? 0) + amount);
}

/** A vector section with room for `more` entries: the count is raised, the entries are copied. */
function extended(bytes: Uint8Array, start: number, end: number, more: number): Writer {
  const d = new Decoder(bytes, start, end);
  const count = d.u32();
  const w = new Writer(end - start + 64 * more);
  w.u32(count + more);
  w.append(bytes, d.pos, end);
  return w;
}

function writerOf(contents: Uint8Array): Writer {
  const w = new Writer(contents.length);
  w.append(contents);
  return w;
}
