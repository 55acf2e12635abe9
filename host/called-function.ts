// Which function a call instruction of a module names. A check made in front of a call to the C library has the call as
// its site, so that a report can begin with the function that was about to run: `#0 memcpy`, `#1` its caller.

const CALL = 0x10;
const RETURN_CALL = 0x12;
const MAX_LEB_BYTES = 5;

/** The function index of the direct call at a file offset, or undefined if another instruction stands there. */
export function calledFunction(bytes: Uint8Array, offset: number): number | undefined {
  const opcode = bytes[offset];
  if (opcode !== CALL && opcode !== RETURN_CALL) return undefined;
  let index = 0;
  for (let i = 0; i < MAX_LEB_BYTES; i++) {
    const byte = bytes[offset + 1 + i];
    if (byte === undefined) return undefined;
    index += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) return index;
  }
  return undefined;
}
