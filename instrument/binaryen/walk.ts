// Walks an expression tree in evaluation order and lets every node be replaced. Iterative: real modules nest blocks
// deeper than a JavaScript stack. What children a kind has is kinds.ts's business.

import { InstrumentError } from '../errors.ts';
import { KINDS, type Shape } from './kinds.ts';
import { type Pointer, raw, rawFunction } from './raw.ts';
import { calibrate } from './struct-layout.ts';

/** Told about every node: `leaf` for those without children, else `enter`, `childDone` per child, `leave`. */
export interface Visitor {
  enter(id: number): void;
  /** Child number `index` of the innermost entered node, 0 based and counting absent ones, has been walked. */
  childDone(index: number, child: Pointer): Pointer;
  /** Returns what takes the node's place. */
  leave(id: number, node: Pointer): Pointer;
  leaf(id: number, node: Pointer): Pointer;
}

type Get = (node: Pointer) => Pointer;
type Set = (node: Pointer, child: Pointer) => unknown;

interface Slot {
  readonly get: Get;
  readonly set: Set;
}

interface List {
  readonly count: (node: Pointer) => number;
  readonly get: (node: Pointer, index: number) => Pointer;
  readonly set: (node: Pointer, index: number, child: Pointer) => unknown;
}

/** How to reach the children of one kind. */
export class Row {
  readonly kind: string;
  readonly refused: string | undefined;
  private readonly before: readonly Slot[];
  private readonly list: List | undefined;
  private readonly after: readonly Slot[];

  constructor(kind: string, shape: Shape, bridged: readonly number[]) {
    this.kind = kind;
    this.refused = 'refused' in shape ? shape.refused : undefined;
    const open = 'refused' in shape || 'bridged' in shape ? {} : shape;
    this.before = (open.before ?? []).map((name) => accessorSlot(kind, name));
    this.list = open.list ? listAccess(kind, open.list) : undefined;
    this.after = [...(open.after ?? []).map((name) => accessorSlot(kind, name)), ...bridged.map(structSlot)];
  }

  get isLeaf(): boolean {
    return this.refused === undefined && !this.list && this.before.length + this.after.length === 0;
  }

  count(node: Pointer): number {
    return this.before.length + (this.list ? this.list.count(node) : 0) + this.after.length;
  }

  get(node: Pointer, index: number): Pointer {
    if (index < this.before.length) return this.before[index]!.get(node);
    if (!this.list) return this.after[index - this.before.length]!.get(node);
    const inList = index - this.before.length;
    const length = this.list.count(node);
    return inList < length ? this.list.get(node, inList) : this.after[inList - length]!.get(node);
  }

  set(node: Pointer, index: number, child: Pointer): void {
    const inList = index - this.before.length;
    const length = this.list ? this.list.count(node) : 0;
    if (inList < 0) this.before[index]!.set(node, child);
    else if (inList < length) this.list!.set(node, inList, child);
    else this.after[inList - length]!.set(node, child);
  }
}

function accessorSlot(kind: string, name: string): Slot {
  return { get: rawFunction(`Binaryen${kind}Get${name}`), set: rawFunction(`Binaryen${kind}Set${name}`) };
}

function structSlot(offset: number): Slot {
  return {
    get: (node) => raw.load32(node + offset),
    set: (node, child) => raw.store32(node + offset, child),
  };
}

function listAccess(kind: string, name: string): List {
  const plural = { Child: 'Children', CatchBody: 'CatchBodies' }[name] ?? `${name}s`;
  return {
    count: rawFunction(`Binaryen${kind}GetNum${plural}`),
    get: rawFunction(`Binaryen${kind}Get${name}At`),
    set: rawFunction(`Binaryen${kind}Set${name}At`),
  };
}

/** Rows by expression id, for the kinds this release of Binaryen has. */
export function loadRows(): readonly (Row | undefined)[] {
  const bridged = new Map<string, readonly string[]>();
  for (const [kind, shape] of Object.entries(KINDS)) if ('bridged' in shape) bridged.set(kind, shape.bridged);
  const layout = calibrate(bridged);
  const rows: (Row | undefined)[] = [];
  for (const [kind, shape] of Object.entries(KINDS)) {
    rows[rawFunction(`Binaryen${kind}Id`)()] = new Row(kind, shape, layout.get(kind) ?? []);
  }
  return rows;
}

export class Walker {
  readonly rows: readonly (Row | undefined)[];

  constructor(rows: readonly (Row | undefined)[]) {
    this.rows = rows;
  }

  private row(id: number): Row {
    const row = this.rows[id];
    if (!row) throw new InstrumentError('E_UNSUPPORTED', `an expression of kind ${id} that the Binaryen engine lacks`);
    if (row.refused !== undefined) throw new InstrumentError('E_UNSUPPORTED', `${row.kind} (${row.refused})`);
    return row;
  }

  /** Returns what takes the place of `root`. */
  walk(root: Pointer, visitor: Visitor): Pointer {
    const nodes: Pointer[] = [];
    const rows: Row[] = [];
    const ids: number[] = [];
    const next: number[] = [];
    const counts: number[] = [];
    let pending = root;
    for (;;) {
      const id = raw.idOf(pending);
      const row = this.row(id);
      let done: Pointer;
      if (row.isLeaf) done = visitor.leaf(id, pending);
      else {
        nodes.push(pending);
        rows.push(row);
        ids.push(id);
        next.push(-1);
        counts.push(row.count(pending));
        visitor.enter(id);
        done = 0;
      }
      // Climb until a node has a child left to walk.
      for (;;) {
        const top = nodes.length - 1;
        if (top < 0) return done;
        const node = nodes[top]!;
        const index = next[top]!;
        if (index >= 0 && done !== 0) {
          const child = rows[top]!.get(node, index);
          const replacement = visitor.childDone(index, done);
          if (replacement !== child) rows[top]!.set(node, index, replacement);
        }
        pending = 0;
        const count = counts[top]!;
        let following = index + 1;
        while (following < count && pending === 0) pending = rows[top]!.get(node, following++);
        if (pending !== 0) {
          next[top] = following - 1;
          break;
        }
        done = visitor.leave(ids[top]!, node);
        nodes.pop();
        rows.pop();
        next.pop();
        counts.pop();
        ids.pop();
      }
    }
  }
}
