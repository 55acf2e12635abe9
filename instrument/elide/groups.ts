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
  writes: boolean;
  members: number;
  /** The member found last. */
  last: number;
}

/** Collects groups while a function is walked. */
export class Groups {
  private readonly endless: boolean;
  /** Used again and again: there is a draft for most accesses. */
  private readonly drafts: Draft[] = [];
  private open = 0;
  /** By access: the member before it. */
  private before = new Int32Array(1 << 10);
  private slots = 0;
  readonly found: NeighbourGroup[] = [];
  /** BodyActions.group. */
  group = new Int32Array(1 << 10);

  /** `endless`, for tests alone: no boundary ends a stretch. */
  constructor(endless: boolean) {
    this.endless = endless;
  }

  reset(): void {
    this.open = 0;
    this.slots = 0;
    this.found.length = 0;
  }

  /** Something that may not be passed: a branch, a label, a change of what is valid. */
  boundary(): void {
    if (this.open > 0 && !this.endless) this.close();
  }

  /** The end of the function, or of what may form groups in it. */
  close(): void {
    for (let i = 0; i < this.open; i++) if (this.drafts[i]!.members >= MIN_MEMBERS) this.settle(this.drafts[i]!);
    this.open = 0;
    this.slots = 0;
  }

  /** A checked access [from, to) relative to `base`, whose address operand is `base + operand`. */
  access(access: number, base: number, from: number, to: number, operand: number, write: boolean): void {
    this.skip(access);
    for (let i = this.open - 1; i >= 0 && i >= this.open - LOOK_BACK; i--) {
      const draft = this.drafts[i]!;
      if (draft.base !== base) continue;
      const low = Math.min(draft.low, from);
      const high = Math.max(draft.high, to);
      if (high - low > MAX_BYTES) continue;
      draft.low = low;
      draft.high = high;
      draft.writes ||= write;
      draft.members++;
      this.before[access] = draft.last;
      draft.last = access;
      return;
    }
    const draft = this.draft();
    draft.leader = access;
    draft.low = from;
    draft.high = to;
    draft.leaderAt = operand;
    draft.base = base;
    draft.writes = write;
    draft.members = 1;
    draft.last = access;
  }

  private draft(): Draft {
    if (this.open === this.drafts.length) {
      this.drafts.push({ leader: 0, low: 0, high: 0, leaderAt: 0, base: 0, writes: false, members: 0, last: 0 });
    }
    return this.drafts[this.open++]!;
  }

  /** An access that belongs to no group. */
  skip(access: number): void {
    if (access >= this.group.length) {
      const group = new Int32Array(access * 2);
      group.set(this.group);
      this.group = group;
      const before = new Int32Array(access * 2);
      before.set(this.before);
      this.before = before;
    }
    this.group[access] = 0;
  }

  private settle(draft: Draft): void {
    const { leader, low, high, leaderAt, writes, members } = draft;
    this.found.push({ leader, from: low - leaderAt, to: high - leaderAt, writes, members, slot: this.slots++ });
    for (let member = draft.last; ; member = this.before[member]!) {
      this.group[member] = this.found.length;
      if (member === leader) return;
    }
  }

  /** Takes accesses from `first` on out of their groups. */
  dissolve(first: number, end: number): void {
    for (let access = first; access < end; access++) this.group[access] = 0;
  }
}
