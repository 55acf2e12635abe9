// Puts wasan between a program and the WebAssembly object: modules are instrumented as they are compiled, get their report
// hook as they are instantiated, and look to the program as they did before. Works wherever JavaScript does.

import { installGuard } from './guard.ts';
import { isObject } from './is-object.ts';
import type { Report } from './report/report.ts';
import { Sanitizer, type SanitizerOptions } from './sanitizer.ts';
import type { Symbolizer } from './symbols/index.ts';
import { readWasmModule } from './symbols/wasm-module.ts';

/** A program whose memory is shared: what another thread's instance of it needs. */
export interface SharedProgram extends Known {
  readonly memory: WebAssembly.Memory;
  readonly sharedMemory: WebAssembly.Memory;
}

/** How threads find each other's memory 1; where there is none, every thread would check against a shadow of its own. */
export interface ThreadRegistry {
  find(memory: WebAssembly.Memory, isTold: boolean): SharedProgram | undefined;
  publish(program: SharedProgram): void;
  /** A module that was instrumented: another thread may be sent it. */
  publishModule(module: Known): void;
  /** The module whose instrumented form has this site table. */
  findModule(sites: Uint8Array): Known | undefined;
}

export interface InterceptOptions {
  /**
   * The instrumented module, or undefined to leave this one alone. The same array as before says that the original is the
   * same as well, so that what is known of it need not be found out again.
   */
  readonly rewrite: (original: Uint8Array) => Uint8Array | undefined;
  /** Compiles what `rewrite` gave faster than the engine does unasked; undefined where there is no such way. */
  readonly compile?: (instrumented: Uint8Array, Module: Api['Module']) => WebAssembly.Module | undefined;
  readonly onFinding: (report: Report, sanitizer: Sanitizer) => boolean | undefined;
  /** Told of every instance that runs instrumented. */
  readonly onInstance?: (sanitizer: Sanitizer, instance: WebAssembly.Instance) => void;
  /** A name for a module in reports. */
  readonly nameOf?: (original: Uint8Array) => string;
  /** Names functions and lines of a module, where more is known than the module itself holds. */
  readonly symbolizerOf?: (original: Uint8Array) => Symbolizer | undefined;
  readonly pid?: number;
  /** Findings not to be told. */
  readonly suppressions?: SanitizerOptions['suppressions'];
  /** How to search for leaks where a program asks for it, and who is told (SanitizerOptions). */
  readonly leaks?: SanitizerOptions['leaks'];
  readonly onLeaks?: SanitizerOptions['onLeaks'];
  readonly print?: SanitizerOptions['print'];
  readonly threads?: ThreadRegistry;
  /** Check what JavaScript reads and writes in the modules' memories, too. Slow. */
  readonly guardJs?: boolean;
  /** Whether stacks go on into the JavaScript that called the module. Default true. */
  readonly scriptFrames?: boolean;
}

/** What is remembered of a module that was instrumented. */
export interface Known {
  readonly original: Uint8Array;
  readonly instrumented: Uint8Array;
}

type Api = typeof WebAssembly;
type Source = BufferSource | WebAssembly.Module;
/** What JavaScript builtins a module is compiled with; the library's types do not know it yet. */
type CompileOptions = Parameters<Api['compile']>[1];

const STREAMING = ['compileStreaming', 'instantiateStreaming'] as const;
const MEMBERS = ['Module', 'Instance', 'compile', 'instantiate', ...STREAMING] as const;
const STATICS = ['exports', 'imports', 'customSections'] as const;

/**
 * Replaces the members of a WebAssembly object, by default this realm's; returns a function that puts the old ones back.
 * Other realms (contexts of node:vm) have an object of their own, and views that `guardJs` does not reach.
 */
export function intercept(options: InterceptOptions, api: Api = WebAssembly): () => void {
  if (options.guardJs) installGuard();
  const native = pick(api, MEMBERS);
  const statics = pick(native.Module, STATICS);
  const interceptor = new Interceptor(native, statics, options);
  install(api, interceptor.members(), interceptor.statics());
  return () => install(api, native, statics);
}

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => key in (from as object)).map((key) => [key, from[key]])) as Pick<T, K>;
}

function install(api: Api, members: Members, statics: Statics): void {
  Object.assign(api, members);
  Object.assign(api.Module, statics);
  api.Module.prototype.constructor = members.Module;
  api.Instance.prototype.constructor = members.Instance;
}

type Members = Pick<Api, (typeof MEMBERS)[number]>;
type Statics = Pick<Api['Module'], (typeof STATICS)[number]>;

/** Looks like `native` (its name, length and text) and does `instead`. */
function standIn<F extends (...args: never[]) => unknown>(native: F, instead: F): F {
  return new Proxy(native, { apply: (_native, self, args) => Reflect.apply(instead, self, args) });
}

/** What a program gives an instance, and what watches it if it is instrumented. */
interface Start {
  readonly imports: WebAssembly.Imports | undefined;
  readonly memory: WebAssembly.Memory | undefined;
  readonly session: Sanitizer | undefined;
}

class Interceptor {
  private readonly native: Members;
  private readonly nativeStatics: Statics;
  private readonly options: InterceptOptions;
  private readonly known = new WeakMap<WebAssembly.Module, Known>();
  private readonly prepared = new WeakMap<Uint8Array, Known>();
  /** Of what a program compiles again and again, a module with all the code it has by now; undefined until it does. */
  private readonly kept = new WeakMap<Known, WebAssembly.Module | undefined>();

  constructor(native: Members, nativeStatics: Statics, options: InterceptOptions) {
    this.native = native;
    this.nativeStatics = nativeStatics;
    this.options = options;
  }

  members(): Members {
    const { native } = this;
    const compile = async (source: BufferSource, options?: CompileOptions) => {
      const known = this.prepare(source);
      if (!known) return native.compile(source, options);
      const made = options === undefined ? this.fast(known) : undefined;
      if (made) return made;
      const module = await native.compile(known.instrumented as BufferSource, options);
      return options === undefined ? this.keep(module, known) : this.remember(module, known);
    };
    const instantiate = (async (source: Source, imports?: WebAssembly.Imports, options?: CompileOptions) => {
      if (this.isModule(source)) return this.instantiateModule(source, imports);
      const module = await compile(source, options);
      return { module, instance: await this.instantiateModule(module, imports) };
    }) as Api['instantiate'];
    return {
      Module: this.moduleConstructor(),
      Instance: new Proxy(native.Instance, {
        construct: (target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports?], newTarget) => {
          const start = this.start(module, imports);
          return attach(Reflect.construct(target, [module, start.imports], newTarget), start, this.options);
        },
      }),
      compile: standIn(native.compile, compile),
      instantiate: standIn(native.instantiate, instantiate),
      ...this.streaming(compile, instantiate),
    };
  }

  /** Streaming falls back to whole responses. What is none, and a wrong MIME type, the engine itself refuses. */
  private streaming(
    compile: Api['compile'],
    instantiate: Api['instantiate'],
  ): Pick<Members, (typeof STREAMING)[number]> {
    const { compileStreaming, instantiateStreaming } = this.native;
    if (!compileStreaming) return pick(this.native, STREAMING); // there is neither
    const bytesOf = async (source: Response | PromiseLike<Response>) => {
      const response = await source;
      const type = response?.headers?.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (!response?.ok || type !== 'application/wasm') await compileStreaming(response);
      return response.arrayBuffer();
    };
    return {
      compileStreaming: standIn(compileStreaming, async (source, ...rest) => compile(await bytesOf(source), ...rest)),
      instantiateStreaming: standIn(instantiateStreaming, async (source, ...rest) =>
        instantiate(await bytesOf(source), ...rest),
      ),
    };
  }

  private moduleConstructor(): Api['Module'] {
    return new Proxy(this.native.Module, {
      construct: (target, [source, ...rest]: [BufferSource, ...unknown[]], newTarget) => {
        const known = this.prepare(source);
        if (!known) return Reflect.construct(target, [source, ...rest], newTarget);
        const isPlain = rest.length === 0 && newTarget.prototype === target.prototype;
        const made = isPlain ? this.fast(known) : undefined;
        if (made) return made;
        const module = Reflect.construct(target, [known.instrumented, ...rest], newTarget);
        return isPlain ? this.keep(module, known) : this.remember(module, known);
      },
    });
  }

  /** They show the original. */
  statics(): Statics {
    const { exports, imports, customSections } = this.nativeStatics;
    return {
      exports: standIn(exports, (module) => {
        const isOurs = this.isInstrumented(module);
        return exports(module).filter((e) => !(isOurs && e.name.startsWith('__wasan_')));
      }),
      imports: standIn(imports, (module) => this.importsOf(module)),
      customSections: standIn(customSections, (...[module, name]) => {
        const known = this.known.get(module);
        if (!known) return customSections(module, name);
        const section = readWasmModule(known.original).custom(name);
        return section ? [section.slice().buffer] : [];
      }),
    };
  }

  private importsOf(module: WebAssembly.Module): WebAssembly.ModuleImportDescriptor[] {
    const isOurs = this.isInstrumented(module);
    return this.nativeStatics.imports(module).filter((i) => !(isOurs && i.module === 'wasan'));
  }

  /** By this thread, or by the one that sent it. */
  private isInstrumented(module: WebAssembly.Module): boolean {
    return this.known.has(module) || (this.isModule(module) && this.section(module, 'wasan.info') !== undefined);
  }

  private prepare(source: BufferSource): Known | undefined {
    const original = bytesOf(source);
    const instrumented = this.options.rewrite(original);
    if (!instrumented) return undefined;
    const before = this.prepared.get(instrumented);
    if (before) {
      if (!this.kept.has(before)) this.kept.set(before, undefined);
      return before;
    }
    const known = { original, instrumented };
    this.prepared.set(instrumented, known);
    this.options.threads?.publishModule(known);
    return known;
  }

  private remember(module: WebAssembly.Module, known: Known): WebAssembly.Module {
    this.known.set(module, known);
    return module;
  }

  private keep(module: WebAssembly.Module, known: Known): WebAssembly.Module {
    if (this.kept.has(known)) this.kept.set(known, module);
    return this.remember(module, known);
  }

  /** A module without the engine's whole work, where that can be had. */
  private fast(known: Known): WebAssembly.Module | undefined {
    const copy = this.again(known);
    if (copy) return copy;
    const module = this.options.compile?.(known.instrumented, this.native.Module);
    return module && this.keep(module, known);
  }

  /** A module of its own that shares the code of the one that was kept; undefined where there is none, or no copy can be made. */
  private again(known: Known): WebAssembly.Module | undefined {
    const kept = this.kept.get(known);
    if (!kept) return undefined;
    try {
      const copy = structuredClone(kept);
      return copy instanceof this.native.Module ? this.remember(copy, known) : undefined; // of another realm
    } catch {
      return undefined;
    }
  }

  /** What an instance of the module is made with. What is not ours, or is to be refused, is left to the engine. */
  private start(module: WebAssembly.Module, given: WebAssembly.Imports | undefined): Start {
    if (!this.isInstrumented(module)) return { imports: given, memory: undefined, session: undefined };
    const wanted = this.importsOf(module);
    const imports = readImports(wanted, given);
    const entry = wanted.find((i) => i.kind === 'memory');
    const memory = entry && memoryOf(imports?.[entry.module]?.[entry.name]);
    const session = imports && this.session(module, memory);
    return { imports: session ? session.wrapImports(imports) : given, memory, session };
  }

  private session(module: WebAssembly.Module, memory: WebAssembly.Memory | undefined): Sanitizer | undefined {
    const shared = memory && isShared(memory) ? this.options.threads?.find(memory, !this.known.has(module)) : undefined;
    const known = this.known.get(module) ?? this.arrived(module, shared);
    if (!known) return undefined;
    this.remember(module, known);
    const sanitizer = this.sanitizer(known, shared?.sharedMemory);
    const { sharedMemory } = sanitizer;
    if (memory && sharedMemory && !shared) {
      const { original, instrumented } = known;
      this.options.threads?.publish({ original, instrumented, memory, sharedMemory });
    }
    return sanitizer;
  }

  /** A module that another thread sent is instrumented already; what it was before, that thread has told, or will. */
  private arrived(module: WebAssembly.Module, shared: SharedProgram | undefined): Known | undefined {
    const sites = this.section(module, 'wasan.sites');
    if (!sites) return undefined;
    return shared ?? this.options.threads?.findModule(new Uint8Array(sites));
  }

  /** Of any realm, and not what only inherits from one. */
  private isModule(source: Source): source is WebAssembly.Module {
    try {
      this.section(source as WebAssembly.Module, '');
      return true;
    } catch {
      return false;
    }
  }

  private section(module: WebAssembly.Module, name: string): ArrayBuffer | undefined {
    return this.nativeStatics.customSections(module, name)[0];
  }

  private sanitizer(known: Known, sharedMemory: WebAssembly.Memory | undefined): Sanitizer {
    const { onFinding, nameOf, symbolizerOf, pid, suppressions, scriptFrames, guardJs } = this.options;
    const { leaks, onLeaks, print } = this.options;
    const sanitizer: Sanitizer = new Sanitizer({
      original: known.original,
      instrumented: known.instrumented,
      ...(sharedMemory && { sharedMemory }),
      // Asked for when there is something to report: to find a name may take a while.
      get moduleName() {
        return nameOf?.(known.original);
      },
      get symbolizer() {
        return symbolizerOf?.(known.original);
      },
      ...(pid === undefined ? {} : { pid }),
      ...(suppressions ? { suppressions } : {}),
      ...(scriptFrames === undefined ? {} : { scriptFrames }),
      ...(guardJs ? { guardJs } : {}),
      ...(leaks === undefined ? {} : { leaks }),
      ...(onLeaks && { onLeaks }),
      ...(print && { print }),
      onFinding: (report) => onFinding(report, sanitizer),
    });
    return sanitizer;
  }

  private async instantiateModule(
    module: WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ): Promise<WebAssembly.Instance> {
    const start = this.start(module, imports);
    return attach(await this.native.instantiate(module, start.imports), start, this.options);
  }
}

function attach(
  instance: WebAssembly.Instance,
  { session, memory }: Start,
  { onInstance }: InterceptOptions,
): WebAssembly.Instance {
  if (!session) return instance;
  session.attach(instance, memory);
  onInstance?.(session, instance);
  return hideOurs(instance);
}

/** Reads every import once and in order, as the engine does: they may be getters. Undefined if there are none to read. */
function readImports(
  wanted: readonly WebAssembly.ModuleImportDescriptor[],
  given: WebAssembly.Imports | undefined,
): WebAssembly.Imports | undefined {
  if (given === undefined && wanted.length === 0) return {};
  if (!isObject(given)) return undefined;
  const imports: WebAssembly.Imports = Object.create(null);
  for (const { module, name } of wanted) {
    const values = given[module];
    if (isObject(values)) {
      imports[module] ??= Object.create(null) as WebAssembly.ModuleImports;
      imports[module][name] = values[name]!;
    } else imports[module] = values!;
  }
  return imports;
}

/** Undefined for what only looks like a memory: the engine will refuse it. */
function memoryOf(value: unknown): WebAssembly.Memory | undefined {
  try {
    return isObject((value as WebAssembly.Memory).buffer) ? (value as WebAssembly.Memory) : undefined;
  } catch {
    return undefined;
  }
}

/** Of whatever realm the memory is. */
function isShared({ buffer }: WebAssembly.Memory): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/**
 * Glue walks over the exports, and refuses what it does not know. Configurable, as what an instance inherits: glue may show
 * other exports in a Proxy around the instance.
 */
function hideOurs(instance: WebAssembly.Instance): WebAssembly.Instance {
  const shown: WebAssembly.Exports = Object.create(null);
  // Every name is the instance's own. Entries or keys as an array would cost large modules a tenth of a second more.
  for (const name in instance.exports) if (!name.startsWith('__wasan_')) shown[name] = instance.exports[name]!;
  return Object.defineProperty(instance, 'exports', { value: Object.freeze(shown), configurable: true });
}

/** A private copy: the program may reuse or detach its buffer. */
function bytesOf(source: BufferSource): Uint8Array {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return view.slice();
}
