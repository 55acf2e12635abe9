// How much a host has written that was given room for a list of texts (WASI's args_get and environ_get), where the program did not
// ask for the sizes first:
//
//   list | text | text + 5 | text + 9 |        text | A = 1 0 | B = 0 | ...

const POINTER = 4;
/** The longest list that is looked at. */
const LONGEST = 1 << 14;

/** Memory as it is, where the list will be. */
export function listBefore(memory: Uint8Array, list: number): Uint8Array {
  return memory.slice(list, list + LONGEST * POINTER);
}

/** Bytes of the pointers that have changed and follow each other through the texts, and of these texts. */
export function bytesWritten(
  memory: Uint8Array,
  before: Uint8Array,
  [list, text]: readonly [number, number],
): readonly [number, number] {
  const now = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const then = new DataView(before.buffer, before.byteOffset, before.byteLength);
  let at = 0;
  let end = text;
  for (; at + POINTER <= before.length; at += POINTER) {
    const pointer = now.getUint32(list + at, true);
    if (pointer !== end || pointer === then.getUint32(at, true)) break;
    const zero = memory.indexOf(0, end);
    if (zero < 0) break;
    end = zero + 1;
  }
  return [at, end - text];
}
