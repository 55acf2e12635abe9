// Marks the runtime's own stores for snapshots, while its bodies are copied: in front of each store and each range
// operation stands a look at the mark of the page it ends in (runtime/snapshot.ts).

import { SNAPSHOT_MAP, SNAPSHOT_PAGE_SHIFT } from '../../runtime/abi.ts';
import { accessOf } from '../access-table.ts';
import { Reader, type Writer } from '../wasm/bytes.ts';
import type { Decoder } from '../wasm/decoder.ts';
import type { Module } from '../wasm/module.ts';
import { functionNames } from '../wasm/names.ts';
import { IMM, OP, TYPE } from '../wasm/opcodes.ts';

/** Marks of memory 1 follow those of the program's. */
const OWN_MAP = SNAPSHOT_MAP + 2 ** (32 - SNAPSHOT_PAGE_SHIFT);
/** What puts pages back must not mark them. */
const OWN_CODE = 'runtime/snapshot/';

export class SnapshotMarks {
  private readonly runtime: Module;
  private readonly names: ReadonlyMap<number, string>;
  private readonly mark: number;
  private readonly markRange: number;
  private readonly memory: number;
  private readonly map: number;
  /** First of the locals added to the function being copied: address, page, size, an i32 and an i64 value. */
  private first = 0;

  constructor(runtime: Module, functionMap: Int32Array, memory: number, base: number) {
    const find = (name: string) => functionMap[runtime.exports.find((e) => e.name === name)!.index]!;
    this.runtime = runtime;
    this.names = functionNames(runtime);
    this.mark = find('snapshot_mark_own');
    this.markRange = find('snapshot_range_own');
    this.memory = memory;
    this.map = base + OWN_MAP;
  }

  /** Undefined for functions that are left as they are. */
  begin(index: number): SnapshotMarks | undefined {
    if (this.names.get(index)?.startsWith(OWN_CODE)) return undefined;
    this.first = this.runtime.types[this.runtime.functions[index]!]!.params.length;
    return this;
  }

  /** Copies the local declarations and adds ours. */
  locals(d: Decoder, w: Writer): void {
    const declared = new Reader(d.bytes, d.pos);
    this.first += d.skipLocals();
    w.u32(declared.u32() + 2);
    w.append(d.bytes, declared.pos, d.pos);
    w.u32(4);
    w.byte(TYPE.I32);
    w.u32(1);
    w.byte(TYPE.I64);
  }

  before(d: Decoder, w: Writer): void {
    const access = accessOf(d.op);
    if (!access?.write) return;
    const [address, page, size, value32, value64] = [0, 1, 2, 3, 4].map((i) => this.first + i) as LocalNumbers;
    const local = (op: number, index: number) => {
      w.byte(op);
      w.u32(index);
    };
    if (access.size === 0) {
      if (d.immediates === IMM.MEMORY_INIT) throw new Error('the runtime uses memory.init, which is not marked');
      local(OP.LOCAL_SET, size);
      local(OP.LOCAL_SET, value32);
      local(OP.LOCAL_TEE, address);
      local(OP.LOCAL_GET, size);
      w.byte(OP.CALL);
      w.u32(this.markRange);
      local(OP.LOCAL_GET, address);
      local(OP.LOCAL_GET, value32);
      local(OP.LOCAL_GET, size);
      return;
    }
    const value = { i32: value32, i64: value64 }[access.operands[0] as string];
    if (value === undefined || access.atomic) throw new Error(`the runtime uses ${access.name}, which is not marked`);
    local(OP.LOCAL_SET, value);
    local(OP.LOCAL_TEE, address);
    w.byte(OP.I32_CONST);
    w.s32((d.offset + access.size - 1) | 0);
    w.byte(OP.I32_ADD);
    w.byte(OP.I32_CONST);
    w.s32(SNAPSHOT_PAGE_SHIFT);
    w.byte(OP.I32_SHR_U);
    local(OP.LOCAL_TEE, page);
    w.byte(OP.I32_LOAD8_U);
    w.byte(0x40);
    w.u32(this.memory);
    w.u32(this.map);
    w.byte(OP.I32_EQZ);
    w.byte(OP.IF);
    w.byte(TYPE.VOID);
    local(OP.LOCAL_GET, page);
    w.byte(OP.CALL);
    w.u32(this.mark);
    w.byte(OP.END);
    local(OP.LOCAL_GET, address);
    local(OP.LOCAL_GET, value);
  }
}

type LocalNumbers = [address: number, page: number, size: number, value32: number, value64: number];
