// The output's type section: the program's types untouched, plus the signatures the runtime needs, each once.

import type { Writer } from '../wasm/bytes.ts';
import type { FuncType, Section } from '../wasm/module.ts';

export class TypeTable {
  private readonly known = new Map<string, number>();
  private readonly added: FuncType[] = [];
  private readonly base: number;

  constructor(types: readonly (FuncType | undefined)[]) {
    this.base = types.length;
    // Only signatures of one-byte value types are compared, so a match is exact; ours use nothing else.
    types.forEach((t, i) => {
      if (t && !this.known.has(key(t))) this.known.set(key(t), i);
    });
  }

  /** The type index of a signature, added if the program lacks it. Must not add after write(). */
  intern(type: FuncType): number {
    const k = key(type);
    let index = this.known.get(k);
    if (index === undefined) {
      index = this.base + this.added.push(type) - 1;
      this.known.set(k, index);
    }
    return index;
  }

  write(w: Writer, bytes: Uint8Array, section: Section | undefined): void {
    const original = section ? bytes.subarray(section.start, section.end) : new Uint8Array([0]);
    let at = 0;
    let groups = 0;
    for (let shift = 0; ; shift += 7) {
      const b = original[at++]!;
      groups += (b & 0x7f) * 2 ** shift;
      if ((b & 0x80) === 0) break;
    }
    w.u32(groups + this.added.length);
    w.append(original, at);
    for (const type of this.added) {
      w.byte(0x60);
      for (const list of [type.params, type.results]) {
        w.u32(list.length);
        for (const t of list) w.byte(t);
      }
    }
  }
}

function key(type: FuncType): string {
  return `${type.params.join()}>${type.results.join()}`;
}
