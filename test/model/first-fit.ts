// The slowest allocator that could work: first fit over a list of blocks, bookkeeping outside the memory it manages.
// The harness gives it to the runtime as "the program's original malloc"; the model owns a second one, so that both
// sides of a differential test hand out the same addresses.

interface Block {
  start: number;
  size: number;
  free: boolean;
}

/** Gap the allocator keeps before each block for a header it never writes, as real allocators do. */
const HEADER = 8;

export class FirstFit {
  readonly #blocks: Block[];
  readonly alignment: number;

  constructor(start: number, end: number, alignment = 16) {
    this.#blocks = [{ start, size: end - start, free: true }];
    this.alignment = alignment;
  }

  /** An aligned address with `size` bytes behind it, or 0. */
  malloc(size: number, alignment = this.alignment): number {
    for (const [index, block] of this.#blocks.entries()) {
      if (!block.free) continue;
      const address = Math.ceil((block.start + HEADER) / alignment) * alignment;
      const end = address + Math.max(size, 1);
      if (end > block.start + block.size) continue;
      const rest = block.start + block.size - end;
      this.#blocks.splice(index, 1, { start: block.start, size: end - block.start, free: false });
      if (rest > 0) this.#blocks.splice(index + 1, 0, { start: end, size: rest, free: true });
      this.#addresses.set(address, this.#blocks[index]!);
      return address;
    }
    return 0;
  }

  readonly #addresses = new Map<number, Block>();

  /** Throws for an address it did not hand out: the runtime must never pass one on. */
  free(address: number): void {
    const block = this.#addresses.get(address);
    if (!block) throw new Error(`the original free got ${address}, which it never handed out`);
    this.#addresses.delete(address);
    block.free = true;
    for (let i = this.#blocks.length - 2; i >= 0; i--) {
      const [left, right] = [this.#blocks[i]!, this.#blocks[i + 1]!];
      if (!left.free || !right.free) continue;
      left.size += right.size;
      this.#blocks.splice(i + 1, 1);
    }
  }

  /** How many blocks are handed out. */
  get live(): number {
    return this.#addresses.size;
  }
}
