// What the threads of one Node process must know of each other: memory 1 of programs whose memory is shared, and findings
// that make the whole process fail. Threads that exist already hear of it by broadcast, later ones by the environment data
// that Node hands to every new worker. One that was on its way while the news went out missed both, and asks for them again
// when it is sent the module; it gives up after a while, because the thread that knows may be blocked.

import {
  BroadcastChannel,
  getEnvironmentData,
  isMainThread,
  receiveMessageOnPort,
  setEnvironmentData,
} from 'node:worker_threads';
import type { Known, SharedProgram, ThreadRegistry } from '../../host/intercept.ts';
import { readWasmModule } from '../../host/symbols/wasm-module.ts';
import type { Failure } from './failures.ts';

const NAME = 'wasan';
const MODULES = 'wasan modules';
/** A place in the null page that nobody reads or writes. */
const PROBE = 12;

/** How long an answer is waited for, and how long between two looks. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 2;

interface News {
  readonly program?: SharedProgram;
  /** Somebody missed the news. */
  readonly question?: true;
  readonly module?: SharedModule;
  readonly failure?: Failure;
}

/** Bytes that threads share instead of copying them. */
interface SharedModule {
  readonly original: SharedArrayBuffer;
  readonly instrumented: SharedArrayBuffer;
}

/** What new workers are handed. Node clones it when it makes one, and only then asks for the modules. */
interface ModuleNews {
  readonly modules: readonly SharedModule[];
}

export class NodeThreads implements ThreadRegistry {
  private readonly channel = new BroadcastChannel(NAME);
  private readonly programs: SharedProgram[];
  private readonly published: SharedProgram[] = [];
  private readonly modules: Known[];
  /** Their shared copies, made when there is another thread: those of a large module cost a tenth of its start. */
  private readonly shared = new Map<Known, SharedModule>();
  private hasOthers = !isMainThread;
  private readonly onFailure: (failure: Failure) => void;

  /** `onFailure` is called in the main thread for findings of all others. */
  constructor(onFailure: (failure: Failure) => void) {
    this.onFailure = onFailure;
    this.programs = [...((getEnvironmentData(NAME) as readonly SharedProgram[] | undefined) ?? [])];
    this.modules = [];
    for (const module of (getEnvironmentData(MODULES) as ModuleNews | undefined)?.modules ?? []) this.arrive(module);
    setEnvironmentData(MODULES, this.news() as never);
    this.channel.onmessage = (event: unknown) => this.hear((event as { data: News }).data);
    this.channel.unref();
    if (isMainThread) process.on('exit', () => this.catchUp());
  }

  find(memory: WebAssembly.Memory, isTold: boolean): SharedProgram | undefined {
    this.catchUp();
    const found = this.programs.find((program) => isSame(program.memory, memory));
    return found || isMainThread || !isTold ? found : this.ask(memory);
  }

  /** Waits without its event loop: the program wants its instance now. */
  private ask(memory: WebAssembly.Memory): SharedProgram | undefined {
    this.channel.postMessage({ question: true });
    const never = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
      Atomics.wait(never, 0, 0, LOOK_MS);
      this.catchUp();
      const found = this.programs.find((program) => isSame(program.memory, memory));
      if (found) return found;
    }
    return undefined;
  }

  publish(program: SharedProgram): void {
    this.published.push(program);
    this.programs.push(program);
    setEnvironmentData(NAME, this.programs as never);
    this.channel.postMessage({ program });
  }

  publishModule(module: Known): void {
    if (this.modules.some((m) => Buffer.compare(m.instrumented, module.instrumented) === 0)) return;
    this.modules.push(module);
    if (this.hasOthers) this.channel.postMessage({ module: this.share(module) });
  }

  findModule(sites: Uint8Array): Known | undefined {
    this.catchUp();
    const found = this.modules.find((m) => Buffer.compare(sitesOf(m), sites) === 0);
    return found && { original: unshared(found.original), instrumented: unshared(found.instrumented) };
  }

  /** The getter is called for the first time while the first worker is made. */
  private news(): ModuleNews {
    const threads = this;
    return {
      get modules() {
        threads.hasOthers = true;
        return threads.modules.map((module) => threads.share(module));
      },
    };
  }

  private share(module: Known): SharedModule {
    const { original, instrumented } = module;
    const made = this.shared.get(module) ?? { original: sharedCopy(original), instrumented: sharedCopy(instrumented) };
    this.shared.set(module, made);
    return made;
  }

  private arrive(module: SharedModule): void {
    const known = { original: new Uint8Array(module.original), instrumented: new Uint8Array(module.instrumented) };
    this.shared.set(known, module);
    this.modules.push(known);
  }

  /** Tells the main thread. */
  fail(failure: Failure): void {
    this.channel.postMessage({ failure });
  }

  /** News that waits for the event loop, which this thread may be far from. */
  private catchUp(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.channel as never) as { message: News } | undefined;
      if (!next) return;
      this.hear(next.message);
    }
  }

  private hear({ program, question, module, failure }: News): void {
    if (question) for (const mine of this.published) this.channel.postMessage({ program: mine });
    if (module) this.arrive(module);
    if (program && !this.programs.some((known) => isSame(known.memory, program.memory))) {
      this.programs.push(program);
      setEnvironmentData(NAME, this.programs as never);
    }
    if (failure && isMainThread) this.onFailure(failure);
  }
}

function sharedCopy(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** Some functions of the platform do not take memory that is shared. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

/** The site table of an instrumented module tells it from every other. */
function sitesOf({ instrumented }: Known): Uint8Array {
  return readWasmModule(unshared(instrumented)).custom('wasan.sites') ?? new Uint8Array(0);
}

/** Memory objects of two threads cannot be compared, only what is in them: a change in one shows in the other. */
function isSame(a: WebAssembly.Memory, b: WebAssembly.Memory): boolean {
  if (a === b) return true;
  const [left, right] = [new Int8Array(a.buffer), new Int8Array(b.buffer)];
  const before = Atomics.load(right, PROBE);
  Atomics.xor(left, PROBE, 1);
  const changed = Atomics.load(right, PROBE) !== before;
  Atomics.xor(left, PROBE, 1);
  return changed && Atomics.load(right, PROBE) === before;
}
