// Model against kernel over many seeds: makes the sequences, asks the kernel in batches, shrinks what differs.
import { buildVma } from '../../runtime/build-vma.mts';
import { isForking, profileOf } from './generate.ts';
import { askKernel, type Kernel, type KernelAnswer } from './kernel.ts';
import { READ_FAULT_WRITES } from './mutants.ts';
import { Random } from './random.ts';
import { difference, Model, makeSequence, type Step } from './sequence.ts';

export interface Finding {
  seed: number;
  text: string;
  ops: string[];
}

export interface Recorded {
  seed: number;
  ops: string[];
  answers: KernelAnswer[];
}

interface Made {
  seed: number;
  steps: Step[];
  forks: boolean;
}

/** The rule to switch on for a model of this kernel; 0: none. */
export function ruleOf(kernel: Kernel): number {
  return kernel.hasZeroPage ? 0 : READ_FAULT_WRITES;
}

/** A module that can be a model of this kernel. */
export async function moduleFor(kernel: Kernel): Promise<WebAssembly.Module> {
  return new WebAssembly.Module((await buildVma({ mutants: !kernel.hasZeroPage })) as Uint8Array<ArrayBuffer>);
}

export class Differential {
  /** Seeds tried per call of run(). */
  readonly batch = 20;
  operations = 0;
  readonly #module: WebAssembly.Module;
  readonly #kernel: Kernel;
  readonly #length: number;
  readonly #mutant: number;

  /** The module must have switchable rules where `mutant` is not 0: moduleFor gives one that fits the kernel. */
  constructor(module: WebAssembly.Module, kernel: Kernel, length: number, mutant = ruleOf(kernel)) {
    this.#module = module;
    this.#kernel = kernel;
    this.#length = length;
    this.#mutant = mutant;
  }

  #make(seed: number, model: Model): Made {
    const random = new Random(seed);
    const profile = profileOf(random, this.#kernel);
    model.reset();
    const steps = makeSequence(model, random, profile, this.#length);
    for (const question of model.contentQuestions()) steps.push(model.run(question));
    return { seed, steps, forks: isForking(profile) };
  }

  /** Runs the seeds [seed, seed + batch); the first difference, shrunk, or null. */
  run(seed: number, onSequence?: (sequence: Recorded) => void): Finding | null {
    const model = new Model(this.#module, { mutant: this.#mutant });
    const made = Array.from({ length: this.batch }, (_, i) => this.#make(seed + i, model));
    // Sequences without a fork share one oracle process; a fork leaves the first process behind.
    const groups = [made.filter((each) => !each.forks), ...made.filter((each) => each.forks).map((each) => [each])];
    for (const group of groups) {
      const found = this.#compare(group, onSequence);
      if (found) return found;
    }
    return null;
  }

  #compare(group: readonly Made[], onSequence?: (sequence: Recorded) => void): Finding | null {
    if (!group.length) return null;
    const separator = this.#kernel.isComplete ? 'reset' : 'munmap 0 4096';
    const answers = askKernel(
      this.#kernel,
      group.flatMap((each) => [...each.steps.map((step) => step.op), separator]),
    );
    if (!answers) throw new Error('the kernel oracle broke down');
    let at = 0;
    for (const { seed, steps } of group) {
      const theirs = answers.slice(at, at + steps.length);
      at += steps.length + 1;
      this.operations += steps.length;
      const text = difference(steps, theirs);
      if (text)
        return this.#shrink(
          seed,
          text,
          steps.map((step) => step.op),
        );
      onSequence?.({ seed, ops: steps.map((step) => step.op), answers: theirs });
    }
    return null;
  }

  #differs(ops: readonly string[]): string | null {
    const model = new Model(this.#module, { mutant: this.#mutant });
    const steps = ops.map((op) => model.run(op));
    return difference(steps, askKernel(this.#kernel, ops) ?? []);
  }

  #shrink(seed: number, text: string, ops: string[]): Finding {
    const at = Number(/step (\d+)/.exec(text)?.[1]);
    let best = ops.slice(0, at + 1);
    let said = this.#differs(best);
    if (!said) return { seed, text, ops: best };
    for (let i = best.length - 2; i >= 0; i--) {
      const fewer = best.filter((_, j) => j !== i);
      const again = this.#differs(fewer);
      if (again) [best, said] = [fewer, again];
    }
    return { seed, text: said, ops: best };
  }
}
