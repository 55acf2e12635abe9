// Stack frames with redzones: which functions' frames are understood, how their objects are laid out, what the runtime and
// the reports must know of them. Functions that are not understood keep their frames, and tell the runtime how they move the
// stack pointer.

import { FRAME_SHADOWS, FRAME_SHADOWS_END } from '../../runtime/abi.ts';
import type { BodyScan } from '../body-scan.ts';
import type { DebugInfo } from '../debug-info.ts';
import { isLinkerOutput } from '../linker-output.ts';
import type { Edit } from '../plan.ts';
import type { Module } from '../wasm/module.ts';
import type { Analysis, FrameTrouble, ReachedAccess } from './analysis.ts';
import { type FrameTarget, frameEdits } from './frame-edits.ts';
import { type FrameLayout, layOut, paddedLayout, place, plainLayout, shadowCodes } from './frame-layout.ts';
import { encodeFrames, type FramePart, type FrameRecord } from './frame-section.ts';
import { analyseFrame } from './frame-walk.ts';
import { callFrames, type FrameObject, frameObjects, objectAt, usedParts } from './objects.ts';
import { PointerUses, plainEdits } from './pointer-uses.ts';
import { roomsBelow } from './rooms-below.ts';
import { type ScopeEdge, scopeEdges } from './scopes.ts';
import { ShadowTable } from './shadow-table.ts';

export { FRAME_TROUBLES, type FrameTrouble } from './analysis.ts';

/** Why the objects of a frame were not moved apart. `wasan inspect` counts these. */
export const LAYOUT_TROUBLES = {
  'no debug information': 'nothing says which variables it has',
  'other compiler': 'rustc leaves out most temporaries, Zig parts of variables; clang alone is known to tell enough',
  'other frame base': 'debug information counts from elsewhere than the frame that was found',
  contradiction: 'debug information and the code disagree on its extent',
  'base unclear': 'its base reaches instructions that cannot be told apart',
  'shared constant': 'one constant serves several purposes',
  optimised: 'its code is optimised, and offsets within objects may have been folded into others',
  'nothing to gain': 'one object fills it, or no pointer to any leaves',
  unchecked: 'its own accesses are not checked',
} as const;
export type LayoutTrouble = keyof typeof LAYOUT_TROUBLES;

/** Of these frames it is known which variables they have. */
const STAYS_TOGETHER: ReadonlySet<LayoutTrouble> = new Set(['base unclear', 'shared constant', 'optimised']);

/** What was done about the frames of a module: numbers of functions. */
export interface FrameCounts {
  /** Functions that use the stack pointer at all. */
  total: number;
  /** Frames with redzones around them. */
  guarded: number;
  /** Of those: with redzones between their variables. */
  separated: number;
  /** Of those: with variables that are poisoned when their block ends. */
  scoped: number;
  /** Frames that need none: nothing in them is accessed but at constant places. */
  closed: number;
  readonly troubles: Map<FrameTrouble, number>;
  readonly layoutTroubles: Map<LayoutTrouble, number>;
}

/** How a frame is laid out inside, and which of its variables die before it does. */
interface Inside {
  readonly layout: FrameLayout;
  readonly scopes: readonly ScopeEdge[];
}

export interface FrameChange {
  readonly edits: readonly Edit[];
  readonly movedOffsets?: ReadonlyMap<number, number>;
  /** Padding in it is poisoned, and nothing was moved. */
  readonly poisonsFrame?: boolean;
  /** Accesses that cannot leave the frame. */
  readonly inFrame?: ReadonlySet<number>;
}

export interface Frames {
  readonly counts: FrameCounts;
  /** For memory 1: how the shadow of the moved frames is drawn. */
  readonly shadows: { readonly address: number; readonly bytes: Uint8Array };
  /** For the custom section for reports. */
  readonly part: FramePart;
}

export interface FrameInput {
  readonly module: Module;
  readonly scan: BodyScan;
  readonly stackPointer: number | undefined;
  readonly debugInfo?: DebugInfo | undefined;
  /** Poison variables outside the block they belong to. */
  readonly useAfterScope?: boolean | undefined;
  /** By index of the body: is this function to be touched, and are its accesses checked? */
  readonly treat: (body: number) => 'leave' | 'unchecked' | 'checked';
}

/** Where nothing is drawn but plain frames. */
export const NO_SHADOWS = new ShadowTable(FRAME_SHADOWS, FRAME_SHADOWS_END).segment();

/** Whether debug information says what is in any function's frame. */
export function knowsVariables({ importedFunctions, functions }: Module, debugInfo: DebugInfo): boolean {
  for (let func = importedFunctions; func < functions.length; func++) if (debugInfo.stackFrame(func)) return true;
  return false;
}

/** Decides about frames, body by body in their order. */
export class FramePlanner {
  private readonly input: FrameInput;
  private readonly target: FrameTarget | undefined;
  private readonly uses: PointerUses;
  private readonly records: FrameRecord[] = [];
  private readonly table = new ShadowTable(FRAME_SHADOWS, FRAME_SHADOWS_END);
  private readonly counts: FrameCounts = {
    ...{ total: 0, guarded: 0, separated: 0, scoped: 0, closed: 0 },
    ...{ troubles: new Map<FrameTrouble, number>(), layoutTroubles: new Map<LayoutTrouble, number>() },
  };

  private readonly isRewritten: boolean;
  /** The program poisons memory itself, perhaps its own frames. */
  private readonly poisonsItself: boolean;

  private readonly firstFrame: number;

  /** The first frame has the number `firstFrame`. */
  constructor(input: FrameInput, firstFrame: number) {
    const { module, stackPointer } = input;
    this.input = input;
    this.target = stackPointer === undefined ? undefined : { stackPointer, is64: module.memories[0]!.is64 };
    this.uses = new PointerUses(module, input.scan, stackPointer ?? -1);
    this.firstFrame = firstFrame;
    this.isRewritten = !isLinkerOutput(input.module);
    this.poisonsItself = input.module.imports.some((i) => /^__(asan|sanitizer)_/.test(i.name));
  }

  /** What becomes of the i-th body. */
  plan(i: number): FrameChange | undefined {
    const { target } = this;
    return target && this.input.treat(i) !== 'leave' && this.uses.isIn(i) ? this.planFunction(i, target) : undefined;
  }

  /** What is to be known of all that were planned. */
  frames(): Frames {
    return { counts: this.counts, shadows: this.table.segment(), part: encodeFrames(this.records) };
  }

  private planFunction(i: number, target: FrameTarget): FrameChange | undefined {
    this.counts.total++;
    const variables = this.input.debugInfo?.stackFrame(this.input.module.importedFunctions + i);
    const analysis = analyseFrame({ ...this.input, stackPointer: target.stackPointer }, i, variables !== undefined);
    if (analysis.trouble) {
      count(this.counts.troubles, analysis.trouble);
      this.uses.find(i);
      const edits = plainEdits(this.uses, target);
      return edits.length > 0 ? { edits } : undefined;
    }
    const inFrame = this.poisonsItself ? undefined : accessesInside(analysis);
    if (inFrame && isClosed(analysis)) {
      this.counts.closed++;
      return { edits: [], inFrame: new Set([...inFrame, ...analysis.reached.map((a) => a.at)]) };
    }
    const { layout, scopes } = this.inside(i, analysis);
    const id = this.firstFrame + this.records.push({ func: this.input.module.importedFunctions + i, layout }) - 1;
    this.counts.guarded++;
    if (layout.moved) this.counts.separated++;
    if (scopes.length > 0) this.counts.scoped++;
    const shadow = layout.drawn ? this.table.add(shadowCodes(layout)) : 0;
    return {
      edits: frameEdits(analysis, layout, { id, shadow }, scopes, this.unseenRooms(analysis, target), target),
      ...(layout.moved && { movedOffsets: movedOffsets(analysis, layout) }),
      ...(layout.drawn && !layout.moved && { poisonsFrame: true }),
      ...(inFrame && { inFrame }),
    };
  }

  private unseenRooms(analysis: Analysis, target: FrameTarget): readonly number[] {
    const { unseenRoom, entryRead, baseEnd, rooms } = analysis;
    if (!unseenRoom) return [];
    const all = roomsBelow(
      this.input.module,
      this.input.scan,
      target.stackPointer,
      unseenRoom === 'inlined' ? entryRead : 0,
    );
    return all.filter((at) => at > baseEnd && !rooms.some(({ end }) => end === at));
  }

  private inside(i: number, analysis: Analysis): Inside {
    const found = this.tryLayout(i, analysis);
    const plain = { layout: plainLayout(analysis.size?.bytes ?? 0), scopes: [] };
    if (typeof found !== 'object') count(this.counts.layoutTroubles, found);
    const inside = typeof found === 'object' ? found : this.padded(i, analysis, found);
    return !inside || this.table.add(shadowCodes(inside.layout)) === 0 ? plain : inside;
  }

  /** Where variables are known and cannot be moved, the padding between them is guarded all the same. */
  private padded(i: number, analysis: Analysis, trouble: LayoutTrouble): Inside | undefined {
    if (this.poisonsItself || analysis.rooms.length > 0 || !STAYS_TOGETHER.has(trouble)) return undefined;
    const debug = this.input.debugInfo!.stackFrame(this.input.module.importedFunctions + i)!;
    const used = usedParts(analysis, debug.variables, this.isRewritten);
    return used && { layout: paddedLayout(analysis.size!.bytes, used), scopes: [] };
  }

  private tryLayout(i: number, analysis: Analysis): Inside | LayoutTrouble {
    if (!analysis.size) return 'nothing to gain';
    if (this.input.treat(i) !== 'checked') return 'unchecked';
    const debug = this.input.debugInfo?.stackFrame(this.input.module.importedFunctions + i);
    if (!debug || debug.variables.length === 0) return 'no debug information';
    if (debug.compiler !== 'clang') return 'other compiler';
    const base = debug.frameBase;
    if (base?.kind !== 'local' || !analysis.baseLocals.has(base.index)) return 'other frame base';
    if (analysis.baseUnclear) return 'base unclear';
    const constants = [analysis.size, ...analysis.addresses];
    if (constants.some(({ at }) => analysis.sharedConstants.has(at))) return 'shared constant';
    const objects = frameObjects(analysis, debug.variables);
    if (!objects) return 'contradiction';
    if (analysis.optimised && !wholeAddresses(analysis, objects)) return 'optimised';
    if (!objects.some((o) => o.exposed)) return 'nothing to gain';
    const layout = layOut(objects, analysis.align);
    const placed = analysis.addresses.every((a) => place(layout, a.offset) !== undefined);
    if (!placed) return 'contradiction';
    const simple = !analysis.optimised && !analysis.catches && !this.poisonsItself;
    const { module } = this.input;
    return {
      layout,
      scopes: simple && this.input.useAfterScope ? scopeEdges(module, i, debug.variables, objects, layout) : [],
    };
  }
}

/** Bytes: constants that LLVM folds into pointers are strides and offsets of members, most of them small. */
const FOLDED_AT_MOST = 32;

/**
 * Whether every address computed is that of a variable, and every access at the base lies in one; or both in what lies below
 * them all, where no address is meant for a variable. LLVM may fold a constant
 * into a pointer that is used in several ways (`p = &head; ... p = &node->next` becomes `&head - 4` and `node`), and what it
 * then computes may by chance be where the variable before begins: so no pointer to a small one may meet another value.
 */
function wholeAddresses(analysis: Analysis, objects: readonly FrameObject[]): boolean {
  const { addresses, accesses, escapes, merged, reached, size } = analysis;
  const below = callFrames(objects, analysis)?.end ?? 0;
  const named = objects.filter((o) => o.named);
  const isInside = (offset: number) => offset < below || named.some((o) => offset >= o.begin && offset < o.end);
  const isStart = (offset: number) => offset < below || named.some((o) => o.begin === offset);
  // Alone, a variable is what all addresses inside it are meant for.
  const isMeant = named.length === 1 ? isInside : isStart;
  /** Nothing is done with it but loads and stores at constant places, in one object. */
  const isPlace = (offset: number) => {
    const object = objectAt(objects, offset);
    const stays = (a: ReachedAccess) =>
      a.origin !== offset || (object && a.offset >= object.begin && a.offset + a.size <= object.end);
    return !escapes.has(offset) && !merged.has(offset) && reached.every(stays);
  };
  return (
    !objects.some((o, i) => o.end - o.begin <= FOLDED_AT_MOST && i < objects.length - 1 && merged.has(o.begin)) &&
    addresses.every((a) => a.offset === size!.bytes || isMeant(a.offset) || isPlace(a.offset)) &&
    accesses.every((a) => isInside(a.offset)) &&
    (!escapes.has(0) || isStart(0))
  );
}

function accessesInside({ accesses, size }: Analysis): Set<number> {
  const bytes = size?.bytes ?? 0;
  const inside = new Set<number>();
  for (const a of accesses) if (a.offset + a.size <= bytes) inside.add(a.at);
  return inside;
}

/** Nothing can go wrong in a frame that only its own function touches, at constant places inside it. */
function isClosed(analysis: Analysis): boolean {
  const { size, accesses, reached, escapes, rooms, writes, rereads, borrows } = analysis;
  if (!size || escapes.size > 0 || analysis.baseUnclear || analysis.unseenRoom) return false;
  if (rooms.length + rereads.length + borrows.length > 0) return false;
  if (writes.some((w) => w.to === 'other')) return false;
  return [...accesses, ...reached].every((a) => a.offset >= 0 && a.offset + a.size <= size.bytes);
}

function count<T>(counts: Map<T, number>, key: T): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function movedOffsets(analysis: Analysis, layout: FrameLayout): Map<number, number> {
  const moved = new Map<number, number>();
  for (const { at, offset } of analysis.accesses) {
    const to = place(layout, offset);
    if (to !== undefined && to !== offset) moved.set(at, to);
  }
  return moved;
}
