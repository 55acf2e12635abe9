// Runs inputs: what the campaign needs to know of a target, and the target that is an instrumented module in this process.

import type { Symbolizer } from '../host/symbols/index.ts';
import * as abi from '../runtime/abi.ts';
import { type Compare, readCompares } from './compares.ts';
import type { Finding } from './finding.ts';
import { Harness } from './harness.ts';
import type { Outcome } from './outcome.ts';

export interface Executor {
  /** Number of edge counters. */
  readonly counters: number;
  /** Runs one input; undefined if nothing is wrong. */
  run(input: Uint8Array): Finding | undefined;
  /** The counters of the last run; to be cleared by whoever read them. */
  current(): Uint8Array;
  /** Runs an input for what it compares. */
  compares(input: Uint8Array): Compare[];
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
  readonly imports?: WebAssembly.Imports;
  /** Milliseconds one run may take. */
  readonly timeout: number;
  /** Bytes the program's memory may grow to. */
  readonly memoryLimit: number;
  /** Looks for unreachable blocks after a run that left more behind than it found. */
  readonly detectLeaks: boolean;
  /** Keeps what runs print and put out, for `outcome`. */
  readonly keepsOutcome?: boolean;
  readonly now: () => number;
}

export class ModuleExecutor implements Executor {
  readonly counters: number;
  private readonly counting: Harness;
  private comparing: Harness | undefined;
  private readonly target: ModuleTarget;

  constructor(target: ModuleTarget) {
    this.target = target;
    this.counting = new Harness(target, target.counting);
    this.counting.open();
    this.counters = this.counting.header(abi.HEADER_COVERAGE_COUNT);
  }

  run(input: Uint8Array): Finding | undefined {
    return this.counting.run(input);
  }

  current(): Uint8Array {
    return this.counting.counters();
  }

  /** What the last run did, which ended with this finding or none. */
  outcome(finding: Finding | undefined): Outcome {
    return this.counting.outcome(finding);
  }

  compares(input: Uint8Array): Compare[] {
    this.comparing ??= new Harness(this.target, this.target.comparing());
    this.comparing.open();
    this.comparing.clearCompares();
    this.comparing.run(input);
    return readCompares(new Uint8Array(this.comparing.memory1.buffer));
  }
}
