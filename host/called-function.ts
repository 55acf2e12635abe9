// Which function a call instruction of a module names. A check made in front of a call to the C library has the call as
// its site, so that a report can begin with the function that was about to run: `#0 memcpy`, `#1` its caller.

import { ByteReader, MalformedError } from './symbols/byte-reader.ts';
import type { WasmModule } from './symbols/wasm-module.ts';

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

/** Where the first instruction of a function stands in the file; undefined of an imported one. */
export function codeOf({ bytes, importedFunctions, bodies }: WasmModule, index: number): number | undefined {
  const body = index - importedFunctions.length;
  const start = bodies.starts[body];
  if (start === undefined) return undefined;
  const reader = new ByteReader(bytes, start, bodies.ends[body]!);
  try {
    for (let groups = reader.uleb(); groups > 0; groups--) {
      reader.uleb();
      const type = reader.u8();
      if (type === 0x63 || type === 0x64) reader.sleb(); // (ref null? heaptype)
    }
    return reader.position;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return undefined;
  }
}
