// WASI preview 1 for a program under the fuzzer: standard input is the input, output goes nowhere, clocks and random
// numbers give the same values in every run, and there are no files.

export class ProgramExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the program exited with code ${code}`);
    this.name = 'ProgramExit';
    this.code = code;
  }
}

const ERRNO = { SUCCESS: 0, BADF: 8, NOSYS: 52 } as const;
const CHARACTER_DEVICE = 2;

type Call = (...args: number[]) => number;

export class FuzzWasi {
  input: Uint8Array = new Uint8Array(0);
  /** Keeps what is printed; otherwise it goes nowhere. */
  keepsOutput = false;
  private written: Uint8Array[] = [];
  private position = 0;
  private ticks = 0n;
  private memory: WebAssembly.Memory | undefined;
  private touch: (address: number, size: number) => void = () => {};

  /** `touch` is told of what is written to the program's memory. */
  attach(memory: WebAssembly.Memory | undefined, touch: (address: number, size: number) => void): void {
    this.memory = memory;
    this.touch = touch;
  }

  /** Every run sees the same world. */
  reset(input: Uint8Array): void {
    this.input = input;
    this.position = 0;
    this.ticks = 0n;
    this.written = [];
  }

  /** What the run has printed so far. */
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
      fd_close: () => ERRNO.SUCCESS,
      fd_seek: () => ERRNO.BADF,
      fd_prestat_get: () => ERRNO.BADF,
      fd_prestat_dir_name: () => ERRNO.BADF,
      fd_fdstat_get: (fd, result) => this.status(fd!, result!),
      sched_yield: () => ERRNO.SUCCESS,
      args_sizes_get: (count, bytes) => this.numbers(count!, 0, bytes!, 0),
      args_get: () => ERRNO.SUCCESS,
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
    if (fd > 2) return ERRNO.BADF;
    const view = this.view;
    for (let i = 0; i < 24; i++) view.setUint8((result >>> 0) + i, 0);
    view.setUint8(result >>> 0, CHARACTER_DEVICE);
    this.touch(result, 24);
    return ERRNO.SUCCESS;
  }

  private read(fd: number, vectors: number, count: number, result: number): number {
    if (fd !== 0) return ERRNO.BADF;
    let total = 0;
    const memory = new Uint8Array(this.memory!.buffer);
    for (const [at, size] of this.pieces(vectors, count)) {
      const piece = this.input.subarray(this.position, this.position + size);
      memory.set(piece, at);
      this.touch(at, piece.length);
      this.position += piece.length;
      total += piece.length;
    }
    this.view.setUint32(result >>> 0, total, true);
    this.touch(result, 4);
    return ERRNO.SUCCESS;
  }

  private write(fd: number, vectors: number, count: number, result: number): number {
    if (fd !== 1 && fd !== 2) return ERRNO.BADF;
    const pieces = this.pieces(vectors, count);
    const total = pieces.reduce((sum, [, size]) => sum + size, 0);
    if (this.keepsOutput) {
      const memory = new Uint8Array(this.memory!.buffer);
      for (const [at, size] of pieces) this.written.push(memory.slice(at, at + size));
    }
    this.view.setUint32(result >>> 0, total, true);
    this.touch(result, 4);
    return ERRNO.SUCCESS;
  }

  private pieces(vectors: number, count: number): [at: number, size: number][] {
    const view = this.view;
    return Array.from({ length: count }, (_, i) => {
      const at = (vectors >>> 0) + 8 * i;
      return [view.getUint32(at, true), view.getUint32(at + 4, true)];
    });
  }
}
