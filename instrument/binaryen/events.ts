// The instructions of a function that matter to the plan, read from the original bytes: accesses, calls and the plan's own
// edits, in order, with exact offsets and the site each one gets. The k-th access or call in the bytes is the k-th the
// tree walk visits, dead code included; that is how a tree without offsets learns where its nodes came from.

import { ACCESS_TABLE, type Access, accessOf } from '../access-table.ts';
import { isRemoved } from '../elide/rules.ts';
import type { BodyActions, Edit, FunctionPlan } from '../plan.ts';
import { Decoder } from '../wasm/decoder.ts';
import type { Body } from '../wasm/module.ts';
import { IMM, OP } from '../wasm/opcodes.ts';

export interface Event {
  /** Of the instruction, in the original file. */
  readonly offset: number;
  /** Undefined for calls and edits. */
  readonly access: Access | undefined;
  /** Expression kind the walk must find here, or EDIT. */
  readonly kind: string;
  /** The constant offset of an access. */
  readonly immediate: number;
  /** log2 of the alignment an access promises. */
  readonly align: number;
  /** The constant offset it moves to, if the plan moves it. */
  readonly moved: number | undefined;
  /** 0: nothing is inserted. */
  readonly site: number;
}

/** `Event.kind` of an instruction sequence the plan writes: it is in the linked bytes already. */
export const EDIT = 'edit';

export interface FunctionEvents {
  /** Offset of the first instruction in its body. */
  readonly codeStart: number;
  readonly events: readonly Event[];
}

/** Reads bodies in order and numbers sites as the plan prescribes. */
export class EventReader {
  private readonly decoder: Decoder;
  private readonly reaches: Uint8Array;
  /** The site of each edit that is one. */
  readonly editSites = new Map<Edit, number>();
  private nextSite = 1;

  /** `reaches` is Plan.reachesAllocator. */
  constructor(bytes: Uint8Array, reaches: Uint8Array) {
    this.decoder = new Decoder(bytes);
    this.reaches = reaches;
  }

  get sites(): number {
    return this.nextSite - 1;
  }

  read(body: Body, plan: FunctionPlan, actions?: BodyActions): FunctionEvents {
    const removed = removedChecks(actions);
    const d = this.decoder;
    const codeStart = enterBody(d, body);
    const edits = plan.edits ?? [];
    const events: Event[] = [];
    let edit = 0;
    while (d.pos < d.end) {
      if (edits[edit]?.at === d.pos) {
        events.push(this.edit(edits[edit]!));
        d.pos += edits[edit++]!.removes;
        continue;
      }
      d.next();
      const kind = eventKind(d.op);
      if (kind) events.push(this.instruction(kind, plan, removed.has(d.start) || plan.inFrame?.has(d.start) === true));
    }
    return { codeStart, events };
  }

  private edit(edit: Edit): Event {
    const site = edit.isSite ? this.nextSite++ : 0;
    if (site > 0) this.editSites.set(edit, site);
    return { ...UNTOUCHED, offset: edit.at, kind: EDIT, site };
  }

  private instruction(kind: string, plan: FunctionPlan, removed: boolean): Event {
    const d = this.decoder;
    const offset = d.start;
    const access = accessOf(d.op);
    if (!access) {
      const recorded = plan.recordsCalls && (d.immediates !== IMM.FUNC || this.reaches[d.index] === 1);
      return { ...UNTOUCHED, offset, kind, site: recorded ? this.nextSite++ : 0 };
    }
    const ours = plan.skip === 'checked' && touchesMemory0(d);
    const fixed = access.size > 0;
    return {
      offset,
      access,
      kind,
      immediate: fixed ? d.offset : 0,
      align: d.align,
      moved: ours && fixed ? plan.movedOffsets?.get(offset) : undefined,
      site: ours && !removed ? this.nextSite++ : 0,
    };
  }
}

/** An event nothing is inserted at. */
export const UNTOUCHED = { access: undefined, immediate: 0, align: 0, moved: undefined, site: 0 } as const;

/** Offsets of the accesses whose check the elimination left out. */
function removedChecks(actions: BodyActions | undefined): ReadonlySet<number> {
  const removed = new Set<number>();
  for (let i = 0; actions && i < actions.count; i++) if (isRemoved(actions.action[i]!)) removed.add(actions.at[i]!);
  return removed;
}

/** Accesses and calls of a body of the linked file: offsets in the body, and kinds. */
export interface LinkedEvents {
  readonly offsets: readonly number[];
  readonly kinds: readonly string[];
}

export function readLinkedEvents(d: Decoder, body: Body): LinkedEvents {
  enterBody(d, body);
  const offsets: number[] = [];
  const kinds: string[] = [];
  while (d.pos < d.end) {
    d.next();
    const kind = eventKind(d.op);
    if (!kind) continue;
    offsets.push(d.start - body.start);
    kinds.push(kind);
  }
  return { offsets, kinds };
}

/** Moves to a body's first instruction, whose offset in the body is returned. */
export function enterBody(d: Decoder, body: Body): number {
  d.pos = body.start;
  d.end = body.end;
  d.skipLocals();
  return d.pos - body.start;
}

/** Other memories are left alone, and so are copies between memories. */
function touchesMemory0(d: Decoder): boolean {
  switch (d.op) {
    case OP.MEMORY_COPY:
      return d.index === 0 && d.index2 === 0;
    case OP.MEMORY_INIT:
      return d.index2 === 0;
    default:
      return d.memory === 0;
  }
}

const CALL_KINDS: readonly (readonly [number, string])[] = [
  [OP.CALL, 'Call'],
  [OP.RETURN_CALL, 'Call'],
  [OP.CALL_INDIRECT, 'CallIndirect'],
  [OP.RETURN_CALL_INDIRECT, 'CallIndirect'],
  [OP.CALL_REF, 'CallRef'],
  [OP.RETURN_CALL_REF, 'CallRef'],
];

const NAMED_KINDS: readonly (readonly [RegExp, string])[] = [
  [/^memory\.init$/, 'MemoryInit'],
  [/^memory\.copy$/, 'MemoryCopy'],
  [/^memory\.fill$/, 'MemoryFill'],
  [/^memory\.atomic\.notify$/, 'AtomicNotify'],
  [/^memory\.atomic\.wait/, 'AtomicWait'],
  [/\.cmpxchg/, 'AtomicCmpxchg'],
  [/\.rmw/, 'AtomicRMW'],
  [/^v128\..*_lane$/, 'SIMDLoadStoreLane'],
  [/^v128\.load./, 'SIMDLoad'],
];

/** The expression kind Binaryen reads an access as. */
function accessKind(access: Access): string {
  return NAMED_KINDS.find(([name]) => name.test(access.name))?.[1] ?? (access.write ? 'Store' : 'Load');
}

const KIND_BY_OP: ReadonlyMap<number, string> = new Map([
  ...CALL_KINDS,
  ...ACCESS_TABLE.map((access) => [access.op, accessKind(access)] as const),
]);
const PLAIN_KINDS = Array.from({ length: 256 }, (_, op) => KIND_BY_OP.get(op));

function eventKind(op: number): string | undefined {
  return op < 256 ? PLAIN_KINDS[op] : KIND_BY_OP.get(op);
}

/** The expression kinds that are events. */
export const EVENT_KINDS: readonly string[] = [...new Set(KIND_BY_OP.values())];
