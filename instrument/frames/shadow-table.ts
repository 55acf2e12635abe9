// The shadow of frames whose inside is not simply valid, for the runtime to copy. Equal ones are stored once.
//
//   drawing:  runs u32 | run ...          run: granules << 8 | shadow code, u32

export class ShadowTable {
  private readonly base: number;
  private readonly limit: number;
  private readonly words: number[] = [];
  private readonly known = new Map<string, number>();

  constructor(base: number, limit: number) {
    this.base = base;
    this.limit = limit;
  }

  /** Address of the drawing in memory 1; 0 when there is no room left for it. */
  add(codes: Uint8Array): number {
    const runs = toRuns(codes);
    const key = runs.join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const address = this.base + this.words.length * 4;
    if (address + (runs.length + 1) * 4 > this.limit) return 0;
    this.words.push(runs.length, ...runs);
    this.known.set(key, address);
    return address;
  }

  segment(): { address: number; bytes: Uint8Array } {
    const bytes = new Uint8Array(this.words.length * 4);
    const view = new DataView(bytes.buffer);
    this.words.forEach((word, i) => view.setUint32(i * 4, word, true));
    return { address: this.base, bytes };
  }
}

function toRuns(codes: Uint8Array): number[] {
  const runs: number[] = [];
  for (let from = 0; from < codes.length; ) {
    let to = from;
    while (to < codes.length && codes[to] === codes[from]) to++;
    runs.push((to - from) * 256 + codes[from]!);
    from = to;
  }
  return runs;
}
