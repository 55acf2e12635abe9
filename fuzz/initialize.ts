// LLVMFuzzerInitialize, called as libFuzzer calls it: with the addresses of argc and argv, which it may read and change.
//
//   block:  argc i32 | argv i32 | argv[0] i32 ... argv[argc] i32 = 0 | the strings, each with its zero
//           ^ first argument
//                      ^ second argument, and where argv points: behind it

import type { Finding } from './finding.ts';

/** The target failed before it was given any input. */
export class InitializeError extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(`the target fails before its first input: ${finding.text}`);
    this.name = 'InitializeError';
    this.finding = finding;
  }
}

type Initialize = (argc: number, argv: number) => number;

/** Calls it; the block that `allocate` makes is the program's from then on. The result is the block's address. */
export function initialize(
  call: Initialize,
  memory: WebAssembly.Memory,
  words: readonly string[],
  allocate: (size: number) => number,
): number {
  const strings = words.map((word) => new TextEncoder().encode(`${word}\0`));
  const pointers = 8 + 4 * (strings.length + 1);
  const block = allocate(strings.reduce((sum, { length }) => sum + length, pointers)) >>> 0;
  const view = new DataView(memory.buffer);
  view.setUint32(block, strings.length, true);
  view.setUint32(block + 4, block + 8, true);
  let at = block + pointers;
  for (const [i, string] of strings.entries()) {
    view.setUint32(block + 8 + 4 * i, at, true);
    new Uint8Array(memory.buffer).set(string, at);
    at += string.length;
  }
  view.setUint32(block + 8 + 4 * strings.length, 0, true);
  call(block, block + 4);
  return block;
}
