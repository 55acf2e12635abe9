// From a byte offset in an original wasm file to functions, source lines and variables. It uses what the file has:
// DWARF, else a source map, else the name section, else export names, else `wasm-function[i]`.

import { ByteReader } from './byte-reader.ts';
import { demangle } from './demangle.ts';
import { Dwarf, dwarfSections } from './dwarf.ts';
import { dwarfFrames, type SourceFrame } from './dwarf-frames.ts';
import { isStale } from './dwarf-stale.ts';
import { dwarfGlobals, dwarfStackFrame, type StackFrame, type Variable } from './dwarf-variables.ts';
import { readNameSection } from './name-section.ts';
import { readSourceMap, type SourceMap, sourceMapFromUrl } from './source-map.ts';
import { lazy, readWasmModule, type WasmModule } from './wasm-module.ts';

export type { StackFrame, Variable } from './dwarf-variables.ts';

export interface Frame {
  function: string;
  file?: string;
  line?: number;
  column?: number;
  /** The function's body was copied into the next frame's. */
  inlined?: boolean;
  /** Byte offset in the original file. */
  offset: number;
  functionIndex: number;
}

export interface SymbolizerOptions {
  /** Used instead of the one the module embeds. */
  sourceMap?: string | object;
  /** A module that holds the DWARF of a stripped original (`externalDebug`). */
  debugModule?: Uint8Array;
  /** Default true. */
  demangle?: boolean;
  /** Told of damage that was worked around. */
  onProblem?: (error: unknown) => void;
}

export interface Symbolizer {
  /** Frames for the instruction at a file offset, innermost inlined first. Never throws. */
  frames(fileOffset: number): Frame[];
  functionName(index: number): string;
  /** -1 if the offset is in no function. */
  functionIndexAt(fileOffset: number): number;
  /** Variables in linear memory of a function, those of calls inlined into it included. */
  stackFrame(index: number): StackFrame | undefined;
  /** Variables with a fixed program address; a module without DWARF has only its named data segments. */
  globals(): Variable[];
  localName(functionIndex: number, localIndex: number): string | undefined;
  /** The text of a source file, by the name that frames give it, where debug information carries it. */
  source?(file: string): string | undefined;
  readonly info: 'dwarf' | 'source-map' | 'names' | 'stripped';
  /** There is DWARF, but of code that has been rewritten since: only what it says of globals is used. */
  readonly staleDwarf: boolean;
  /** File name of the module that holds the DWARF. */
  readonly externalDebug?: string;
  /** Source map that the host would have to load. */
  readonly sourceMapUrl?: string;
}

export function createSymbolizer(original: Uint8Array, options: SymbolizerOptions = {}): Symbolizer {
  return new ModuleSymbolizer(original, options);
}

class ModuleSymbolizer implements Symbolizer {
  readonly externalDebug?: string;
  readonly sourceMapUrl?: string;
  readonly #module: WasmModule;
  readonly #names: () => ReturnType<typeof readNameSection>;
  readonly #dwarf: Dwarf | undefined;
  readonly #stale: () => boolean;
  readonly #sourceMap: () => SourceMap | undefined;
  readonly #onProblem: (error: unknown) => void;
  readonly #readable: (name: string) => string;
  readonly #globals: () => Variable[];

  constructor(original: Uint8Array, options: SymbolizerOptions) {
    this.#onProblem = options.onProblem ?? (() => {});
    this.#readable =
      options.demangle === false ? (name) => name : cached((name) => this.#guard(name, () => demangle(name)));
    this.#module = readWasmModule(original);
    const debugModule = options.debugModule && readWasmModule(options.debugModule);
    const namesOf = (module: WasmModule | undefined) => module?.custom('name');
    this.#names = lazy(() => readNameSection(namesOf(this.#module) ?? namesOf(debugModule)));
    const sections = (debugModule && dwarfSections(debugModule)) ?? dwarfSections(this.#module);
    this.#dwarf = sections && new Dwarf(sections, () => codeBounds(this.#module), this.#onProblem);
    this.#stale = lazy(() => this.#dwarf !== undefined && isStale(this.#dwarf, this.#module));
    const external = this.#customString('external_debug_info');
    if (external !== undefined) this.externalDebug = external;
    const url = this.#customString('sourceMappingURL');
    const embedded = url === undefined ? undefined : this.#guard(undefined, () => sourceMapFromUrl(url));
    if (url !== undefined && embedded === undefined) this.sourceMapUrl = url;
    const given = options.sourceMap ?? embedded;
    this.#sourceMap = lazy(() =>
      given === undefined ? undefined : this.#guard(undefined, () => readSourceMap(given)),
    );
    this.#globals = lazy(() => this.#findGlobals());
  }

  get info(): Symbolizer['info'] {
    if (this.#code && this.#code.units.length > 0) return 'dwarf';
    if (this.#sourceMap()) return 'source-map';
    return this.#names().functions.size > 0 ? 'names' : 'stripped';
  }

  source(file: string): string | undefined {
    return this.#sourceMap()?.text(file);
  }

  get staleDwarf(): boolean {
    return this.#stale();
  }

  /** The DWARF, as far as it is to be believed about code. */
  get #code(): Dwarf | undefined {
    return this.#stale() ? undefined : this.#dwarf;
  }

  frames(fileOffset: number): Frame[] {
    const functionIndex = this.functionIndexAt(fileOffset);
    const complete = (frame: SourceFrame, inlined: boolean): Frame => {
      const name = frame.name === undefined ? this.functionName(functionIndex) : this.#readable(frame.name);
      const { name: _, ...position } = frame;
      return { function: name, ...position, ...(inlined && { inlined }), offset: fileOffset, functionIndex };
    };
    const found = this.#guard<SourceFrame[]>([], () => this.#sourceFrames(fileOffset, functionIndex));
    if (found.length === 0) found.push({});
    return found.map((frame, i) => complete(frame, i < found.length - 1));
  }

  #sourceFrames(fileOffset: number, functionIndex: number): SourceFrame[] {
    if (functionIndex < 0) return [];
    const { starts } = this.#module.bodies;
    const start = starts[functionIndex - this.#module.importedFunctions.length]!;
    const dwarf = this.#code;
    const frames = dwarf ? dwarfFrames(dwarf, fileOffset - this.#module.code.start) : [];
    if (frames.length > 0) return frames;
    const position = this.#sourceMap()?.at(fileOffset, start);
    return position ? [position] : [];
  }

  functionName(index: number): string {
    return this.#guard(`wasm-function[${index}]`, () => {
      const { importedFunctions, exportedFunctions } = this.#module;
      const named = this.#namedFunction(index) ?? this.#dwarfName(index) ?? exportedFunctions.get(index);
      return this.#readable(named ?? importedFunctions[index] ?? `wasm-function[${index}]`);
    });
  }

  /** Clang gives `main` other names; `__main_void` is the program's only if libc's does not stand between. */
  #namedFunction(index: number): string | undefined {
    const { functions } = this.#names();
    const name = functions.get(index);
    if (name === undefined || !/^__(?:main_argc_argv|main_void|original_main)$/.test(name)) return name;
    if (name !== '__main_void') return 'main';
    for (const other of functions.values()) if (other === '__main_argc_argv' || other === 'main') return name;
    return 'main';
  }

  #dwarfName(index: number): string | undefined {
    const start = this.#module.bodies.starts[index - this.#module.importedFunctions.length];
    const dwarf = this.#code;
    if (start === undefined || !dwarf) return undefined;
    return dwarfFrames(dwarf, start - this.#module.code.start).at(-1)?.name;
  }

  functionIndexAt(fileOffset: number): number {
    const { starts, ends } = this.#module.bodies;
    let low = 0;
    for (let high = starts.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= fileOffset) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || !(fileOffset < ends[low - 1]!)) return -1;
    return this.#module.importedFunctions.length + low - 1;
  }

  stackFrame(index: number): StackFrame | undefined {
    const { starts } = this.#module.bodies;
    const start = starts[index - this.#module.importedFunctions.length];
    const dwarf = this.#code;
    if (start === undefined || !dwarf) return undefined;
    return this.#guard(undefined, () => dwarfStackFrame(dwarf, start, this.#module.code.start));
  }

  globals(): Variable[] {
    return this.#globals();
  }

  #findGlobals(): Variable[] {
    const dwarf = this.#dwarf;
    const variables = dwarf ? this.#guard([], () => dwarfGlobals(dwarf, this.#readable)) : [];
    return variables.length > 0 ? variables : this.#guard([], () => this.#namedSegments());
  }

  #namedSegments(): Variable[] {
    const variables: Variable[] = [];
    for (const [index, name] of this.#names().dataSegments) {
      const segment = this.#module.dataSegments[index];
      if (segment?.address === undefined) continue;
      variables.push({ name, offset: segment.address, size: segment.size, segment: true });
    }
    return variables.sort((a, b) => a.offset - b.offset);
  }

  localName(functionIndex: number, localIndex: number): string | undefined {
    return this.#names().locals.get(functionIndex)?.get(localIndex);
  }

  #customString(section: string): string | undefined {
    const payload = this.#module.custom(section);
    if (!payload) return undefined;
    return this.#guard(undefined, () => {
      const reader = new ByteReader(payload);
      return reader.text(reader.uleb());
    });
  }

  /** A report must come out whatever the debugging information is worth, so no error leaves this file. */
  #guard<T>(fallback: T, run: () => T): T {
    try {
      return run();
    } catch (error) {
      this.#onProblem(error);
      return fallback;
    }
  }
}

/** Some tools count a function from its size field, up to 5 bytes before the body. */
function codeBounds({ code, bodies }: WasmModule): { first: number; end: number } {
  return { first: (bodies.starts[0] ?? code.start + 1) - code.start - 5, end: code.end - code.start };
}

function cached(compute: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    let result = known.get(name);
    if (result === undefined) {
      result = compute(name);
      known.set(name, result);
    }
    return result;
  };
}
