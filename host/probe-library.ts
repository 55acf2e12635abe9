// Which C function does a function of a module behave like? Each is called on prepared memory, beside a model of what the C
// standard says: the same memory must be left behind, and the same result. Asked for are also the cases in which a program's
// own function would be kinder than C's: null pointers, sizes below zero, ranges that overlap, other characters that end a text.

/** What instrument/libc/by-body.ts asks; only bytes and names pass between the two. */
interface Question {
  readonly bytes: Uint8Array;
  readonly parameters: readonly number[];
  readonly memory: string;
  readonly fuel: string;
}

/** The engine's own, taken before anything intercepts them: a trial is no module of the program. */
const { Module, Instance } = WebAssembly;

const FUEL = 300_000;
const SIZE = 65536;

/** What a model answers for a call that cannot return, because it leaves memory. */
const TRAPS = Symbol('traps');

type Model = (memory: Uint8Array, a: number, b: number, c: number) => number | typeof TRAPS;

/** The arguments of one call, and texts (without their zero byte) to be in memory before it. */
interface Trial {
  readonly args: readonly number[];
  readonly texts?: readonly (readonly [at: number, text: Uint8Array])[];
}

interface Role {
  readonly name: string;
  readonly model: Model;
  /** It is known by what it leaves in memory, even where its result has been dropped. */
  readonly writes?: true;
  readonly trials: readonly Trial[];
}

/** The names of the functions that each candidate behaves like. Never throws. */
export function probeLibrary(question: Question): (readonly string[])[] {
  let bench: Bench;
  try {
    bench = new Bench(question);
  } catch {
    return question.parameters.map(() => []); // an engine that lacks what the module needs
  }
  return question.parameters.map((count, i) => {
    const fitting = (ROLES[count] ?? []).filter((role) => bench.fits(i, role));
    return fitting.map(({ name }) => (name === 'memcpy' ? bench.copyName(i) : name));
  });
}

/** The candidates' memory beside the models', which begin alike and are kept alike. */
class Bench {
  private readonly exports: WebAssembly.Exports;
  private readonly memory: Uint8Array;
  private readonly words: Int32Array;
  private readonly fuel: WebAssembly.Global;
  private readonly expected = new Uint8Array(SIZE);
  private readonly expectedWords = new Int32Array(this.expected.buffer);

  constructor({ bytes, memory, fuel }: Question) {
    this.exports = new Instance(new Module(bytes as BufferSource)).exports;
    const { buffer } = this.exports[memory] as WebAssembly.Memory;
    this.memory = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.fuel = this.exports[fuel] as WebAssembly.Global;
    this.fill(0, SIZE);
  }

  /** Whether the i-th candidate does what the role's model does, in all its trials. */
  fits(i: number, role: Role): boolean {
    return role.trials.every((trial) => this.agrees(i, role, trial)) && this.isAlike(0, SIZE);
  }

  /** Where ranges overlap, memcpy is wrong in every sense. Whoever copies byte by byte, upwards, may mean it. */
  copyName(i: number): string {
    const moves = { model: memmove, writes: true } as const;
    const repeats = { model: copyUpwards, writes: true } as const;
    const isMeant = OVERLAPPING.every((trial) => this.agrees(i, moves, trial) || this.agrees(i, repeats, trial));
    return isMeant ? 'memmove' : 'memcpy';
  }

  /** Compares what the trial is about; what else may have been written, `fits` looks at in the end. */
  private agrees(i: number, { model, writes }: Pick<Role, 'model' | 'writes'>, trial: Trial): boolean {
    const reach = this.prepare(trial);
    const result = this.call(i, trial.args);
    const [a = 0, b = 0, c = 0] = trial.args;
    const right = model(this.expected, a, b, c);
    const isRight =
      result === TRAPS || right === TRAPS
        ? result === right
        : result === undefined
          ? writes === true
          : result >>> 0 === right >>> 0;
    const agrees = isRight && (result === TRAPS || PLACES.every((at) => this.isAlike(at - MARGIN, at + reach)));
    if (!agrees || result === TRAPS) this.fill(0, SIZE);
    return agrees;
  }

  /** Noise and the texts, in both memories; answers how far behind each of the places something may happen. */
  private prepare({ args, texts = [] }: Trial): number {
    const [, , size = 0] = args;
    const reach = texts.reduce(
      (sum, [, { length }]) => sum + length,
      MARGIN * 2 + (size > 0 && size < SIZE ? size : 0),
    );
    for (const at of PLACES) this.fill(at - MARGIN, at + reach);
    for (const [at, bytes] of texts) {
      for (const memory of [this.memory, this.expected]) {
        memory.set(bytes, at);
        memory[at + bytes.length] = 0;
      }
    }
    return reach;
  }

  private fill(from: number, to: number): void {
    const noise = NOISE.subarray(Math.max(from, 0), to);
    this.memory.set(noise, Math.max(from, 0));
    this.expected.set(noise, Math.max(from, 0));
  }

  private call(i: number, args: readonly number[]): number | undefined | typeof TRAPS {
    this.fuel.value = FUEL;
    try {
      return (this.exports[i] as (...args: number[]) => number | undefined)(...args);
    } catch {
      return TRAPS;
    }
  }

  private isAlike(from: number, to: number): boolean {
    const last = Math.min(to, SIZE) >> 2;
    for (let i = Math.max(from, 0) >> 2; i < last; i++) if (this.words[i] !== this.expectedWords[i]) return false;
    return true;
  }
}

// ------------------------------------------------------------------------------------------------ models

/** Up to the zero byte; the memory's end, if there is none. */
function length(m: Uint8Array, at: number, most = Infinity): number {
  const end = m.indexOf(0, at);
  return Math.min(end < 0 ? SIZE - at : end - at, most);
}

/** Where a byte is first, or -1. */
function find(m: Uint8Array, byte: number, from: number, to: number): number {
  const at = m.subarray(from, to).indexOf(byte & 0xff);
  return at < 0 ? -1 : from + at;
}

const memmove: Model = (m, to, from, size) => {
  if (Math.max(to, from) + (size >>> 0) > SIZE) return TRAPS;
  m.copyWithin(to, from, from + size);
  return to;
};

const memset: Model = (m, at, byte, size) => {
  if (at + (size >>> 0) > SIZE) return TRAPS;
  m.fill(byte & 0xff, at, at + size);
  return at;
};

/** Byte by byte, upwards: what decompressors mean when they copy from just before to where they are. */
const copyUpwards: Model = (m, to, from, size) => {
  for (let i = 0; i < size; i++) m[to + i] = m[from + i]!;
  return to;
};

function stpcpy(m: Uint8Array, to: number, from: number): number {
  const size = length(m, from);
  m.copyWithin(to, from, from + size + 1);
  return to + size;
}

function strcpy(m: Uint8Array, to: number, from: number): number {
  stpcpy(m, to, from);
  return to;
}

function strcat(m: Uint8Array, to: number, from: number): number {
  stpcpy(m, to + length(m, to), from);
  return to;
}

function strncpy(m: Uint8Array, to: number, from: number, size: number): number | typeof TRAPS {
  if (to + (size >>> 0) > SIZE) return TRAPS;
  const used = length(m, from, size);
  m.copyWithin(to, from, from + used);
  m.fill(0, to + used, to + size);
  return to + used;
}

function strncat(m: Uint8Array, to: number, from: number, size: number): number {
  const at = to + length(m, to);
  const used = length(m, from, size >>> 0);
  m.copyWithin(at, from, from + used);
  m[at + used] = 0;
  return to;
}

function strlcpy(m: Uint8Array, to: number, from: number, size: number): number {
  const whole = length(m, from);
  if (size === 0) return whole;
  const used = Math.min(whole, size - 1);
  m.copyWithin(to, from, from + used);
  m[to + used] = 0;
  return whole;
}

function strchr(m: Uint8Array, at: number, byte: number): number {
  return Math.max(find(m, byte, at, at + length(m, at) + 1), 0);
}

function strchrnul(m: Uint8Array, at: number, byte: number): number {
  return strchr(m, at, byte) || at + length(m, at);
}

// ------------------------------------------------------------------------------------------------ trials

/** No zero anywhere, so that what is not prepared has no end. */
const NOISE = generated(SIZE, (i) => 1 + (((i * 2654435761) >>> 11) % 255));

const LONGEST = 20000;
/** What all texts are views of, because every start of the command line makes hundreds: each value but zero once in 255. */
const CYCLE = generated(255 + LONGEST + 1, (i) => 1 + ((i * 97) % 255));

/** `size` bytes, of which the first is 1 + 31 * seed: 208 steps of the cycle lead there. */
const text = (size: number, seed = 1) => CYCLE.subarray((seed * 208) % 255, ((seed * 208) % 255) + size);

/** Uint8Array.from is several times slower. */
function generated(size: number, valueAt: (i: number) => number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = valueAt(i);
  return bytes;
}

const FROM = 1024;
const TO = 32768;
/** Everything happens at one of these, or within MARGIN of it and of its length. */
const PLACES = [0, FROM, TO];
const MARGIN = 64;
/** Shorter than a word, than a vector, than the limits that programs choose, and longer. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 64, 255, 300, 1100];
const OFFSETS = [0, 1, 2, 3, 4, 6, 9];
const each = <T, U>(some: readonly T[], make: (value: T, i: number) => U): U[] => some.map(make);

/** One text, at every alignment and length, and at address 0: C's functions do not know of null. */
const oneText = (args: (at: number, size: number, i: number) => readonly number[]): Trial[] => [
  ...each([...LENGTHS, LONGEST], (size, i) => {
    const at = FROM + OFFSETS[i % OFFSETS.length]!;
    return { args: args(at, size, i), texts: [[at, text(size, i)]] as const };
  }),
  { args: args(0, 21, 3), texts: [[0, text(21)]] },
];

/** A text to be copied to `to`, where another one of `before` bytes may be. */
const twoTexts = (
  lengths: readonly number[],
  before: readonly number[],
  args: (to: number, from: number, size: number) => readonly number[],
): Trial[] => [
  ...each(lengths, (size, i) => {
    const [from, to] = [FROM + OFFSETS[i % OFFSETS.length]!, TO + OFFSETS[(i * 3) % OFFSETS.length]!];
    const old = text(before[i % before.length]!, i + 1);
    return { args: args(to, from, size), texts: [[from, text(size, i)] as const, [to, old] as const] };
  }),
  { args: args(TO, 0, 21), texts: [[0, text(21)], [TO, text(5)]] },
  { args: args(0, FROM, 21), texts: [[FROM, text(21)], [0, text(5)]] },
]; // biome-ignore format: pairs
const copied = (before: readonly number[]) => twoTexts([...LENGTHS, LONGEST], before, (to, from) => [to, from]);

/** Texts that are as long as they may be, longer, and shorter; and no limit at all, which is none below zero. */
const limited: readonly Trial[] = [
  ...[-7, -1, 0, 1, 9, 60].flatMap((more, i) =>
    twoTexts(LENGTHS.slice(i), [0, 6], (to, from, size) => [to, from, Math.max(size + more, 0)]),
  ),
  ...twoTexts([LONGEST], [3], (to, from) => [to, from, LONGEST + 60]),
  { args: [TO, FROM, -1], texts: [[FROM, text(21)], [TO, text(5)]] },
]; // biome-ignore format: pairs

/** A byte that the text has, has not, has more than once; and its end. */
const searches = oneText((at, size, i) => [at, [0x01, 0x62, 0xff, 0x100, 0x00, 0x1c3, 0x30][i % 7]!, size]);
const searched = [...searches, ...oneText((at, size, i) => [at, text(size + 1, i)[size >> 1]!, size])];

const SIZES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 100, 511, 512, 513, 4000];
const ranges = (second: (i: number) => number): Trial[] => [
  ...each(SIZES, (size, i) => ({ args: [TO + OFFSETS[i % 7]!, second(i), size] })),
  ...each(SIZES, (size, i) => ({ args: [TO + OFFSETS[(i * 2) % 7]!, second(i + 1), size] })),
  { args: [0, second(0), 24] },
  // Not "nothing", as a loop with a signed counter would have it.
  ...each([-1, -200, -(2 ** 31)], (size) => ({ args: [TO, second(0), size] })),
];
/** With a zero byte in the midst, at which a copy of a text would end. */
const copies = [...ranges((i) => FROM + OFFSETS[(i * 5) % 7]!), { args: [TO, 0, 24] }].map((trial) => ({
  ...trial,
  texts: [[FROM, text(11)]] as const,
}));

const OVERLAPPING: readonly Trial[] = [1, 2, 3, 4, 8, 13, 16, 40].flatMap((distance) =>
  [20, 67, 300].flatMap((size) => [{ args: [TO + distance, TO, size] }, { args: [TO - distance, TO, size] }]),
);

/** By number of parameters. */
const ROLES: Readonly<Record<number, readonly Role[]>> = {
  1: [{ name: 'strlen', model: (m, at) => length(m, at), trials: oneText((at) => [at]) }],
  2: [
    { name: 'strcpy', writes: true, model: strcpy, trials: copied([0]) },
    { name: 'stpcpy', writes: true, model: stpcpy, trials: copied([0]) },
    { name: 'strcat', writes: true, model: strcat, trials: copied([0, 3, 40]) },
    { name: 'strchr', model: strchr, trials: searched },
    { name: 'strchrnul', model: strchrnul, trials: searched },
    { name: 'strnlen', model: (m, at, most) => length(m, at, most >>> 0), trials: [-3, 0, 1, 40, Infinity].flatMap((more) => oneText((at, size) => [at, more === Infinity ? -1 : Math.max(size + more, 0)])) },
  ],
  3: [
    { name: 'memchr', model: (m, at, byte, size) => Math.max(find(m, byte, at, at + (size >>> 0)), 0), trials: [...searched, ...oneText((at, size) => [at, 0, size + 1]), ...oneText((at) => [at, 0, -1])] },
    { name: 'strncpy', writes: true, model: (m, to, from, size) => (strncpy(m, to, from, size) === TRAPS ? TRAPS : to), trials: limited },
    { name: 'stpncpy', writes: true, model: strncpy, trials: limited },
    { name: 'strncat', writes: true, model: strncat, trials: limited },
    { name: 'strlcpy', writes: true, model: strlcpy, trials: limited },
    { name: 'memcpy', writes: true, model: memmove, trials: copies },
    { name: 'memset', writes: true, model: memset, trials: ranges((i) => [0, 0x41, 0x1ff, -1][i % 4]!) },
  ],
}; // biome-ignore format: a table
