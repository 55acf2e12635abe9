// One differential sequence: operations made up against the model, replayed by the kernel, and the first difference in
// result, map or contents. Also what shrinks a sequence and what records one.
import { parseLine } from '../../host/vma/language.ts';
import { apply, type MapEntry, mapOf, type Outcome } from '../../host/vma/replay.ts';
import { VmaSpace } from '../../host/vma/space.ts';
import { MREMAP_DONTUNMAP } from '../../runtime/vma-layout.ts';
import { nextOperation, type Profile } from './generate.ts';
import type { KernelAnswer } from './kernel.ts';
import type { Random } from './random.ts';

export const ORACLE_PAGES = 4096;
const OUTSIDE = 4096; // pages behind the oracle's window: where the model puts what the kernel puts elsewhere

export interface Step {
  op: string;
  outcome: Outcome;
  map: MapEntry[];
}

export interface ModelOptions {
  mutant?: number;
}

export class Model {
  readonly space: VmaSpace;
  readonly #memory: WebAssembly.Memory;
  #outside = 0;
  hasAliases = false;

  constructor(module: WebAssembly.Module, options: ModelOptions = {}) {
    const startPage = 16;
    const pages = ORACLE_PAGES + OUTSIDE;
    this.#memory = new WebAssembly.Memory({ initial: (startPage + pages) / 16 });
    this.space = new VmaSpace({ module, memory: this.#memory, startPage, pages });
    if (options.mutant) this.space.raw.vma_set_mutant?.(options.mutant);
  }

  /** Empties the window between sequences. */
  reset(): void {
    this.space.reset();
    this.#outside = 0;
    this.hasAliases = false;
  }

  /** Runs an operation. Where the kernel searches a place it finds one outside the window: so must the model. */
  run(text: string): Step {
    const op = parseLine(text)!.op;
    this.space.raw.vma_set_choice(this.space.startPage + ORACLE_PAGES + 1 + this.#outside);
    const outcome = apply(this.space, op, 'linux');
    if ('at' in outcome && outcome.at > ORACLE_PAGES) this.#outside += outsideLength(op) + 1;
    if (op.op === 'mremap') this.hasAliases ||= mayAlias(op);
    return { op: text, outcome: seenByOracle(outcome), map: this.map() };
  }

  map(): MapEntry[] {
    return mapOf(this.space).filter(([start]) => start < ORACLE_PAGES);
  }

  /** One load per page of every area: what the contents comparison asks. Shared memory with two views is left out. */
  contentQuestions(): string[] {
    return this.map().flatMap(([start, end, perms]) => {
      if (perms.endsWith('s') && this.hasAliases) return [];
      return Array.from({ length: end - start }, (_, i) => `get ${start + i}`);
    });
  }
}

function outsideLength(op: ReturnType<typeof parseOp>): number {
  if (op.op === 'mremap') return Number((op.newLength + 4095n) / 4096n);
  return op.op === 'mmap' ? Number((op.length + 4095n) / 4096n) : 0;
}

function parseOp(text: string) {
  return parseLine(text)!.op;
}

/** Gives shared memory a second view, or lets it see bytes of its object again that it had cut off. */
function mayAlias(op: { oldLength: bigint; newLength: bigint; flags: number }): boolean {
  return op.newLength > op.oldLength || (op.flags & MREMAP_DONTUNMAP) !== 0;
}

function seenByOracle(outcome: Outcome): Outcome {
  return 'at' in outcome && outcome.at > ORACLE_PAGES ? { out: 0 } : outcome;
}

export function makeSequence(model: Model, random: Random, profile: Profile, length: number): Step[] {
  return Array.from({ length }, (_, i) => model.run(nextOperation(random, model.space, profile, i + 1)));
}

function sameResult(ours: Outcome, theirs: KernelAnswer): boolean {
  if ('err' in ours) return theirs.err === ours.err;
  if ('v' in ours) return theirs.v !== undefined && BigInt(theirs.v) === ours.v;
  if ('at' in ours) return theirs.at === ours.at;
  if ('out' in ours) return theirs.out !== undefined;
  return theirs.err === undefined && theirs.v === undefined;
}

/** The first step at which model and kernel part, told in one line; null when they agree. */
export function difference(steps: readonly Step[], answers: readonly KernelAnswer[]): string | null {
  for (const [i, step] of steps.entries()) {
    const answer = answers[i];
    if (!answer) return `step ${i} "${step.op}": the kernel gave no answer`;
    const isSameMap = answer.m === undefined || JSON.stringify(answer.m) === JSON.stringify(step.map);
    if (!sameResult(step.outcome, answer) || !isSameMap) {
      const ours = JSON.stringify({ ...step.outcome, ...('v' in step.outcome ? { v: String(step.outcome.v) } : {}) });
      return `step ${i} "${step.op}": model ${ours} ${JSON.stringify(step.map)}, kernel ${JSON.stringify(answer)}`;
    }
  }
  return null;
}
