// Puts wasan between a program and the WebAssembly object: modules are instrumented as they are compiled, get their report
// hook as they are instantiated, and look to the program as they did before. Works wherever JavaScript does.

import { installGuard } from './guard.ts';
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
  /** The instrumented module, or undefined to leave this one alone. */
  readonly rewrite: (original: Uint8Array) => Uint8Array | undefined;
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

/**
 * Replaces the members of a WebAssembly object, by default this realm's; returns a function that puts the old ones back.
 * Other realms (contexts of node:vm) have an object of their own, and views that `guardJs` does not reach.
 */
export function intercept(options: InterceptOptions, api: Api = WebAssembly): () => void {
  if (options.guardJs) installGuard();
  const native: Api = { ...pick(api) } as Api;
  const interceptor = new Interceptor(native, options);
  Object.assign(api, interceptor.replacements());
  return () => void Object.assign(api, pick(native));
}

const MEMBERS = ['Module', 'Instance', 'compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'] as const;

function pick(api: Api): Partial<Api> {
  return Object.fromEntries(MEMBERS.filter((m) => m in api).map((m) => [m, api[m]]));
}

class Interceptor {
  private readonly native: Api;
  private readonly options: InterceptOptions;
  private readonly known = new WeakMap<WebAssembly.Module, Known>();

  constructor(native: Api, options: InterceptOptions) {
    this.native = native;
    this.options = options;
  }

  replacements(): Partial<Api> {
    const { native } = this;
    const compile = async (source: BufferSource) => {
      const known = this.prepare(source);
      return known
        ? this.remember(await native.compile(known.instrumented as BufferSource), known)
        : native.compile(source);
    };
    const instantiate = async (source: Source, imports?: WebAssembly.Imports) => {
      if (source instanceof native.Module) return this.instantiateModule(source, imports);
      const module = await compile(source);
      return { module, instance: await this.instantiateModule(module, imports) };
    };
    return {
      Module: this.moduleConstructor(),
      Instance: new Proxy(native.Instance, {
        construct: (target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports?]) => {
          const session = this.session(module, imports);
          return this.attach(new target(module, this.withHook(imports, session)), module, imports, session);
        },
      }),
      compile: compile as Api['compile'],
      instantiate: instantiate as Api['instantiate'],
      ...this.streaming(compile, instantiate as Api['instantiate']),
    };
  }

  /** Streaming falls back to whole responses; a wrong MIME type is refused as the engine would. */
  private streaming(compile: Api['compile'], instantiate: Api['instantiate']): Partial<Api> {
    const { native } = this;
    if (!('compileStreaming' in native)) return {};
    const bytesOf = async (source: Response | PromiseLike<Response>) => {
      const response = await source;
      const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (!response.ok || type !== 'application/wasm') await native.compileStreaming(response);
      return response.arrayBuffer();
    };
    return {
      compileStreaming: async (source) => compile(await bytesOf(source)),
      instantiateStreaming: async (source, imports) => instantiate(await bytesOf(source), imports),
    };
  }

  /** `new WebAssembly.Module`, and the static views that must show the original. */
  private moduleConstructor(): Api['Module'] {
    const { native } = this;
    const statics: Partial<Api['Module']> = {
      exports: (module) => native.Module.exports(module).filter((e) => !this.isOurs(module, e.name)),
      imports: (module) =>
        native.Module.imports(module).filter((i) => !(this.known.has(module) && i.module === 'wasan')),
      customSections: (module, name) => {
        const known = this.known.get(module);
        if (!known) return native.Module.customSections(module, name);
        const section = readWasmModule(known.original).custom(name);
        return section ? [section.slice().buffer] : [];
      },
    };
    return new Proxy(native.Module, {
      construct: (target, [source]: [BufferSource]) => {
        const known = this.prepare(source);
        return known ? this.remember(new target(known.instrumented as BufferSource), known) : new target(source);
      },
      get: (target, key, receiver) => statics[key as 'exports'] ?? Reflect.get(target, key, receiver),
    });
  }

  private isOurs(module: WebAssembly.Module, name: string): boolean {
    return this.known.has(module) && name.startsWith('__wasan_');
  }

  private prepare(source: BufferSource): Known | undefined {
    const original = bytesOf(source);
    const instrumented = this.options.rewrite(original);
    const known = instrumented && { original, instrumented };
    if (known) this.options.threads?.publishModule(known);
    return known;
  }

  private remember(module: WebAssembly.Module, known: Known): WebAssembly.Module {
    this.known.set(module, known);
    return module;
  }

  private session(module: WebAssembly.Module, imports: WebAssembly.Imports | undefined): Sanitizer | undefined {
    const memory = this.importedMemory(module, imports);
    const shared = memory && isShared(memory) ? this.options.threads?.find(memory, this.isForeign(module)) : undefined;
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

  /** Instrumented, and not here. */
  private isForeign(module: WebAssembly.Module): boolean {
    return !this.known.has(module) && this.native.Module.customSections(module, 'wasan.info').length > 0;
  }

  /** A module that another thread sent is instrumented already; what it was before, that thread has told, or will. */
  private arrived(module: WebAssembly.Module, shared: SharedProgram | undefined): Known | undefined {
    const [sites] = this.native.Module.customSections(module, 'wasan.sites');
    if (!sites) return undefined;
    return shared ?? this.options.threads?.findModule(new Uint8Array(sites));
  }

  private sanitizer(known: Known, sharedMemory: WebAssembly.Memory | undefined): Sanitizer {
    const { onFinding, nameOf, symbolizerOf, pid, suppressions, scriptFrames, guardJs } = this.options;
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
      onFinding: (report) => onFinding(report, sanitizer),
    });
    return sanitizer;
  }

  private withHook(
    imports: WebAssembly.Imports | undefined,
    session: Sanitizer | undefined,
  ): WebAssembly.Imports | undefined {
    return session ? session.wrapImports(imports ?? {}) : imports;
  }

  private async instantiateModule(
    module: WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ): Promise<WebAssembly.Instance> {
    const session = this.session(module, imports);
    const instance = await this.native.instantiate(module, this.withHook(imports, session));
    return this.attach(instance, module, imports, session);
  }

  /** The program's memory, if it imports one: ours comes after it. */
  private importedMemory(
    module: WebAssembly.Module,
    imports: WebAssembly.Imports | undefined,
  ): WebAssembly.Memory | undefined {
    const entry = this.native.Module.imports(module).find((i) => i.kind === 'memory');
    return entry && (imports?.[entry.module]?.[entry.name] as WebAssembly.Memory | undefined);
  }

  private attach(
    instance: WebAssembly.Instance,
    module: WebAssembly.Module,
    imports: WebAssembly.Imports | undefined,
    session: Sanitizer | undefined,
  ): WebAssembly.Instance {
    if (!session) return instance;
    session.attach(instance, this.importedMemory(module, imports));
    this.options.onInstance?.(session, instance);
    return hideOurs(instance);
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
  for (const [name, value] of Object.entries(instance.exports)) if (!name.startsWith('__wasan_')) shown[name] = value;
  return Object.defineProperty(instance, 'exports', { value: Object.freeze(shown), configurable: true });
}

/** A private copy: the program may reuse or detach its buffer. */
function bytesOf(source: BufferSource): Uint8Array {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return view.slice();
}
