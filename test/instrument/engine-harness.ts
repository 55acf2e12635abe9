// Runs a module instrumented by either engine against a runtime that only writes down which checks it was called for, so that
// a test sees every call: which check, which address, which site. The shadow is set from outside.

import { readSiteTable, type SiteTable } from '../../host/site-table.ts';
import { binaryenEngine } from '../../instrument/binaryen/index.ts';
import { parseText, rawFunction, rawNames } from '../../instrument/binaryen/raw.ts';
import { runtimePages } from '../../instrument/layout.ts';
import type { Edit, FunctionPlan, Mode } from '../../instrument/plan.ts';
import { type Engine, type EngineInput, rewriteModule } from '../../instrument/stream/engine.ts';
import { type Module, parseModule } from '../../instrument/wasm/module.ts';
import * as abi from '../../runtime/abi.ts';

export const ENGINES: Readonly<Record<'stream' | 'binaryen', Engine>> = {
  stream: rewriteModule,
  binaryen: binaryenEngine,
};
export type EngineName = keyof typeof ENGINES;

/** What Node loads: all features with a name of their own but the compact import section. */
const FEATURES = rawNames()
  .filter((name) => /^BinaryenFeature(?!All$|CompactImports$)/.test(name))
  .reduce((mask, name) => mask | rawFunction(name)(), 0);

export function assemble(text: string): Uint8Array {
  const module = parseText(text, FEATURES);
  try {
    if (!module.validate()) throw new Error(`invalid test module: ${text}`);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** Every check the engines may call, `check_` left out. */
const CHECKS = ['load', 'store']
  .flatMap((access) => [1, 2, 4, 8, 16].map((size) => `${access}${size}`))
  .concat('loadR4', 'loadR8', 'loadR16', 'range_load', 'range_store', 'mark');

const LOG_START = 300_000;

/** A runtime that logs: u32 check, u32 site, u64 address, u64 length per call. */
function loggingRuntime(wide: boolean): string {
  const pointer = wide ? 'i64' : 'i32';
  const long = (name: string) => (wide ? `(local.get ${name})` : `(i64.extend_i32_u (local.get ${name}))`);
  const checks = CHECKS.map((name, i) => {
    const range = name.startsWith('range');
    const address = range ? long('$a') : `(i64.add ${long('$a')} ${long('$b')})`;
    const length = range ? long('$b') : '(i64.const 0)';
    return `(func (export "check_${name}") (param $a ${pointer}) (param $b ${pointer}) (param $site i32)
      (call $log (i32.const ${i}) (local.get $site) ${address} ${length}))`;
  });
  return `(module (memory (export "memory") 70)
    (global (export "__wasan_cs") (mut i32) (i32.const ${abi.CALL_STACK_BASE}))
    (global $top (export "__wasan_log") (mut i32) (i32.const ${LOG_START}))
    (func (export "init") (result i32) (i32.const 1))
    (func $log (param $check i32) (param $site i32) (param $address i64) (param $length i64)
      (i32.store (global.get $top) (local.get $check))
      (i32.store offset=4 (global.get $top) (local.get $site))
      (i64.store offset=8 (global.get $top) (local.get $address))
      (i64.store offset=16 (global.get $top) (local.get $length))
      (global.set $top (i32.add (global.get $top) (i32.const 24))))
    ${checks.join('\n')})`;
}

const runtimes = [false, true].map((wide) => parseModule(assemble(loggingRuntime(wide))));

export interface EngineOptions {
  engine: EngineName;
  mode?: Mode;
  paged?: boolean;
  recordsCalls?: boolean;
  skip?: FunctionPlan['skip'];
  overReads?: boolean;
  edits?: readonly (readonly Edit[])[];
  movedOffsets?: ReadonlyMap<number, number>;
  readOnly?: { begin: number; end: number };
}

export interface Engineered {
  readonly original: Uint8Array;
  readonly module: Module;
  readonly bytes: Uint8Array;
  readonly sites: number;
  readonly table: SiteTable;
}

/** Runs one engine with a plan that is the same for every function. */
export function engineer(original: Uint8Array, options: EngineOptions): Engineered {
  const module = parseModule(original);
  const input: EngineInput = {
    program: module,
    runtime: runtimes[module.memories[0]!.is64 ? 1 : 0]!,
    plan: {
      reachesAllocator: new Uint8Array(module.functions.length).fill(1),
      functions: module.bodies.map((_, i) => ({
        skip: options.skip ?? 'checked',
        mode: options.mode ?? 'inline',
        recordsCalls: options.recordsCalls ?? false,
        redirectsCalls: true,
        overReads: options.overReads ?? false,
        ...(options.edits?.[i] ? { edits: options.edits[i]! } : {}),
        ...(options.movedOffsets ? { movedOffsets: options.movedOffsets } : {}),
      })),
    },
    host: false,
    paged: options.paged ?? false,
    redirects: new Map(),
    originals: new Map(),
    memoryPages: runtimePages(options.paged ?? false),
    header: { address: abi.HEADER, bytes: new Uint8Array(abi.HEADER_END - abi.HEADER) },
    info: new Uint8Array(0),
    ...(options.readOnly ? { readOnly: options.readOnly } : {}),
  };
  const { bytes, sites } = ENGINES[options.engine](input);
  const table = readSiteTable(bytes, original);
  if (!table) throw new Error('the output has no site table');
  return { original, module, bytes, sites, table };
}

/** One call of a check. */
export interface Call {
  check: string;
  site: number;
  address: number;
  length: number;
}

/** A running instance with its shadow and log at hand. */
export class Running {
  readonly exports: Record<string, (...args: (number | bigint)[]) => number | bigint | undefined>;
  private readonly runtimeMemory: WebAssembly.Memory;
  private readonly top: WebAssembly.Global<'i32'>;
  private readonly paged: boolean;

  constructor(bytes: Uint8Array, imports: WebAssembly.Imports = {}, paged = false) {
    this.paged = paged;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports);
    this.exports = instance.exports as typeof this.exports;
    this.runtimeMemory = instance.exports.__wasan_memory as WebAssembly.Memory;
    this.top = instance.exports.__wasan_log as WebAssembly.Global<'i32'>;
    if (paged) this.mapPages();
  }

  get program(): Uint8Array {
    return new Uint8Array((this.exports.memory as unknown as WebAssembly.Memory).buffer);
  }

  /** The first 16 pages of the program get a chunk each, all zero. */
  private mapPages(): void {
    const view = new DataView(this.runtimeMemory.buffer);
    for (let page = 0; page < 16; page++) view.setUint32(abi.SHADOW_BASE + 4 * page, this.chunk(page), true);
  }

  private chunk(page: number): number {
    return abi.SHADOW_BASE + 4 * 65536 + 8192 * page;
  }

  /** Sets the shadow of every granule that [address, address + size) touches. */
  poison(address: number, size: number, code = 0xf7): void {
    const shadow = new Uint8Array(this.runtimeMemory.buffer);
    for (let granule = Math.floor(address / 8); granule * 8 < address + size; granule++) {
      const at = this.paged ? this.chunk(Math.floor(granule / 8192)) + (granule % 8192) : abi.SHADOW_BASE + granule;
      shadow[at] = code;
    }
  }

  /** The calls since the last time it was asked. */
  takeLog(): Call[] {
    const view = new DataView(this.runtimeMemory.buffer);
    const calls: Call[] = [];
    for (let at = LOG_START; at < this.top.value; at += 24) {
      calls.push({
        check: CHECKS[view.getUint32(at, true)]!,
        site: view.getUint32(at + 4, true),
        address: Number(view.getBigUint64(at + 8, true)),
        length: Number(view.getBigUint64(at + 16, true)),
      });
    }
    this.top.value = LOG_START;
    return calls;
  }

  /** Site ids on the shadow call stack, outermost first. */
  callStack(): number[] {
    const top = (this.exports.__wasan_cs as unknown as WebAssembly.Global<'i32'>).value;
    const view = new DataView(this.runtimeMemory.buffer);
    const sites: number[] = [];
    for (let at = abi.CALL_STACK_BASE; at < top; at += 4) sites.push(view.getUint32(at, true));
    return sites;
  }
}
