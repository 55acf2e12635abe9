// What the search for a module's allocator answers (allocator.ts).

import type { AllocatorRole } from './allocator-roles.ts';

/** A function found to play a role, and how it was found. */
export interface AllocatorFunction {
  readonly role: AllocatorRole;
  readonly func: number;
  readonly how: 'option' | 'export' | 'glue' | 'name' | 'body';
  readonly name: string;
}

/**
 * Where a block's redzones go. 'around': on both sides; pointers are not the original's, so every function that takes them
 * must be known. 'behind': pointers and block headers stay the original's, for families not known whole (runtime/tail.ts).
 */
export type HeapLayout = 'around' | 'behind';

export interface Allocator {
  /** Replaced by the runtime's wrappers. */
  readonly functions: readonly AllocatorFunction[];
  /** Known members that stay: their code is the allocator's own and goes unchecked. */
  readonly kept: readonly AllocatorFunction[];
  /** Functions whose calls of malloc stay the original's. */
  readonly sparing: readonly number[];
  /** Longer redzones would be noticed by the program. */
  readonly largestRedzone: number | undefined;
  readonly layout: HeapLayout;
  /** Whether blocks may have their size in the word in front of them, where redzones lie behind alone. */
  readonly sizeWord: boolean;
  /** With layout 'behind': the word in front of a block also says whether it is in use, as C's dlmalloc writes it. */
  readonly dlmallocHeads: boolean;
  /** With layout 'behind': nothing releases or resizes a block unnoticed; what is not known reads the word in front of it. */
  readonly releasesSeen: boolean;
  /** Names that matched with a signature that did not: not used, but worth telling. */
  readonly rejected: readonly string[];
  /** What spoke for it, and against. */
  readonly evidence: readonly string[];
  /** 'high': named, or confirmed by a probe run; 'medium': neither, but nothing speaks against it. */
  readonly confidence: 'high' | 'medium' | 'none';
  /** Set if an allocator was seen but is left alone: the reason. */
  readonly refused: string | undefined;
  /** The reason is a probe run that went wrong: worth a line wherever the module runs. */
  readonly probeFailed: boolean;
}

/** No allocator. */
export const NOTHING: Allocator = {
  functions: [],
  kept: [],
  sparing: [],
  largestRedzone: undefined,
  layout: 'around',
  sizeWord: true,
  dlmallocHeads: false,
  releasesSeen: false,
  rejected: [],
  evidence: [],
  confidence: 'none',
  refused: undefined,
  probeFailed: false,
};
