// WASI preview 1 for a program under the fuzzer: the input is standard input or, where an argument says @@, a file; of output
// the end is kept, for reports; clocks and random numbers give the same values in every run, and there are no other files.

export class ProgramExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the program exited with code ${code}`);
    this.name = 'ProgramExit';
    this.code = code;
  }
}

const ERRNO = { SUCCESS: 0, ACCES: 2, BADF: 8, INVAL: 28, NOENT: 44, NOSYS: 52 } as const;
const CHARACTER_DEVICE = 2;
const DIRECTORY = 3;
const REGULAR_FILE = 4;
const ALL_RIGHTS = 2n ** 64n - 1n;
/** Bytes of output that are kept for a report. */
const LAST_WORDS = 4096;
/** What an argument says where the name of a file with the input shall stand. */
export const INPUT_FILE = '@@';
const NAME = 'input';
const PROGRAM = 'program';
const ROOT = 3;
const FIRST_FILE = 4;
const CREATE = 1;

type Call = (...args: number[]) => number;

/** Is given what a program prints to standard output, 1, or to standard error, 2. */
export type Print = (descriptor: 1 | 2, bytes: Uint8Array) => void;

/** argv of a program that is given these arguments. */
export function commandLine(args: readonly string[] = []): string[] {
  return [PROGRAM, ...args];
}

export class FuzzWasi {
  input: Uint8Array = new Uint8Array(0);
  /** Keeps all that is printed; otherwise its end. */
  keepsOutput = false;
  private written: Uint8Array[] = [];
  private writtenBytes = 0;
  /** Told what is printed, as it is. */
  private readonly print: Print | undefined;
  /** Where the next byte is read, by descriptor. */
  private positions = new Map<number, number>();
  private readonly args: readonly Uint8Array[];
  private readonly hasFile: boolean;
  private ticks = 0n;
  memory: WebAssembly.Memory | undefined;
  private touch: (address: number, size: number) => void = () => {};

  /** `args` are without the program's name. */
  constructor(args: readonly string[] = [], print?: Print) {
    this.print = print;
    const words = args.length === 0 ? [] : commandLine(args);
    this.args = words.map((word) => new TextEncoder().encode(`${word.replaceAll(INPUT_FILE, `/${NAME}`)}\0`));
    this.hasFile = args.some((word) => word.includes(INPUT_FILE));
  }

  /** `touch` is told of what is written to the program's memory. */
  attach(memory: WebAssembly.Memory | undefined, touch: (address: number, size: number) => void): void {
    this.memory = memory;
    this.touch = touch;
  }

  /** Every run sees the same world. */
  reset(input: Uint8Array): void {
    this.input = input;
    if (this.positions.size > 0) this.positions.clear(); // which makes a new table
    this.ticks = 0n;
    if (this.written.length > 0) this.written = [];
    this.writtenBytes = 0;
  }

  /** What the run has printed so far, as far as it is kept. */
  printed(): Uint8Array {
    return this.written.length === 0 ? new Uint8Array(0) : Uint8Array.from(this.written.flatMap((p) => [...p]));
  }

  /** Calls that are not listed answer "not supported". */
  get imports(): WebAssembly.ModuleImports {
    const known = this.calls();
    return new Proxy(known, { get: (calls, name) => calls[name as string] ?? (() => ERRNO.NOSYS) });
  }

  private get view(): DataView {
    return new DataView(this.memory!.buffer);
  }

  private calls(): Record<string, Call> {
    return {
      proc_exit: (code) => {
        throw new ProgramExit(code!);
      },
      fd_read: (fd, vectors, count, result) => this.read(fd!, vectors!, count!, result!),
      fd_write: (fd, vectors, count, result) => this.write(fd!, vectors!, count!, result!),
      fd_close: (fd) => this.close(fd!),
      fd_seek: () => ERRNO.BADF,
      fd_prestat_get: () => ERRNO.BADF,
      fd_prestat_dir_name: () => ERRNO.BADF,
      ...(this.hasFile && this.fileCalls()),
      fd_fdstat_get: (fd, result) => this.status(fd!, result!),
      sched_yield: () => ERRNO.SUCCESS,
      args_sizes_get: (count, bytes) => {
        const total = this.args.reduce((sum, arg) => sum + arg.length, 0);
        return this.numbers(count!, this.args.length, bytes!, total);
      },
      args_get: (pointers, strings) => this.arguments(pointers!, strings!),
      environ_sizes_get: (count, bytes) => this.numbers(count!, 0, bytes!, 0),
      environ_get: () => ERRNO.SUCCESS,
      random_get: (at, size) => {
        new Uint8Array(this.memory!.buffer, at! >>> 0, size! >>> 0).fill(42);
        this.touch(at!, size!);
        return ERRNO.SUCCESS;
      },
      clock_res_get: (_id, result) => this.time(result!, 1000n),
      clock_time_get: (...args) => this.time(args[2]!, this.tick()),
    };
  }

  /** A directory with one file in it, which can be read. */
  private fileCalls(): Record<string, Call> {
    return {
      fd_prestat_get: (fd, result) => (fd === ROOT ? this.numbers(result!, 0, result! + 4, 1) : ERRNO.BADF),
      fd_prestat_dir_name: (fd, at) => (fd === ROOT ? this.put(at!, new TextEncoder().encode('/')) : ERRNO.BADF),
      path_open: (fd, _lookup, name, length, flags, _base, _inheriting, _status, result) =>
        this.open(fd!, name!, length!, flags!, result!),
      path_filestat_get: (fd, _lookup, name, length, result) =>
        this.isInput(fd!, name!, length!) ? this.fileStatus(FIRST_FILE, result!) : ERRNO.NOENT,
      fd_filestat_get: (fd, result) => this.fileStatus(fd!, result!),
      fd_seek: (fd, by, from, result) => this.seek(fd!, BigInt(by!), from!, result!),
      fd_tell: (fd, result) => this.seek(fd!, 0n, 1, result!),
    };
  }

  private isInput(fd: number, name: number, length: number): boolean {
    const path = new TextDecoder().decode(new Uint8Array(this.memory!.buffer, name >>> 0, length >>> 0));
    return fd === ROOT && path.replace(/^(\.?\/)*/, '') === NAME;
  }

  private open(fd: number, name: number, length: number, flags: number, result: number): number {
    if (!this.isInput(fd, name, length)) return flags & CREATE ? ERRNO.ACCES : ERRNO.NOENT;
    let next = FIRST_FILE;
    while (this.positions.has(next)) next++;
    this.positions.set(next, 0);
    this.view.setUint32(result >>> 0, next, true);
    this.touch(result, 4);
    return ERRNO.SUCCESS;
  }

  private close(fd: number): number {
    if (fd >= FIRST_FILE && !this.positions.delete(fd)) return ERRNO.BADF;
    return ERRNO.SUCCESS;
  }

  private seek(fd: number, by: bigint, from: number, result: number): number {
    const position = this.positions.get(fd);
    if (position === undefined || fd < FIRST_FILE) return ERRNO.BADF;
    const next = Number(by) + [0, position, this.input.length][from]!;
    if (!(next >= 0)) return ERRNO.INVAL;
    this.positions.set(fd, next);
    return this.time(result, BigInt(next));
  }

  private fileStatus(fd: number, result: number): number {
    const kind = this.kindOf(fd);
    if (kind === undefined) return ERRNO.BADF;
    const record = new DataView(new ArrayBuffer(64));
    record.setUint8(16, kind);
    record.setBigUint64(24, 1n, true);
    record.setBigUint64(32, BigInt(kind === REGULAR_FILE ? this.input.length : 0), true);
    return this.put(result, new Uint8Array(record.buffer));
  }

  private kindOf(fd: number): number | undefined {
    if (fd >= 0 && fd < ROOT) return CHARACTER_DEVICE;
    if (this.hasFile && fd === ROOT) return DIRECTORY;
    return fd === FIRST_FILE || this.positions.has(fd) ? REGULAR_FILE : undefined;
  }

  private put(at: number, bytes: Uint8Array): number {
    new Uint8Array(this.memory!.buffer).set(bytes, at >>> 0);
    this.touch(at, bytes.length);
    return ERRNO.SUCCESS;
  }

  private arguments(pointers: number, strings: number): number {
    let at = strings >>> 0;
    this.args.forEach((arg, i) => {
      this.put((pointers >>> 0) + 4 * i, new Uint8Array(Uint32Array.of(at).buffer));
      this.put(at, arg);
      at += arg.length;
    });
    return ERRNO.SUCCESS;
  }

  /** A millisecond passes whenever somebody looks. */
  private tick(): bigint {
    this.ticks += 1_000_000n;
    return this.ticks;
  }

  private numbers(first: number, a: number, second: number, b: number): number {
    this.view.setUint32(first >>> 0, a, true);
    this.view.setUint32(second >>> 0, b, true);
    this.touch(first, 4);
    this.touch(second, 4);
    return ERRNO.SUCCESS;
  }

  private time(result: number, value: bigint): number {
    this.view.setBigUint64(result >>> 0, value, true);
    this.touch(result, 8);
    return ERRNO.SUCCESS;
  }

  private status(fd: number, result: number): number {
    const kind = this.kindOf(fd);
    if (kind === undefined) return ERRNO.BADF;
    const record = new DataView(new ArrayBuffer(24));
    record.setUint8(0, kind);
    if (fd >= ROOT) for (const at of [8, 16]) record.setBigUint64(at, ALL_RIGHTS, true);
    return this.put(result, new Uint8Array(record.buffer));
  }

  private read(fd: number, vectors: number, count: number, result: number): number {
    if (fd !== 0 && (fd < FIRST_FILE || !this.positions.has(fd))) return ERRNO.BADF;
    const start = this.hasFile && fd === 0 ? this.input.length : (this.positions.get(fd) ?? 0);
    let total = 0;
    const memory = new Uint8Array(this.memory!.buffer);
    for (const [at, size] of this.pieces(vectors, count)) {
      const piece = this.input.subarray(start + total, start + total + size);
      memory.set(piece, at);
      this.touch(at, piece.length);
      total += piece.length;
    }
    this.positions.set(fd, start + total);
    this.view.setUint32(result >>> 0, total, true);
    this.touch(result, 4);
    return ERRNO.SUCCESS;
  }

  private write(fd: number, vectors: number, count: number, result: number): number {
    if (fd !== 1 && fd !== 2) return ERRNO.BADF;
    const pieces = this.pieces(vectors, count);
    const total = pieces.reduce((sum, [, size]) => sum + size, 0);
    for (const [at, size] of pieces) if (size > 0) this.keep(fd, at, size);
    this.view.setUint32(result >>> 0, total, true);
    this.touch(result, 4);
    return ERRNO.SUCCESS;
  }

  private keep(fd: 1 | 2, at: number, size: number): void {
    this.keepBytes(fd, new Uint8Array(this.memory!.buffer).slice(at, at + size));
  }

  /** What the program has the sanitizer print. */
  say(text: string): void {
    this.keepBytes(2, new TextEncoder().encode(text));
  }

  private keepBytes(fd: 1 | 2, bytes: Uint8Array): void {
    this.print?.(fd, bytes);
    this.written.push(bytes);
    this.writtenBytes += bytes.length;
    while (!this.keepsOutput && this.writtenBytes - this.written[0]!.length > LAST_WORDS)
      this.writtenBytes -= this.written.shift()!.length;
  }

  private pieces(vectors: number, count: number): [at: number, size: number][] {
    const view = this.view;
    return Array.from({ length: count }, (_, i) => {
      const at = (vectors >>> 0) + 8 * i;
      return [view.getUint32(at, true), view.getUint32(at + 4, true)];
    });
  }
}
