// What lies in a frame: the variables debug information names, and between them the holes it says nothing about (spilled
// values, temporaries, fixed-size alloca). Objects that cannot be told apart with certainty are merged into one, so that
// moving objects apart never separates bytes that belong together.
//
//   frame:   | hole | buf          | pad | i | hole | n |
//   moved:   | hole | redzone | buf | redzone          | i | hole | n |

import type { DebugVariable } from '../debug-info.ts';
import type { Address, Analysis } from './analysis.ts';

export interface FrameObject {
  begin: number;
  end: number;
  /** A pointer to it leaves, or an index into it is computed: it needs redzones. */
  exposed: boolean;
  /** Named by debug information; a hole otherwise. */
  readonly named: boolean;
}

/** Everything in the frame, by offset, without overlaps; undefined if something contradicts the debug information. */
export function frameObjects(analysis: Analysis, variables: readonly DebugVariable[]): FrameObject[] | undefined {
  const size = analysis.size!.bytes;
  const named = namedObjects(variables, size, analysis.optimised);
  if (!named) return undefined;
  // Padding has no end that a pointer could stand for.
  const used = holes(named, analysis, size).filter((o) => isTouched(o, analysis));
  const objects = [...named, ...used].sort((a, b) => a.begin - b.begin);
  for (const { offset, size: bytes } of analysis.accesses) {
    if (offset + bytes > size) return undefined;
    unite(objects, offset, offset + bytes);
  }
  uniteFolded(objects, analysis);
  expose(objects, analysis);
  return objects;
}

/**
 * The frame without its padding, where nothing can be moved: its variables and what else is referred to, by offset. Undefined
 * if there is no padding, or if there is something that nothing refers to. What debug information does not name is reached
 * through its own offset: LLVM adds that to the base, be it with more folded in, before anything else. Only tools that rewrite
 * code later may add it to an address not followed here. Where there is something without a name, no offset may look like one
 * with more folded in.
 */
export function usedParts(
  analysis: Analysis,
  variables: readonly DebugVariable[],
  isRewritten: boolean,
): FrameObject[] | undefined {
  const size = analysis.size!.bytes;
  const named = namedObjects(variables, size, true);
  if (!named) return undefined;
  const between = holes(named, analysis, size);
  const isHinted = (o: FrameObject) =>
    isRewritten && [...analysis.hints].some((hint) => hint >= o.begin && hint < o.end);
  const nameless = between.filter((o) => isTouched(o, analysis) || isHinted(o));
  const padding = between.filter((o) => !nameless.includes(o));
  if (padding.length === 0 || padding.some((o) => o.end - o.begin >= ALIGNMENTS.at(-1)!)) return undefined;
  if (nameless.length > 0 && !namesWhole(analysis, named)) return undefined;
  return [...named, ...nameless].sort((x, y) => x.begin - y.begin);
}

/** Whether no address is computed from the base that lies inside a variable. */
function namesWhole({ addresses, escapes }: Analysis, named: readonly FrameObject[]): boolean {
  const isInside = (offset: number) => named.some((o) => offset > o.begin && offset < o.end);
  return !addresses.some((a) => isInside(a.offset)) && ![...escapes].some(isInside);
}

/** A hole that nothing refers to is padding. */
function isTouched({ begin, end }: FrameObject, { addresses, accesses, escapes, reached }: Analysis): boolean {
  const within = (offset: number) => offset >= begin && offset < end;
  return (
    addresses.some((a) => within(a.offset)) ||
    accesses.some((a) => a.offset < end && a.offset + a.size > begin) ||
    [...escapes].some(within) ||
    reached.some((a) => within(a.origin))
  );
}

/**
 * Variables may share bytes (blocks that are never alive together, parts of one object): those become one object. What may
 * be larger than it is said to be reaches to the next.
 */
function namedObjects(
  variables: readonly DebugVariable[],
  size: number,
  optimised: boolean,
): FrameObject[] | undefined {
  const extents = variables
    .filter((v) => v.size > 0)
    .map(({ offset, size: bytes, partOf, open = false, type = '' }) => ({
      ...{ begin: partOf ?? offset, end: offset + bytes, open, isArray: type.endsWith(']') },
    }))
    .sort((a, b) => a.begin - b.begin);
  if (extents.some(({ begin, end }) => begin < 0 || end > size)) return undefined;
  const objects: (FrameObject & { open: boolean; alignments: number[] })[] = [];
  for (const { begin, end, open, isArray } of extents) {
    const alignments = ALIGNMENTS.filter((align) => isArray || (end - begin) % align === 0);
    const last = objects[objects.length - 1];
    if (last && begin < last.end) {
      last.end = Math.max(last.end, end);
      last.open ||= open;
      last.alignments.push(...alignments);
    } else objects.push({ begin, end, open, alignments, exposed: false, named: true });
  }
  return objects.map(({ open, alignments, ...o }, i) => {
    const next = objects[i + 1]?.begin ?? size;
    const isWhole = !open && (!optimised || isPadding(o, next, alignments));
    return { ...o, end: isWhole ? o.end : next };
  });
}

/** What LLVM aligns variables to; arrays also to more than their elements need. */
const ALIGNMENTS = [1, 2, 4, 8, 16];

/**
 * Whether what lies between an object and the next is there for alignment: LLVM lays out frames from their upper end, each
 * object as high as its alignment lets it. More than that is the rest of something larger without a name, a temporary or a
 * variable of an inlined function, that is in the same place at another time.
 */
function isPadding({ begin, end }: FrameObject, next: number, alignments: readonly number[]): boolean {
  const highest = next - (end - begin);
  return alignments.some((align) => highest - (highest % align) === begin);
}

/** What debug information leaves out, split where an address is computed that can only be an object's own. */
function holes(named: readonly FrameObject[], analysis: Analysis, size: number): FrameObject[] {
  // An address that is used at once may be inside its object; one that leaves is taken for the object's own.
  const starts = new Set(
    analysis.addresses
      .filter((a) => a.offset % 16 === 0 && analysis.escapes.has(a.offset) && !isFolded(analysis, a))
      .map((a) => a.offset),
  );
  const found: FrameObject[] = [];
  let from = 0;
  for (const { begin, end } of [...named, { begin: size, end: size }]) {
    if (begin > from) {
      const cuts = [...starts].filter((s) => s > from && s < begin).sort((a, b) => a - b);
      for (const to of [...cuts, begin]) {
        found.push({ begin: from, end: to, exposed: false, named: false });
        from = to;
      }
    }
    from = end;
  }
  return found;
}

/**
 * The lowest part of the frame, if there lie only what the function itself reads and writes at constant places, and the
 * variable arguments of calls: filled in at constant places, and given to calls as their last operand. LLVM puts those below
 * all variables. No loop walks over them, and no pointer to their end is needed: an address there is meant to be there, and
 * that of the variable above is not the end of this.
 */
export function callFrames(objects: readonly FrameObject[], analysis: Analysis): FrameObject | undefined {
  const [lowest] = objects;
  if (!lowest || lowest.named || lowest.begin !== 0) return undefined;
  const { addresses, accesses, reached, escapes, loose, merged } = analysis;
  const origins = new Set([...escapes, ...addresses.map((a) => a.offset)].filter((o) => o < lowest.end));
  const isFilled = (offset: number) => [...accesses, ...reached].some((a) => a.offset === offset);
  for (const origin of origins) {
    if (loose.has(origin) || merged.has(origin) || (escapes.has(origin) && !isFilled(origin))) return undefined;
  }
  const stays = reached.every((a) => a.origin >= lowest.end || (a.offset >= 0 && a.offset + a.size <= lowest.end));
  return stays ? lowest : undefined;
}

function isFolded(analysis: Analysis, { block }: { readonly block: number }): boolean {
  return analysis.catches || analysis.optimised || analysis.folded.has(block);
}

export function objectAt(objects: readonly FrameObject[], offset: number): FrameObject | undefined {
  return objects.find((o) => offset >= o.begin && offset < o.end);
}

/** Makes one object of all that share bytes with [from, to). */
function unite(objects: FrameObject[], from: number, to: number): void {
  const first = objects.findIndex((o) => o.end > from && o.begin < to);
  if (first < 0) return;
  const one = objects[first]!;
  while (objects[first + 1] && objects[first + 1]!.begin < to) {
    const [next] = objects.splice(first + 1, 1);
    one.end = next!.end;
    one.exposed ||= next!.exposed;
  }
}

/**
 * Where the compiler folds constants, base + k may be one past the end of the object below k as well as the start of the
 * object at k: the two stay together. An address inside a variable shows that it does fold, in that block: it chooses how
 * to compile block by block, and a constant that fills an array says nothing about the loop behind it.
 */
function uniteFolded(objects: FrameObject[], analysis: Analysis): void {
  const isInside = ({ offset }: Address) => {
    const object = objectAt(objects, offset);
    return object?.named === true && offset !== object.begin;
  };
  const folding = new Set(analysis.addresses.filter(isInside).map((a) => a.block));
  const apart = callFrames(objects, analysis)?.end;
  for (const address of analysis.addresses) {
    if (!folding.has(address.block) && !isFolded(analysis, address)) continue;
    const { offset } = address;
    if (offset !== apart && objects.some((o) => o.end === offset) && objectAt(objects, offset))
      unite(objects, offset - 1, offset + 1);
  }
}

/** Objects that may be accessed otherwise than at constant places inside them. */
function expose(objects: FrameObject[], analysis: Analysis): void {
  const at = (offset: number) => objectAt(objects, offset) ?? objects.find((o) => o.end === offset);
  for (const offset of analysis.escapes) {
    const object = at(offset);
    if (object) object.exposed = true;
  }
  for (const { origin, offset, size } of analysis.reached) {
    const object = at(origin);
    if (object && (offset < object.begin || offset + size > object.end)) object.exposed = true;
  }
}
