// Does a pair of functions behave like malloc and free? Tried out in an instance of its own, made from a copy of the module
// in which everything else traps: blocks must lie in memory, apart from each other, keep what is written to them, and be
// handed out again once they are freed.

import { CollectedHeap, type HeapWords, Wrong } from './probe-collected.ts';

/** What instrument/probe-module.ts asks; only bytes and names pass between the two. */
interface Question {
  readonly bytes: Uint8Array;
  readonly exports: Readonly<Record<string, string>>;
  readonly memory: string;
  readonly fuel: string;
  readonly root: string | undefined;
  readonly heap: HeapWords | undefined;
  readonly importedMemory:
    | { module: string; name: string; initial: number; maximum: number | undefined; shared: boolean }
    | undefined;
}

interface Answer {
  readonly outcome: 'confirmed' | 'failed' | 'unknown';
  readonly reason: string;
  readonly wrong: readonly string[];
  readonly sizeWord: boolean;
  readonly facts: readonly string[];
  readonly isCut: boolean;
}

/** The engine's own, taken before anything intercepts them: a trial is no module of the program. */
const { Module, Instance } = WebAssembly;

const SIZES = [1, 8, 13, 24, 40, 64, 100, 256, 1000, 4096, 20000, 3, 16, 48, 72, 500] as const;
const PAGE = 65536;
const ALIGNMENT = 8;
/** mimalloc aligns what holds no more than a pointer like one. */
const SMALLEST_ALIGNMENT = 4;
/** Blocks of these sizes fill a page of 4096 bytes before as many were allocated. */
const [SMALLEST_AGAIN, LARGEST_AGAIN, BLOCKS_AGAIN] = [100, 2000, 50];
const COPIED_OUTSIDE = 400;
/** How often blocks are asked for: after it ran, a collector makes room for as much as there is. */
const TRIES = 4;
/** Rounds of loops that one call may take: what clears a block of 20000 bytes by bytes takes fewer, and a second has more. */
const ROUNDS = 1 << 22;

/** What a function that was left out leaves there. */
const LEFT_OUT = -1;

/** Further members of the family, and what a trial shows. */
const RELATIVES = [
  ['realloc', 'realloc keeps what a block holds'],
  ['calloc', 'calloc clears'],
  ['memalign', 'memalign aligns'],
  ['dlmalloc-rs alloc', 'alloc aligns'],
] as const;

/** Tries the functions out. Never throws. */
export function probeAllocator(question: Question): Answer {
  let trial: Trial;
  try {
    trial = new Trial(question);
  } catch (error) {
    return unknown(`the module could not be tried out (${sentence(error)})`);
  }
  return { ...judge(trial), isCut: trial.isCut };
}

function judge(trial: Trial): Answer {
  try {
    return trial.run();
  } catch (error) {
    // A collector looks at everything that the program has, and here the program has not run.
    if (trial.isCollected && !(error instanceof Wrong)) return unknown(`its collector trapped (${sentence(error)})`);
    const reason = error instanceof Wrong ? error.message : `it trapped (${sentence(error)})`;
    return { ...NOTHING, outcome: 'failed', reason, facts: [`probe run: ${reason}`] };
  }
}

const NOTHING = { wrong: [], sizeWord: false, isCut: false } as const;

function unknown(reason: string): Answer {
  return { ...NOTHING, outcome: 'unknown', reason, facts: [`probe run: ${reason}`] };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Block {
  readonly at: number;
  readonly size: number;
  readonly fill: number;
}

type Call = (...args: number[]) => number;
type Role = (name: string) => Call | undefined;

class Trial {
  private readonly memory: WebAssembly.Memory;
  /** It came to a function that the module has not got. */
  isCut = false;
  private readonly role: Role;
  private readonly heap: CollectedHeap | undefined;
  private fill = 1;

  constructor({ bytes, exports, memory, fuel, root, heap, importedMemory }: Question) {
    const module = new Module(bytes as BufferSource);
    const imports: Record<string, Record<string, unknown>> = {};
    for (const { module: from, name, kind } of Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] =
        kind === 'memory' ? new WebAssembly.Memory(descriptor(importedMemory!)) : (n: unknown) => this.host(n);
    }
    const instance = new Instance(module, imports as WebAssembly.Imports);
    this.memory = instance.exports[memory] as WebAssembly.Memory;
    const rounds = instance.exports[fuel] as WebAssembly.Global;
    const role = (name: string): Call | undefined => {
      if (exports[name] === undefined) return undefined;
      const call = instance.exports[exports[name]!] as Call;
      return (...args) => {
        rounds.value = ROUNDS;
        try {
          return call(...args);
        } catch (error) {
          this.isCut ||= rounds.value === LEFT_OUT;
          throw error;
        }
      };
    };
    const lists = root === undefined ? undefined : (instance.exports[root] as WebAssembly.Global);
    this.heap = heap && new CollectedHeap(this.memory, heap);
    this.role = this.heap
      ? byCollection(role, this.heap)
      : lists
        ? byBlocks(role, lists, this.memory)
        : role('__rust_alloc')
          ? bySizes(role)
          : byAlignment(role);
  }

  get isCollected(): boolean {
    return this.heap !== undefined;
  }

  run(): Answer {
    this.initialise();
    // emmalloc and others set up their heap in a constructor, which an instance without its start function has not run.
    if (!this.isReady()) return unknown('malloc cannot be called before the program has started');
    const blocks = this.allocateAll();
    if (!blocks) return unknown('every few blocks, its collector ran');
    if (blocks.some((b) => b === undefined)) return unknown('malloc found no memory in an instance of its own');
    const live = blocks as Block[];
    this.expectApart(live);
    this.expectKept(live, 'was overwritten by later calls of malloc');
    if (this.heap) return { ...NOTHING, outcome: 'confirmed', reason: '', facts: this.heap.facts };
    const word = this.sizeWord(live);
    const kept = this.role('free') ? this.tryFree(live) : live;
    const reused = kept === live ? '' : ', freed ones handed out again';
    const facts = [`probe run: ${SIZES.length} blocks apart and aligned${reused}`];
    const wrong = RELATIVES.filter(([role]) => !this.tryRelative(role, kept));
    for (const [role, fact] of RELATIVES) {
      if (!this.role(role)) continue;
      const isWrong = wrong.some(([name]) => name === role);
      facts.push(`probe run: ${isWrong ? `what looked like ${role} is something else` : fact}`);
    }
    if (word) facts.push('probe run: the word in front of a block tells its size');
    return { ...NOTHING, outcome: 'confirmed', reason: '', wrong: wrong.map(([role]) => role), sizeWord: word, facts };
  }

  /** Undefined if some of them were collected each time, because nothing points to them. */
  private allocateAll(): (Block | undefined)[] | undefined {
    for (let i = 0; i < TRIES; i++) {
      const before = this.heap?.collections;
      const blocks = SIZES.map((size) => this.allocate(size));
      if (this.heap?.collections === before) return blocks;
    }
    return undefined;
  }

  /** Frees half of the blocks; answers the other half. */
  private tryFree(live: readonly Block[]): readonly Block[] {
    const freed = live.filter((_, i) => i % 2 === 0);
    const kept = live.filter((_, i) => i % 2 === 1);
    for (const { at } of freed) this.free(at);
    this.expectKept(kept, 'was overwritten by free');
    const again = freed.map(({ size }) => this.allocate(size)).filter((b) => b !== undefined);
    this.expectApart([...kept, ...again]);
    this.expectKept(kept, 'was overwritten after others were freed');
    if (!this.comesBack(freed, again)) throw new Wrong('no freed block was ever handed out again');
    this.expectKept(kept, 'was overwritten after others were freed');
    return kept;
  }

  /** Some hand out what is left of a page first, which holds a few blocks of a size. */
  private comesBack(freed: readonly Block[], again: readonly Block[]): boolean {
    const old = new Set(freed.map((b) => b.at));
    if (again.some((b) => old.has(b.at))) return true;
    const sizes = freed.map((b) => b.size).filter((size) => size >= SMALLEST_AGAIN && size <= LARGEST_AGAIN);
    return sizes.some((size) => {
      for (let i = 0; i < BLOCKS_AGAIN; i++) if (old.has(this.allocate(size)?.at ?? 0)) return true;
      return false;
    });
  }

  private initialise(): void {
    try {
      this.role('initialise')?.();
    } catch {
      // Constructors of the program come after it, and may need what is not there.
    }
  }

  private isReady(): boolean {
    try {
      this.allocate(1);
      return true;
    } catch (error) {
      if (error instanceof Wrong) throw error;
      return false;
    }
  }

  /** What the module calls outside: the one call that matters is the one for more memory, given a size in bytes. */
  private host(argument: unknown): number {
    const size = this.memory?.buffer.byteLength ?? 0;
    if (typeof argument !== 'number' || argument <= size || argument > size + 16 * PAGE) return 0;
    this.memory.grow(Math.ceil((argument - size) / PAGE));
    return 1;
  }

  private allocate(size: number): Block | undefined {
    const at = this.role('malloc')!(size) >>> 0;
    if (at === 0) return undefined;
    const block = { at, size, fill: this.fill++ & 0xff };
    this.bytes(block).fill(block.fill);
    return block;
  }

  private free(at: number): void {
    this.role('free')!(at);
  }

  private bytes({ at, size }: Block): Uint8Array {
    if (at % (size < ALIGNMENT ? SMALLEST_ALIGNMENT : ALIGNMENT) !== 0)
      throw new Wrong(`malloc(${size}) answered ${at}, which is not aligned`);
    if (at + size > this.memory.buffer.byteLength) throw new Wrong(`malloc(${size}) answered ${at}, beyond memory`);
    return new Uint8Array(this.memory.buffer, at, size);
  }

  private expectApart(blocks: readonly Block[]): void {
    const sorted = [...blocks].sort((a, b) => a.at - b.at);
    for (const [i, next] of sorted.slice(1).entries()) {
      const { at, size } = sorted[i]!;
      if (at + size > next.at) throw new Wrong(`the blocks at ${at} and ${next.at} overlap`);
    }
  }

  private expectKept(blocks: readonly Block[], what: string): void {
    for (const block of blocks) {
      if (this.bytes(block).some((b) => b !== block.fill)) throw new Wrong(`the block at ${block.at} ${what}`);
    }
  }

  /** A size with flags in its low bits, no smaller than what was asked for and not much larger. */
  private sizeWord(blocks: readonly Block[]): boolean {
    const view = new DataView(this.memory.buffer);
    return blocks.every(({ at, size }) => {
      const word = view.getUint32(at - 4, true) & ~7;
      return word >= size && word <= size + 48;
    });
  }

  /** False if the function is there and does something else. */
  private tryRelative(role: string, blocks: readonly Block[]): boolean {
    const call = this.role(role);
    if (!call) return true;
    try {
      if (role === 'realloc') return blocks.every((block) => this.growsBy(call, block));
      if (role === 'memalign' && takesSizeFirst(call)) return false;
      const at = (role === 'calloc' ? call(10, 12) : role === 'memalign' ? call(64, 120) : call(120, 64)) >>> 0;
      const bytes = this.bytes({ at, size: 120, fill: 0 });
      if (at === 0) return false;
      return role === 'calloc' ? bytes.every((b) => b === 0) : at % 64 === 0;
    } catch {
      return false;
    }
  }

  /** Emscripten leaves the copying of more than half a KiB to JavaScript, so only small blocks can be tried. */
  private growsBy(realloc: Call, block: Block): boolean {
    if (block.size >= COPIED_OUTSIDE) return true;
    const at = realloc(block.at, block.size * 3) >>> 0;
    return at !== 0 && this.bytes({ ...block, at }).every((b) => b === block.fill);
  }
}

/**
 * operator new of a size and an alignment does all that memalign does, in the other order: it rounds 1100 up to 2048, and
 * blocks of 64 bytes then lie at multiples of that, which two blocks of 1100 in a row never do.
 */
function takesSizeFirst(memalign: Call): boolean {
  return [1, 2].every(() => (memalign(64, 1100) >>> 0) % 2048 === 0);
}

/** malloc and free of an allocator that deals in blocks: a word in front of the payload, whose lowest bit means free. */
function byBlocks(role: Role, root: WebAssembly.Global, memory: WebAssembly.Memory): Role {
  const [allocate, insert] = [role('tlsf allocate block')!, role('tlsf insert block')!];
  const malloc: Call = (size) => allocate(root.value, size!) + 4;
  const free: Call = (at) => {
    const header = new DataView(memory.buffer);
    header.setUint32(at! - 4, header.getUint32(at! - 4, true) | 1, true);
    return insert(root.value, at! - 4);
  };
  return (name) =>
    new Map([
      ['malloc', malloc],
      ['free', free],
    ]).get(name) ?? role(name);
}

/** malloc of a heap that is collected: nothing is freed. The layout says what may be a pointer; 0 says nothing. */
function byCollection(role: Role, heap: CollectedHeap): Role {
  const alloc = role('tinygo alloc') ?? role('tinygo alloc by size')!;
  return (name) => (name === 'malloc' ? (size) => heap.watch(size!, () => alloc(size!, 0) >>> 0) : role(name));
}

/** malloc of an allocator of which nothing is left but what aligns. */
function byAlignment(role: Role): Role {
  const [malloc, memalign] = [role('malloc'), role('memalign')];
  return (name) => (name === 'malloc' && !malloc && memalign ? (size) => memalign(ALIGNMENT, size!) : role(name));
}

/** malloc and free of an allocator that is told again how large a block was. */
function bySizes(role: Role): Role {
  const [alloc, dealloc] = [role('__rust_alloc')!, role('__rust_dealloc')!];
  const sizes = new Map<number, number>();
  const malloc: Call = (size) => {
    const at = alloc(size!, ALIGNMENT);
    sizes.set(at >>> 0, size!);
    return at;
  };
  const free: Call = (at) => dealloc(at!, sizes.get(at!)!, ALIGNMENT);
  return (name) =>
    new Map([
      ['malloc', malloc],
      ['free', free],
    ]).get(name) ?? role(name);
}

function descriptor(memory: NonNullable<Question['importedMemory']>): WebAssembly.MemoryDescriptor {
  const { initial, maximum, shared } = memory;
  return { initial, ...(maximum === undefined ? {} : { maximum }), ...(shared ? { shared } : {}) };
}
