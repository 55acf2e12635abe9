// Finds neighbours: checked accesses of one base, a few bytes from one another, in one stretch of straight code.

import type { NeighbourGroup } from '../plan.ts';

/** All bytes of a group are seen by two looks at the shadow; two looks of four granules see this many at most. */
const MAX_BYTES = 56;
/** Below, the group costs more than the checks it replaces. */
export const MIN_MEMBERS = 2;
/** Groups of one stretch that are looked through for a base. */
const LOOK_BACK = 8;

interface Draft {
  leader: number;
  /** Relative to the base, of all members, and of the leader's address operand. */
  low: number;
  high: number;
  leaderAt: number;
  base: number;
  members: number[];
  slot: number;
}

/** Collects groups while a function is walked. */
export class Groups {
  private readonly endless: boolean;
  private open: Draft[] = [];
  private slots = 0;
  readonly found: NeighbourGroup[] = [];
  /** BodyActions.group. */
  group = new Int32Array(1 << 10);

  /** `endless`, for tests alone: no boundary ends a stretch. */
  constructor(endless: boolean) {
    this.endless = endless;
  }

  reset(): void {
    this.open.length = 0;
    this.slots = 0;
    this.found.length = 0;
  }

  /** Something that may not be passed: a branch, a label, a change of what is valid. */
  boundary(): void {
    if (this.open.length > 0 && !this.endless) this.close();
  }

  /** The end of the function, or of what may form groups in it. */
  close(): void {
    for (const draft of this.open) if (draft.members.length >= MIN_MEMBERS) this.settle(draft);
    this.open.length = 0;
    this.slots = 0;
  }

  /** A checked access [from, to) relative to `base`, whose address operand is `base + operand`. */
  access(access: number, base: number, from: number, to: number, operand: number): void {
    this.skip(access);
    for (let i = this.open.length - 1; i >= 0 && i >= this.open.length - LOOK_BACK; i--) {
      const draft = this.open[i]!;
      if (draft.base !== base) continue;
      const low = Math.min(draft.low, from);
      const high = Math.max(draft.high, to);
      if (high - low > MAX_BYTES) continue;
      draft.low = low;
      draft.high = high;
      draft.members.push(access);
      return;
    }
    this.open.push({ leader: access, low: from, high: to, leaderAt: operand, base, members: [access], slot: 0 });
  }

  /** An access that belongs to no group. */
  skip(access: number): void {
    if (access >= this.group.length) {
      const larger = new Int32Array(access * 2);
      larger.set(this.group);
      this.group = larger;
    }
    this.group[access] = 0;
  }

  private settle(draft: Draft): void {
    const { leader, low, high, leaderAt, members } = draft;
    this.found.push({ leader, from: low - leaderAt, to: high - leaderAt, members: members.length, slot: this.slots++ });
    for (const member of members) this.group[member] = this.found.length;
  }

  /** Takes accesses from `first` on out of their groups. */
  dissolve(first: number, end: number): void {
    for (let access = first; access < end; access++) this.group[access] = 0;
  }
}
