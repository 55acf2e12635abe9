// What a program asks of the host beside findings: by the same import, with a question in memory 1 (ASK of abi.ts). Without a
// host nothing is answered: 0 and no text. Text passes through a buffer of memory 1, since the host may not see the program's.
import { ASK, ASK_ANSWER, ASK_ANSWER1, ASK_ANSWER2, ASK_FIRST, ASK_TEXT, ASK_TEXT_BYTES } from './abi';
import { Addr } from './addr';
import { arenaAlloc, prepare } from './arena';
import { ask as tellHost } from './host';
import * as program from './program';

/** The host's answer. Whoever reads more of it than that holds the lock until then. */
export function ask(what: u32, first: u64): u64 {
  if (!openText()) return 0;
  store<u64>(ASK_FIRST, first);
  store<u64>(ASK_ANSWER, 0);
  store<u64>(ASK_ANSWER1, 0);
  store<u64>(ASK_ANSWER2, 0);
  store<u32>(ASK, what);
  tellHost();
  store<u32>(ASK, 0);
  return load<u64>(ASK_ANSWER);
}

function openText(): bool {
  prepare();
  if (!load<u32>(ASK_TEXT)) store<u32>(ASK_TEXT, arenaAlloc(ASK_TEXT_BYTES));
  return load<u32>(ASK_TEXT) != 0;
}

/** Shows the host a text of the program's, as far as there is room. */
export function showText(text: Addr): void {
  if (!openText()) return;
  const to = load<u32>(ASK_TEXT);
  let length: u32 = 0;
  for (; text && length < <u32>(ASK_TEXT_BYTES - 1); length++) {
    const byte = program.load8(text + <Addr>length);
    if (!byte) break;
    store<u8>(to + length, byte);
  }
  store<u8>(to + length, 0);
}

/** Writes so many bytes of the host's text to the program, and a 0 behind them, into a buffer of `size` bytes. */
export function takeText(to: Addr, size: Addr, length: u64): void {
  if (!to || !size) return;
  let end = <Addr>length < size - 1 ? <Addr>length : size - 1;
  if (end >= <Addr>ASK_TEXT_BYTES) end = <Addr>(ASK_TEXT_BYTES - 1);
  const from = load<u32>(ASK_TEXT);
  for (let i: Addr = 0; i < end; i++) program.store8(to + i, load<u8>(from + <u32>i));
  program.store8(to + end, 0);
}
