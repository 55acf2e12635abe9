// A finding as data: one record per layout, everything symbolised and decided, ready for any format.
import * as abi from '../../runtime/abi.ts';
import { describe, type Focus, familyName, type ReportContext, releaserName, threadLabel } from './describe.ts';
import type { AccessFacts, Facts } from './facts.ts';
import { type Kind, kindOf } from './kinds.ts';
import type { ShadowWindow } from './memory-image.ts';
import type { Place, StackFrame } from './place.ts';
import type { Scheme } from './shadow-legend.ts';

export type { ReportContext } from './describe.ts';

/** What every report says. */
export interface ReportHead {
  readonly serial: number;
  /** The stable name of the kind, the same in both schemes. */
  readonly name: string;
  readonly title: string;
  readonly scheme: Scheme;
  readonly pointerBytes: 4 | 8;
  readonly halting: boolean;
  readonly pid: number;
  readonly moduleName: string;
  readonly thread: string;
  readonly stack: readonly StackFrame[];
}

export interface Access extends AccessFacts {
  /** First byte of the whole access. */
  readonly start: number;
  readonly size: bigint;
  readonly firstBad: number;
  /** The engine refused the access and did not say where: `start` is merely the end of memory. */
  readonly addressUnknown?: true;
  /** The address ASan's layout names: the first bad byte of a range, the start of anything else. */
  readonly address: number;
  /** `start` and `address` to the last digit, for printing. */
  readonly exactStart: bigint;
  readonly exactAddress: bigint;
}

export interface ShadowMap extends ShadowWindow {
  /** The granule of the first bad byte. */
  readonly guilty: number;
}

export type MemoryBytes = NonNullable<Facts['content']>;

export interface AccessReport extends ReportHead {
  readonly layout: 'access';
  readonly access: Access;
  readonly place: Place;
  readonly shadow: ShadowMap;
  readonly shadowByte: number;
  readonly content?: MemoryBytes;
}

export interface SegvReport extends ReportHead {
  readonly layout: 'segv';
  readonly access: Access;
  readonly place: Place;
}

export interface FreeReport extends ReportHead {
  readonly layout: 'free';
  readonly pointer: number;
  readonly place: Place;
  readonly shadow: ShadowMap;
  /** Present for mismatches of family. */
  readonly families?: { readonly allocated: string; readonly released: string };
  /** Present for mismatches of size. */
  readonly sizes?: { readonly allocated: number; readonly released: bigint };
}

/** Half-open range of program addresses. */
export type Range = readonly [begin: number, end: number];

export type Parameters =
  | { readonly what: 'product'; readonly function: string; readonly count: bigint; readonly size: bigint }
  | { readonly what: 'too-big'; readonly size: bigint; readonly limit: number }
  | { readonly what: 'alignment'; readonly alignment: bigint }
  | { readonly what: 'out-of-memory'; readonly size: bigint }
  | { readonly what: 'negative-size'; readonly size: bigint }
  | { readonly what: 'overlap'; readonly function: string; readonly first: Range; readonly second: Range }
  | { readonly what: 'usable-size'; readonly function: string; readonly pointer: number }
  | { readonly what: 'indirect-call'; readonly index: bigint }
  | {
      /** One that grows at its end, or at both ends. */
      readonly what: 'container' | 'double-ended';
      readonly begin: number;
      readonly end: number;
      readonly from: bigint;
      readonly to: bigint;
    };

export interface ParameterReport extends ReportHead {
  readonly layout: 'parameter';
  readonly access: Access;
  readonly parameters: Parameters;
  /** One per address among the parameters. */
  readonly places: readonly Place[];
  readonly shadow: ShadowMap;
}

export interface Leak {
  readonly direct: boolean;
  readonly bytes: number;
  readonly objects: readonly { readonly address: number; readonly size: number }[];
  readonly stack: readonly StackFrame[];
}

/** Leaks that somebody expects, by the template that says so. */
export interface SuppressedLeaks {
  readonly template: string;
  readonly objects: number;
  readonly bytes: number;
}

export interface LeakReport extends ReportHead {
  readonly layout: 'leak';
  /** Direct ones first, then by size. */
  readonly leaks: readonly Leak[];
  readonly suppressed: readonly SuppressedLeaks[];
}

export type Report = AccessReport | SegvReport | FreeReport | ParameterReport | LeakReport;

/** Functions whose name tells which copy overlapped; anything else is reported as memcpy. */
const COPIES = /^(?:__)?(mem(?:cpy|move|pcpy)|st[rp]n?c(?:py|at)|str[nl]?c(?:py|at)|wcs?n?cpy|wmemcpy)(?:_chk)?$/;

/** The facts and the host's knowledge, put together. Leaks have a builder of their own (leaks.ts). */
export function buildReport(facts: Facts, context: ReportContext): Report {
  const kind = kindOf(facts.kind);
  const head = buildHead(facts, kind, context);
  const access = buildAccess(facts, kind);
  // A pointer that is not accessed counts as its first byte, and so does the start of a range that wraps.
  const isPoint = kind.layout === 'free' || facts.kind === abi.KIND_NEGATIVE_SIZE || facts.size === 0n;
  const size = isPoint ? 1 : Number(facts.size);
  const focus: Focus = { address: access.address, size, start: facts.address, isRange: access.range };
  const place = describe(focus, kind.area, facts, facts.near, context);
  const shadow = { ...facts.shadow, guilty: Math.floor(access.firstBad / abi.GRANULE) };
  switch (kind.layout) {
    case 'segv':
      return { layout: 'segv', ...head, access, place };
    case 'free':
      return buildFree(head, facts, place, shadow);
    case 'parameter':
      return { ...buildParameter(head, access, place, facts, context), shadow };
    default:
      return {
        layout: 'access',
        ...head,
        access,
        place,
        shadow,
        shadowByte: facts.shadowByte,
        ...(facts.content && { content: facts.content }),
      };
  }
}

function buildHead(facts: Facts, kind: Kind, context: ReportContext): ReportHead {
  const stack = context.accessStack(facts);
  const prefix = facts.kind === abi.KIND_PARAM_OVERLAP ? `${copyName(stack)}-` : '';
  return {
    serial: facts.serial,
    name: kind.name,
    title: prefix + kind[facts.scheme],
    scheme: facts.scheme,
    pointerBytes: facts.pointerBytes,
    halting: facts.halting,
    pid: context.pid,
    moduleName: context.moduleName,
    thread: threadLabel(facts.thread, context),
    stack,
  };
}

function copyName(stack: readonly StackFrame[]): string {
  return COPIES.exec(stack[0]?.function ?? '')?.[1] ?? 'memcpy';
}

function buildAccess(facts: Facts, kind: Kind): Access {
  const ofAccess = kind.layout === 'access' || kind.layout === 'segv';
  const firstBad = ofAccess ? facts.firstBad : facts.address;
  return {
    ...facts.access,
    start: facts.address,
    size: facts.size,
    firstBad,
    address: facts.access.range ? firstBad : facts.address,
    ...(facts.kind === abi.KIND_WILD && facts.extra0 === 1n && { addressUnknown: true as const }),
    exactStart: facts.exactAddress,
    exactAddress: facts.access.range && ofAccess ? facts.exactFirstBad : facts.exactAddress,
  };
}

function buildFree(head: ReportHead, facts: Facts, place: Place, shadow: ShadowMap): FreeReport {
  const size = facts.chunk?.size ?? 0;
  return {
    layout: 'free',
    ...head,
    pointer: facts.address,
    place,
    shadow,
    ...(facts.kind === abi.KIND_ALLOC_DEALLOC_MISMATCH && {
      families: { allocated: familyName(facts.chunk?.allocKind ?? 0), released: releaserName(Number(facts.extra0)) },
    }),
    ...(facts.kind === abi.KIND_NEW_DELETE_SIZE_MISMATCH && { sizes: { allocated: size, released: facts.extra0 } }),
  };
}

function buildParameter(
  head: ReportHead,
  access: Access,
  place: Place,
  facts: Facts,
  context: ReportContext,
): Omit<ParameterReport, 'shadow'> {
  const places: Place[] = place.where === 'unknown' ? [] : [place];
  if (facts.nearOther) {
    const address = Number(facts.extra0);
    const focus = { address, start: address, size: Number(facts.size), isRange: true };
    const { chunk: _, ...others } = facts;
    places.push(describe(focus, 'any', others, facts.nearOther, context));
  }
  return { layout: 'parameter', ...head, access, parameters: parametersOf(facts, head), places };
}

function parametersOf(facts: Facts, head: ReportHead): Parameters {
  const { address, size, extra0, extra1 } = facts;
  const length = Number(size);
  switch (facts.kind) {
    case abi.KIND_CALLOC_OVERFLOW:
      return { what: 'product', function: 'calloc', count: extra0, size: extra1 };
    case abi.KIND_REALLOCARRAY_OVERFLOW:
      return { what: 'product', function: 'reallocarray', count: extra0, size: extra1 };
    case abi.KIND_ALLOCATION_TOO_BIG:
      return { what: 'too-big', size, limit: facts.maxAllocation };
    case abi.KIND_BAD_ALIGNMENT:
      return { what: 'alignment', alignment: extra0 };
    case abi.KIND_OUT_OF_MEMORY:
      return { what: 'out-of-memory', size };
    case abi.KIND_PARAM_OVERLAP: {
      const other = Number(extra0);
      const first: Range = [address, address + length];
      return { what: 'overlap', function: copyName(head.stack), first, second: [other, other + length] };
    }
    case abi.KIND_BAD_USABLE_SIZE:
      return { what: 'usable-size', function: 'malloc_usable_size', pointer: address };
    case abi.KIND_BAD_ALLOCATED_SIZE:
      return { what: 'usable-size', function: '__sanitizer_get_allocated_size', pointer: address };
    case abi.KIND_BAD_INDIRECT_CALL:
      return { what: 'indirect-call', index: extra0 };
    case abi.KIND_BAD_CONTIGUOUS_CONTAINER:
      return { what: 'container', begin: address, end: address + length, from: extra0, to: extra1 };
    case abi.KIND_BAD_DOUBLE_ENDED_CONTAINER:
      return { what: 'double-ended', begin: address, end: address + length, from: extra0, to: extra1 };
    default:
      return { what: 'negative-size', size: BigInt.asIntN(facts.pointerBytes * 8, size) };
  }
}
