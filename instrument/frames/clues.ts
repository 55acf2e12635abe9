// What tells whether the variables of a frame can be moved apart. Looked for only where debug information knows variables: sets
// of every constant and every offset cost as much as the rest of the walk.

export class Clues {
  /** Instructions that load a constant used for more than one thing. */
  readonly shared = new Set<number>();
  /** Constants that are kept in a local: optimised code does so where it needs them again, perhaps in another round of a loop. */
  readonly kept = new Set<number>();
  /** Analysis.folded, merged, hints. */
  readonly folded = new Set<number>();
  readonly merged = new Set<number>();
  readonly hints = new Set<number>();
  /** Analysis.loose. */
  readonly loose = new Set<number>();
  private readonly used = new Set<number>();

  /** A constant that serves two purposes cannot be changed for one of them. */
  use(at: number): void {
    if (this.used.has(at)) this.shared.add(at);
    this.used.add(at);
  }
}

export const NO_CLUES = new Clues();
