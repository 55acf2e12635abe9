// A module without any name: custom sections gone, exports and imports' names minified. What is left is what bodies tell.

import { Reader, Writer } from '../../instrument/wasm/bytes.ts';
import { parseModule, SECTION } from '../../instrument/wasm/module.ts';

/** `kept` are exports that a host asks for. */
export function strip(bytes: Uint8Array, kept: readonly string[] = []): Uint8Array {
  const module = parseModule(bytes);
  const w = new Writer(bytes.length);
  w.append(bytes, 0, 8);
  for (const { id, start, end } of module.sections) {
    if (id === SECTION.CUSTOM) continue;
    const contents = new Writer(end - start);
    if (id === SECTION.EXPORT) renameExports(new Reader(bytes, start, end), contents, kept);
    else contents.append(bytes, start, end);
    w.section(id, contents);
  }
  return w.view().slice();
}

function renameExports(r: Reader, w: Writer, kept: readonly string[]): void {
  const count = r.u32();
  w.u32(count);
  for (let i = 0; i < count; i++) {
    const name = r.name();
    w.name(kept.includes(name) ? name : `e${i}`);
    w.byte(r.byte());
    w.u32(r.u32());
  }
}
