// A target that is a JavaScript function around any wasm API: every module it loads while it is set up runs instrumented.

import { withDeepStacks } from '../host/engine-stack.ts';
import { SanitizerError } from '../host/errors.ts';
import { intercept } from '../host/intercept.ts';
import type { StackFrame } from '../host/report/place.ts';
import type { Sanitizer } from '../host/sanitizer.ts';
import * as abi from '../runtime/abi.ts';
import { type Compare, readCompares } from './compares.ts';
import type { Executor } from './executor.ts';
import { type Finding, plainFinding, reportFinding } from './finding.ts';
import { HitList, type Hits } from './hits.ts';

/** What it returns is feedback if it is a string: each string that was not returned before makes its input worth keeping. */
export type FuzzFunction = (input: Uint8Array) => unknown;
/** Loads what the target needs and returns the function to call with each input. Called once per kind of feedback. */
export type SetUp = () => FuzzFunction | Promise<FuzzFunction>;

export type InstrumentFor = (original: Uint8Array, coverage: 'counters' | 'compares') => Uint8Array;

/** Counters behind those of the modules: one for each string that a function may return, as far as hashes differ. */
const ANSWERS = 4096;

interface Loaded {
  readonly sanitizer: Sanitizer;
  readonly memory: WebAssembly.Memory;
  /** Known once the target has been set up. */
  putBackStacks: () => void;
}

/** One set-up of the target, with the modules it loaded. */
class Stage {
  readonly modules: Loaded[] = [];
  run: FuzzFunction = () => {};
  pending: Finding | undefined;
  answer: unknown;

  static async open(setUp: SetUp, instrument: InstrumentFor, coverage: 'counters' | 'compares'): Promise<Stage> {
    const stage = new Stage();
    const restore = intercept({
      rewrite: (original) => instrument(original, coverage),
      onFinding: (report) => {
        stage.pending ??= reportFinding({ ...report, stack: withoutFuzzer(report.stack) });
        return true;
      },
      onInstance: (sanitizer, instance) =>
        stage.modules.push({
          sanitizer,
          memory: instance.exports.__wasan_memory as WebAssembly.Memory,
          putBackStacks: () => {},
        }),
    });
    try {
      stage.run = await setUp();
    } finally {
      restore();
    }
    for (const module of stage.modules) module.putBackStacks = module.sanitizer.keepStackTops();
    return stage;
  }
}

export class FunctionExecutor implements Executor {
  readonly counters: number;
  private readonly counting: Stage;
  private readonly comparing: Stage;
  private readonly all: HitList;
  /** Counters of the modules. */
  private readonly moduleEdges: number;

  static async open(setUp: SetUp, instrument: InstrumentFor): Promise<FunctionExecutor> {
    const counting = await Stage.open(setUp, instrument, 'counters');
    return new FunctionExecutor(counting, await Stage.open(setUp, instrument, 'compares'));
  }

  private constructor(counting: Stage, comparing: Stage) {
    this.counting = counting;
    this.comparing = comparing;
    this.moduleEdges = counting.modules.reduce((sum, m) => sum + field(m, abi.HEADER_COVERAGE_COUNT), 0);
    this.counters = this.moduleEdges + ANSWERS;
    this.all = new HitList(this.counters);
  }

  run(input: Uint8Array): Finding | undefined {
    const finding = runStage(this.counting, input);
    const { answer } = this.counting;
    if (this.moduleEdges === 0 && !finding && typeof answer !== 'string')
      throw new SanitizerError(
        'E_NO_ENTRY',
        'the target loaded no wasm module while it was set up, and returns no string',
      );
    return finding;
  }

  /** In all modules, one after the other, and the answer. */
  hits(): Hits {
    this.all.clear();
    let base = 0;
    for (const module of this.counting.modules) {
      const count = field(module, abi.HEADER_COVERAGE_COUNT);
      this.all.drain(new Uint8Array(module.memory.buffer, field(module, abi.HEADER_COVERAGE), count), base);
      base += count;
    }
    const { answer } = this.counting;
    if (typeof answer === 'string') this.all.add(this.moduleEdges + (hash(answer) % ANSWERS), 1);
    return this.all;
  }

  compares(input: Uint8Array): Compare[] {
    if (this.moduleEdges === 0) return [];
    for (const { memory } of this.comparing.modules) {
      const header = new DataView(memory.buffer);
      const uses = header.getUint32(abi.HEADER_COMPARE_USES, true);
      const log = header.getUint32(abi.HEADER_COMPARES, true);
      new Uint8Array(memory.buffer, uses, log - uses).fill(0);
      header.setUint32(abi.HEADER_COMPARES_TOP, log, true);
    }
    runStage(this.comparing, input);
    return this.comparing.modules.flatMap((module) => readCompares(new Uint8Array(module.memory.buffer)));
  }
}

/**
 * After a finding the same instances go on: what they hold is the target's own business. But their stacks are empty between
 * runs, whatever was thrown through functions that had frames there: otherwise a few thousand exceptions, caught or not, use
 * them up, and every run that follows overflows them.
 */
function runStage(stage: Stage, input: Uint8Array): Finding | undefined {
  stage.pending = undefined;
  stage.answer = undefined;
  try {
    stage.answer = withDeepStacks(() => callFuzzTarget(stage, input));
  } catch (error) {
    stage.pending ??= thrown(error, stage);
  }
  for (const module of stage.modules) module.putBackStacks();
  if (stage.pending) stage.modules.forEach(forgetSites);
  return stage.pending;
}

/** The function after which stacks are cut off. */
function callFuzzTarget(stage: Stage, input: Uint8Array): unknown {
  return stage.run(input.slice());
}

/** What called the target is wasan's own, and says nothing about it. */
function withoutFuzzer(stack: readonly StackFrame[]): StackFrame[] {
  const end = stack.findIndex((frame) => frame.function.startsWith(`${callFuzzTarget.name} (`));
  return stack.slice(0, end < 0 ? stack.length : end);
}

/** A site reports once per instance; here every input has to be able to. */
function forgetSites(module: Loaded): void {
  const seen = field(module, abi.HEADER_SITES_SEEN);
  const bytes = (field(module, abi.HEADER_SITE_COUNT) >> 3) + 1;
  if (seen !== 0) new Uint8Array(module.memory.buffer, seen, bytes).fill(0);
}

function thrown(error: unknown, stage: Stage): Finding {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const frames = withoutFuzzer(stage.modules[0]?.sanitizer.symbolizeStack(stack ?? '') ?? []);
  const script = /\n\s*at ([^\n]*)/.exec(stack ?? '')?.[1] ?? '';
  return plainFinding('crash', name, message, frames.length > 0 ? frames : [{ function: script }]);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

function field({ memory }: Loaded, at: number): number {
  return new DataView(memory.buffer).getUint32(at, true);
}
