// Runs inputs: what the campaign needs to know of a target, and the target that is an instrumented module in this process.

import type { LeakOptions } from '../host/leak-check.ts';
import type { StackFrame } from '../host/report/place.ts';
import type { Symbolizer } from '../host/symbols/index.ts';
import type { CountedCode } from '../instrument/coverage.ts';
import * as abi from '../runtime/abi.ts';
import type { EntryType } from './assemblyscript.ts';
import { type Compare, readCompares } from './compares.ts';
import type { Finding } from './finding.ts';
import { Harness, type Mutated } from './harness.ts';
import type { Hits } from './hits.ts';
import type { Outcome } from './outcome.ts';
import type { Print } from './wasi.ts';

export interface Executor {
  /** Number of edge counters. */
  readonly counters: number;
  /** Runs one input; undefined if nothing is wrong. */
  run(input: Uint8Array): Finding | undefined;
  /** What the last run reached, told once; read before anything else runs. */
  hits(): Hits;
  /** Makes what `compares` needs, which is set-up and not fuzzing. */
  prepare?(): void;
  /** Runs an input for what it compares. */
  compares(input: Uint8Array): Compare[];
  /** The target's own mutators, if it has any. */
  readonly custom?: CustomMutators | undefined;
  /** How far the operands of each comparison of the last run were apart at best, where that is feedback. */
  distances?(): ReadonlyMap<number, number>;
  /** Counters that are edges, the first ones; the others are feedback of another kind. Default: all. */
  readonly edges?: number;
  /** The code a counter stands for, if it is code of a module. */
  placeOf?(counter: number): CountedPlace | undefined;
  /** Whether a counter stands for the beginning of a function. */
  isEntry?(counter: number): boolean;
}

/** Where a counter's code begins, in the original module and in its source; of a function's beginning that function. */
export interface CountedPlace {
  readonly offset: number;
  readonly frame: StackFrame;
}

export interface CustomMutators {
  /** Undefined where the target brings only the other. */
  readonly mutate: ((bytes: Uint8Array, maxLength: number, seed: number) => Mutated) | undefined;
  readonly crossOver: ((a: Uint8Array, b: Uint8Array, maxLength: number, seed: number) => Mutated) | undefined;
  /** What LLVMFuzzerMutate does to bytes. */
  provide(mutator: (bytes: Uint8Array, maxLength: number) => Uint8Array): void;
}

export interface ModuleTarget {
  readonly original: Uint8Array;
  /** Instrumented with `coverage: 'counters'`; and, made when first needed, with 'compares'. */
  readonly counting: Uint8Array;
  readonly comparing: () => Uint8Array;
  readonly symbolizer: Symbolizer;
  readonly moduleName: string;
  /** An exported function (pointer, length); by default LLVMFuzzerTestOneInput, else the command reading stdin. */
  readonly entry?: string | undefined;
  /** Its only parameter is an object of this class of AssemblyScript. */
  readonly entryType?: EntryType | undefined;
  readonly imports?: WebAssembly.Imports;
  /** Arguments of a command; where they say @@, the name of a file with the input. */
  readonly args?: readonly string[];
  /** Is given what runs print. */
  readonly print?: Print;
  /** Milliseconds one run may take. */
  readonly timeout: number;
  /** Bytes the program's memory may grow to. */
  readonly memoryLimit: number;
  /** How to look for unreachable blocks after a run that left more behind than it found; false: not at all. */
  readonly leaks: LeakOptions | false;
  /** Keeps what runs print and put out, for `outcome`. */
  readonly keepsOutcome?: boolean;
  /** By number of the counter. */
  readonly counted: readonly CountedCode[];
  /** Milliseconds this thread has worked: a run that waits for the machine does not hang. */
  readonly now: () => number;
}

export class ModuleExecutor implements Executor {
  readonly counters: number;
  readonly edges: number;
  private readonly counting: Harness;
  readonly custom: CustomMutators | undefined;
  private comparing: Harness | undefined;
  private readonly target: ModuleTarget;

  constructor(target: ModuleTarget) {
    this.target = target;
    this.counting = new Harness(target, target.counting);
    this.counting.open();
    this.edges = this.counting.header(abi.HEADER_COVERAGE_COUNT);
    this.counters = this.edges + abi.COVERAGE_DEPTHS;
    this.custom = customMutators(this.counting);
  }

  run(input: Uint8Array): Finding | undefined {
    return this.counting.run(input);
  }

  hits(): Hits {
    return this.counting.hits();
  }

  placeOf(counter: number): CountedPlace | undefined {
    const { start: offset, entry } = this.target.counted[counter] ?? {};
    if (offset === undefined) return undefined;
    const frame = this.target.symbolizer.frames(offset).at(entry ? -1 : 0);
    return frame && { offset, frame };
  }

  isEntry(counter: number): boolean {
    return this.target.counted[counter]?.entry ?? false;
  }

  /** Where `counting` is a build that logs comparisons: of the last run. */
  lastCompares(): Compare[] {
    return readCompares(new Uint8Array(this.counting.memory1.buffer));
  }

  forgetCompares(): void {
    this.counting.open();
    this.counting.clearCompares();
  }

  /** What the last run did, which ended with this finding or none. */
  outcome(finding: Finding | undefined): Outcome {
    return this.counting.outcome(finding);
  }

  prepare(): void {
    this.openComparing();
  }

  compares(input: Uint8Array): Compare[] {
    const comparing = this.openComparing();
    comparing.clearCompares();
    comparing.run(input);
    return readCompares(new Uint8Array(comparing.memory1.buffer));
  }

  private openComparing(): Harness {
    this.comparing ??= new Harness(silent(this.target), this.target.comparing());
    this.comparing.open();
    return this.comparing;
  }
}

function customMutators(harness: Harness): CustomMutators | undefined {
  if (!harness.mutates && !harness.crosses) return undefined;
  return {
    mutate: harness.mutates ? (bytes, max, seed) => harness.mutate(bytes, max, seed) : undefined,
    crossOver: harness.crosses ? (a, b, max, seed) => harness.crossOver(a, b, max, seed) : undefined,
    provide: (mutator) => {
      harness.mutator = mutator;
    },
  };
}

/** Runs that are made once more, to look closer, print nothing again. */
function silent(target: ModuleTarget): ModuleTarget {
  const { print: _, ...rest } = target;
  return rest;
}
