// Which frames does a report show? Of an engine's stack, of the sites that the runtime has recorded, and of functions that were
// about to be called: each at its place in the original file, with the names and lines that the symbolizer knows.

import type { HostCall } from './boundary.ts';
import { calledFunction, codeOf } from './called-function.ts';
import { checkedRole, type EngineFrame } from './engine-stack.ts';
import { type ModuleInfo, readInfo } from './module-info.ts';
import type { Facts } from './report/facts.ts';
import type { StackFrame } from './report/place.ts';
import type { SanitizerOptions } from './sanitizer-options.ts';
import { readSiteTable, type SiteTable } from './site-table.ts';
import { createSymbolizer, type Symbolizer } from './symbols/index.ts';
import { perModule, readWasmModule } from './symbols/wasm-module.ts';

/** Made from what a module itself holds. */
const symbolsOf = perModule((original) => createSymbolizer(original));

/** Everything is read when it is first asked for: most instances never have a finding. */
export class StackFrames {
  private readonly options: SanitizerOptions;
  private symbols: Symbolizer | undefined;
  private table: SiteTable | undefined;
  private allocator: ModuleInfo['allocator'] | undefined;

  constructor(options: SanitizerOptions) {
    this.options = options;
  }

  get symbolizer(): Symbolizer {
    this.symbols ??= this.options.symbolizer ?? symbolsOf(this.options.original);
    return this.symbols;
  }

  get sites(): SiteTable | undefined {
    this.table ??= readSiteTable(this.options.instrumented, this.options.original);
    return this.table;
  }

  get moduleName(): string {
    return this.options.moduleName ?? 'module.wasm';
  }

  /** The engine's stack where it names wasm code; otherwise the check's site and the recorded calls above it. */
  ofAccess(facts: Facts, stack: readonly EngineFrame[]): readonly StackFrame[] {
    const engine = this.ofEngine(stack);
    const isKnown = engine.some((f) => f.offset !== undefined);
    return isKnown ? engine : this.ofSites(facts.site ? [facts.site, ...facts.stack] : facts.stack);
  }

  /** What a host function did wrong: itself first. */
  ofHostCall({ module, name }: HostCall, frames: readonly StackFrame[]): readonly StackFrame[] {
    return [{ function: name, module }, ...frames];
  }

  /** JavaScript that touches memory: its own frames first, and those of the program that called it. */
  ofScript(call: HostCall, stack: readonly EngineFrame[]): readonly StackFrame[] {
    const caller = stack.findIndex((f) => f.functionIndex === undefined);
    const text = caller < 0 ? '' : stack[caller]!.text!;
    return this.ofHostCall(
      call,
      caller < 0 ? [] : [{ function: text }, ...this.ofEngine(stack.slice(caller + 1), true)],
    );
  }

  /** Frames that begin at a call of the library in front of which a check stands; one without a name was found by what it does. */
  withCallee(frames: readonly StackFrame[], stack: readonly EngineFrame[]): readonly StackFrame[] {
    const callee = this.calleeAt(frames[0]?.offset);
    if (callee === undefined) return frames;
    const name = this.symbolizer.functionName(callee);
    const role = /^wasm-function\[/.test(name) ? checkedRole(stack) : undefined;
    return [this.called(callee, role ?? name), ...frames];
  }

  /** Frames that begin at a call of the allocator, with its function first, as ASan's have theirs. */
  withAllocator(frames: readonly StackFrame[]): readonly StackFrame[] {
    const callee = this.calleeAt(frames[0]?.offset);
    this.allocator ??= readInfo(this.options.instrumented).allocator;
    const known = this.allocator.find(({ func }) => func === callee);
    if (!known) return frames;
    const { func, how, role } = known;
    // An export that nobody knew it by may have a short name, as minifiers give.
    const hasName = this.symbolizer.info !== 'stripped' || how === 'name' || how === 'export';
    return [this.called(func, hasName ? this.symbolizer.functionName(func) : role), ...frames];
  }

  private calleeAt(offset: number | undefined): number | undefined {
    return offset === undefined ? undefined : calledFunction(this.options.original, offset);
  }

  private called(func: number, name: string): StackFrame {
    return { ...this.entryOf(func), function: name, called: true };
  }

  /** Where a function's code begins. */
  entryOf(func: number): Pick<StackFrame, 'offset' | 'module'> {
    const offset = codeOf(readWasmModule(this.options.original), func);
    return { module: this.moduleName, ...(offset !== undefined && { offset }) };
  }

  /** `fromScript`: the stack begins in JavaScript, which is to be shown, too. */
  ofEngine(stack: readonly EngineFrame[], fromScript = false): readonly StackFrame[] {
    const frames: StackFrame[] = [];
    for (const frame of stack) {
      if (frame.functionIndex === undefined) {
        const wanted = fromScript || (frames.length > 0 && this.options.scriptFrames !== false);
        if (wanted) frames.push({ function: frame.text ?? '' });
        continue;
      }
      const site = frame.offset === undefined ? undefined : this.sites?.toOriginal(frame.offset);
      if (site) frames.push(...this.at(site.offset));
    }
    return frames;
  }

  ofSites(ids: readonly number[]): readonly StackFrame[] {
    return ids.flatMap((id) => {
      const site = this.sites?.site(id);
      return site ? this.at(site.offset) : [];
    });
  }

  /** Several where functions were inlined, the innermost first. */
  at(offset: number): readonly StackFrame[] {
    return this.symbolizer.frames(offset).map((f) => ({ ...f, module: this.moduleName }));
  }
}
