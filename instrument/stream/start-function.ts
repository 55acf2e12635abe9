// The output's start function: the program's own in phase E, then the switch to phase P.

import { Writer } from '../wasm/bytes.ts';
import { OP, TYPE } from '../wasm/opcodes.ts';
import type { InitialBytes } from './data-section.ts';
import type { EngineInput } from './engine.ts';
import type { Linked } from './runtime-linker.ts';

const MEMORY_INIT = [0xfc, 8];

/** The runtime's functions that it calls, by name. */
export function startCalls({ sharedPages }: EngineInput): readonly string[] {
  const threads = ['thread_attach', 'thread_filled', 'depth_enter', 'depth_leave'];
  return sharedPages === undefined ? ['init'] : ['init', ...threads];
}

export function writeStart(
  w: Writer,
  input: EngineInput,
  linked: Linked,
  functionMap: Int32Array,
  segments: readonly InitialBytes[],
): void {
  const body = new Writer(16);
  body.byte(0);
  const { start } = input.program;
  const call = (index: number) => {
    body.byte(OP.CALL);
    body.u32(index);
  };
  const callNamed = (name: string) => call(linked.functions.get(name)!);
  const runtimeStart = input.runtime.start;
  if (runtimeStart !== undefined) call(linked.functionMap[runtimeStart]!); // asc initialises globals there
  const shared = input.sharedPages !== undefined;
  if (shared) writeAttach(body, input, segments, callNamed);
  if (start !== undefined) {
    // Later instances start while reports are on already, and the linker's own flag lies where no variable does.
    if (shared) callNamed('depth_enter');
    call(functionMap[start]!);
    if (shared) callNamed('depth_leave');
  }
  callNamed('init');
  body.byte(OP.DROP); // false only on a second init, which a start function cannot be
  body.byte(OP.END);
  w.u32(body.length);
  w.append(body.bytes, 0, body.length);
}

/** The first instance fills the shared memory 1; the others wait until it has. */
function writeAttach(
  body: Writer,
  { program }: EngineInput,
  segments: readonly InitialBytes[],
  call: (name: string) => void,
): void {
  call('thread_attach');
  body.byte(OP.IF);
  body.byte(TYPE.VOID);
  segments.forEach(({ address, bytes }, i) => {
    for (const value of [address, 0, bytes.length]) {
      body.byte(OP.I32_CONST);
      body.s32(value);
    }
    for (const b of MEMORY_INIT) body.byte(b);
    body.u32(program.data.length + i);
    body.u32(program.memories.length);
  });
  call('thread_filled');
  body.byte(OP.END);
}
