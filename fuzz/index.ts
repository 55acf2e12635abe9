// fuzz(target, options): finds inputs that make a module, or a function around one, do something wrong. Works inside a
// test: it returns the findings and prints nothing. `wasan fuzz` is the same with a corpus folder and a command line.

import { createSymbolizer } from '../host/symbols/index.ts';
import { instrument } from '../instrument/index.ts';
import { runtimeImages } from '../instrument/runtime-images.ts';
import type { EntryType } from './assemblyscript.ts';
import { Campaign, type Observer, type Totals } from './campaign.ts';
import type { Executor } from './executor.ts';
import type { Finding } from './finding.ts';
import { openFolder, regressionInputs, sha1, writeFile } from './folder.ts';
import { FunctionExecutor, type SetUp } from './functions.ts';
import { minimize } from './minimize.ts';
import { DEFAULT_TIMEOUT, type ModuleOptions, type OtherModule, openDifferential, openTarget } from './module.ts';
import { seededRandom } from './random.ts';

export type { EntryType } from './assemblyscript.ts';
export type { Observer, Totals } from './campaign.ts';
export type { Finding, FindingKind } from './finding.ts';
export type { FuzzFunction, SetUp } from './functions.ts';
export {
  coverSources,
  type ModuleOptions,
  type OtherModule,
  openDifferential,
  openModule,
  openTarget,
} from './module.ts';

export interface FuzzOptions {
  /** Runs in all. Default 100,000. */
  readonly runs?: number;
  /** Same seed, same campaign. Default 1. */
  readonly seed?: number;
  /** Longest input. Default 4096. */
  readonly maxLength?: number;
  readonly seeds?: readonly Uint8Array[];
  /** Folder with inputs of earlier findings: replayed first, all of them; new findings are saved there. */
  readonly regressions?: string;
  readonly dictionary?: readonly Uint8Array[];
  /** Milliseconds one run of a module may take. Default 1000. */
  readonly timeout?: number;
  /** Milliseconds the campaign may take, set-up and minimising not counted. Default: no limit. */
  readonly maxRuntime?: number;
  /** Factor for timeout and maxRuntime, on slow machines. Default 1. */
  readonly scale?: number;
  /** Goes on after the first finding. Default false. */
  readonly keepGoing?: boolean;
  /** Exported function of a module: (pointer, length). */
  readonly entry?: string;
  /** It takes no (pointer, length) but an object of this class of AssemblyScript, made of the input. */
  readonly entryType?: EntryType;
  readonly imports?: WebAssembly.Imports;
  /** Arguments of a command; where they say @@, the name of a file that holds the input. Else it is standard input. */
  readonly args?: readonly string[];
  /** How close comparisons come to being equal is feedback, too. Default false. */
  readonly valueProfile?: boolean;
  readonly moduleName?: string;
  /** How a module is checked. */
  readonly instrument?: NonNullable<ModuleOptions['instrument']>;
  /** Another module, or the same under other options: where the two do not do the same is a finding. */
  readonly against?: OtherModule;
  readonly observer?: Observer;
}

export interface FuzzFinding {
  readonly finding: Finding;
  readonly input: Uint8Array;
  /** The shortest input found that does the same. */
  readonly minimized: Uint8Array;
}

export interface FuzzResult {
  readonly findings: readonly FuzzFinding[];
  readonly totals: Totals;
  readonly corpus: readonly Uint8Array[];
}

const MINIMIZE_RUNS = 3000;

/** Fuzzes a module, or a function around any API whose modules are loaded by `target()`. */
export async function fuzz(target: Uint8Array | SetUp, options: FuzzOptions = {}): Promise<FuzzResult> {
  const moduleOptions = { ...options, timeout: (options.timeout ?? DEFAULT_TIMEOUT) * (options.scale ?? 1) };
  const executor: Executor =
    typeof target === 'function'
      ? await FunctionExecutor.open(
          target,
          (original, coverage) =>
            instrument(original, runtimeImages, { host: true, coverage, debugInfo: createSymbolizer(original) }).bytes,
        )
      : options.against
        ? openDifferential(target, moduleOptions, options.against)
        : openTarget(target, moduleOptions);
  executor.prepare?.();
  const end = performance.now() + (options.maxRuntime ?? Number.POSITIVE_INFINITY) * (options.scale ?? 1);
  const { regressions } = options;
  if (regressions !== undefined) openFolder(regressions);
  const campaign = new Campaign({
    executor,
    random: seededRandom(options.seed ?? 1),
    nameOf: sha1,
    observer: {
      ...options.observer,
      onFinding: (finding, input) => {
        if (regressions !== undefined) writeFile(regressions, `${finding.kind}-${sha1(input)}`, input, true);
        options.observer?.onFinding?.(finding, input);
      },
    },
    runs: options.runs ?? 100_000,
    maxLength: options.maxLength ?? 4096,
    dictionary: options.dictionary ?? [],
    ignoreCrashes: options.keepGoing ?? false,
    shouldStop: () => performance.now() > end,
  });
  for (const input of regressions === undefined ? [] : regressionInputs(regressions))
    campaign.attempt(input, undefined, true);
  campaign.run(options.seeds ?? []);
  return {
    findings: campaign.findings.map(({ finding, input }) => ({
      finding,
      input,
      minimized: minimizeFinding(executor, finding, input),
    })),
    totals: campaign.totals,
    corpus: campaign.corpus.units.filter((unit) => !unit.retired).map((unit) => unit.bytes),
  };
}

/** The shortest input found that leads to the same finding. Hangs are left as they are: every try would hang. */
export function minimizeFinding(
  executor: Executor,
  finding: Finding,
  input: Uint8Array,
  runs: number = MINIMIZE_RUNS,
): Uint8Array {
  if (finding.kind === 'timeout') return input;
  let left = runs;
  return minimize(
    input,
    (candidate) => {
      left--;
      const { key } = executor.run(candidate) ?? {};
      executor.hits();
      return key === finding.key;
    },
    () => left <= 0,
  );
}
