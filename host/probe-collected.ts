// The trial of a collected heap (host/probe.ts): nothing can be freed, but the heap's own words must tell of each block. Either
// two bits for each 16 bytes, which say that they are in use, or a pointer that counts up.

/** What instrument/probe-module.ts knows of it. */
export interface HeapWords {
  readonly words: readonly number[];
  readonly starts: readonly number[];
}

/** What was found is no allocator. */
export class Wrong extends Error {}

const BLOCK = 16;
const STATES_PER_BYTE = 4;
/** Bytes of blocks whose states fit in one byte: early versions take one byte more for each, as if states had some, too. */
const PART = BLOCK * STATES_PER_BYTE;

/** A heap of blocks, at one moment. */
interface Blocks {
  readonly start: number;
  /** Where the states begin. */
  readonly metadata: number;
  readonly count: number;
  readonly states: Uint8Array;
}

export class CollectedHeap {
  /** How often blocks were collected, or the heap was laid out anew. */
  collections = 0;
  private confirmed = 0;
  private readonly memory: WebAssembly.Memory;
  private readonly layout: HeapWords;

  constructor(memory: WebAssembly.Memory, layout: HeapWords) {
    this.memory = memory;
    this.layout = layout;
  }

  /** Calls alloc, and compares what it answers with what the heap says. */
  watch(size: number, alloc: () => number): number {
    const [before, pointers] = [this.blocks(), this.words()];
    const at = alloc();
    const after = this.blocks();
    this.expectZeros(at, size);
    if (this.layout.starts.length === 0) this.expectCounted(at, size, pointers);
    else if (!before || !after) throw new Wrong('its words are no heap of blocks');
    else if (isCollected(before, after)) this.collections++;
    else this.expectTaken(at, size, before, after);
    return at;
  }

  get facts(): readonly string[] {
    const how =
      this.layout.starts.length === 0 ? 'its pointer counts them up' : 'the states of its blocks tell of them';
    return [`probe run: ${this.confirmed} objects apart, aligned and cleared, and ${how}`];
  }

  private expectZeros(at: number, size: number): void {
    const { byteLength } = this.memory.buffer;
    if (at + size > byteLength) throw new Wrong(`alloc(${size}) answered ${at}, beyond memory`);
    if (new Uint8Array(this.memory.buffer, at, size).some((b) => b !== 0)) throw new Wrong(`${at} was not cleared`);
  }

  /** Every block of the object was free, and no other one was taken but the object's header. */
  private expectTaken(at: number, size: number, before: Blocks, after: Blocks): void {
    const first = Math.floor((at - after.start) / BLOCK);
    const last = Math.floor((at + size - 1 - after.start) / BLOCK);
    const changed = changedStates(before, after);
    const fits = STATES.some((stateOf) => {
      const taken = new Set(changed.filter((i) => stateOf(before, i) === 0 && stateOf(after, i) !== 0));
      for (let i = first; i <= last; i++) if (!taken.has(i)) return false;
      return taken.size - (last - first + 1) <= 1;
    });
    if (!fits || first < 0 || last >= after.count) throw new Wrong(`the states do not tell of the object at ${at}`);
    this.confirmed++;
  }

  /** One of its words pointed to the object, and points behind it now; or memory was found elsewhere. */
  private expectCounted(at: number, size: number, pointers: readonly number[]): void {
    const next = at + Math.ceil(size / BLOCK) * BLOCK;
    const now = this.words();
    if (!pointers.some((pointer, i) => pointer === at && now[i] === next))
      throw new Wrong('none of its words counts up');
    this.confirmed++;
  }

  private words(): number[] {
    const view = new DataView(this.memory.buffer);
    return this.layout.words.map((address) => view.getUint32(address, true));
  }

  /** Undefined unless its words fit together: where it begins and ends, where its states begin, how many blocks it has. */
  private blocks(): Blocks | undefined {
    const words = this.words();
    const size = this.memory.buffer.byteLength;
    for (const end of words.filter((word) => word <= size)) {
      for (const metadata of words.filter((word) => word < end)) {
        for (const start of [...words, ...this.layout.starts].filter((word) => word > 0 && word < metadata)) {
          const count = Math.floor((metadata - start) / BLOCK);
          const needed = Math.ceil(count / STATES_PER_BYTE);
          const room = end - metadata;
          if (!words.includes(count) || room < needed || room > (needed + PART) * (1 + 2 / PART)) continue;
          return { start, metadata, count, states: new Uint8Array(this.memory.buffer, metadata, needed).slice() };
        }
      }
    }
    return undefined;
  }
}

type StateOf = (blocks: Blocks, i: number) => number;

/** The bits of a state lie side by side, or since version 0.41 in either half of a byte. */
const STATES: readonly StateOf[] = [
  ({ states }, i) => states[Math.floor(i / STATES_PER_BYTE)]! & (3 << ((i % STATES_PER_BYTE) * 2)),
  ({ states }, i) => states[Math.floor(i / STATES_PER_BYTE)]! & (0x11 << (i % STATES_PER_BYTE)),
];

/** Those that share a byte which is another one now. */
function changedStates(before: Blocks, after: Blocks): number[] {
  const changed: number[] = [];
  after.states.forEach((byte, at) => {
    if (byte !== before.states[at])
      changed.push(...Array.from({ length: STATES_PER_BYTE }, (_, i) => at * STATES_PER_BYTE + i));
  });
  return changed;
}

function isCollected(before: Blocks, after: Blocks): boolean {
  if (before.metadata !== after.metadata || before.start !== after.start) return true;
  return before.states.some((byte, i) => (byte & ~after.states[i]!) !== 0);
}
