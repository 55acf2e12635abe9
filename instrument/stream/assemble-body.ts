// Puts a rewritten body together: its size, its local declarations with the scratch locals added, its code.

import { InstrumentError } from '../errors.ts';
import { Reader, type Writer } from '../wasm/bytes.ts';
import type { Body } from '../wasm/module.ts';
import type { CodeWriter } from './code-writer.ts';

/** Engines refuse more locals than this in one function (WebAssembly JavaScript API, implementation limits). */
export const MAX_LOCALS = 50_000;
/** And larger bodies than this. */
export const MAX_BODY = 7_654_321;
/**
 * Bytes of a body beyond which its checks are called rather than inlined: optimising compilers need time and memory that
 * grow faster than the body (docs/RATIONALE.md has the figures).
 */
export const LARGEST_INLINED = 512 << 10;

/** Appends the body to `out` and ends it in the site map; answers how many bytes its local declarations take. */
export function assembleBody(w: CodeWriter, bytes: Uint8Array, body: Body, out: Writer): number {
  const { localCount, scratchTypes, code, locals, sites } = w;
  if (localCount + scratchTypes.length > MAX_LOCALS) {
    throw new InstrumentError('E_LIMIT', `too many locals in the function at offset ${body.start}`);
  }
  const original = new Reader(bytes, body.start, body.end);
  const groups = original.u32();
  locals.length = 0;
  locals.u32(groups + scratchTypes.length);
  locals.append(bytes, original.pos, body.start + sites.originalCodeStart);
  for (const type of scratchTypes) {
    locals.u32(1);
    locals.byte(type);
  }
  out.u32(locals.length + code.length);
  out.append(locals.bytes, 0, locals.length);
  w.places?.endBody(out.length);
  out.append(code.bytes, 0, code.length);
  sites.endBody(locals.length);
  return locals.length;
}
