// From leaked blocks to a leak report: grouped by where they were allocated, suppressed ones counted apart.
import * as abi from '../../runtime/abi.ts';
import { type ReportContext, threadLabel } from './describe.ts';
import type { Facts } from './facts.ts';
import { kindOf } from './kinds.ts';
import type { StackFrame } from './place.ts';
import type { Leak, LeakReport } from './report.ts';

/** One unreachable block. `stack` holds site ids, innermost first. */
export interface LeakedBlock {
  readonly address: number;
  readonly size: number;
  /** False if only another leaked block points to it. */
  readonly direct: boolean;
  readonly stack: readonly number[];
}

export interface LeakSettings extends Pick<Facts, 'scheme' | 'pointerBytes' | 'serial' | 'thread'> {
  /** Says whether a leak with this stack is expected. */
  suppressed?(stack: readonly StackFrame[]): boolean;
}

/** The report of a leak check, or undefined if nothing leaked that is not suppressed. */
export function buildLeakReport(
  blocks: readonly LeakedBlock[],
  settings: LeakSettings,
  context: ReportContext,
): LeakReport | undefined {
  const kind = kindOf(abi.KIND_LEAK);
  const groups = [...group(blocks).values()].map((members) => toLeak(members, context));
  const isExpected = (leak: Leak): boolean => settings.suppressed?.(leak.stack) ?? false;
  const leaks = groups.filter((leak) => !isExpected(leak)).sort(bySeverity);
  if (leaks.length === 0) return undefined;
  const expected = groups.filter(isExpected);
  return {
    layout: 'leak',
    serial: settings.serial,
    name: kind.name,
    title: kind[settings.scheme],
    scheme: settings.scheme,
    pointerBytes: settings.pointerBytes,
    halting: false,
    pid: context.pid,
    moduleName: context.moduleName,
    thread: threadLabel(settings.thread, context),
    stack: leaks[0]!.stack,
    leaks,
    suppressed: {
      bytes: expected.reduce((sum, leak) => sum + leak.bytes, 0),
      objects: expected.reduce((sum, leak) => sum + leak.objects.length, 0),
    },
  };
}

function group(blocks: readonly LeakedBlock[]): Map<string, LeakedBlock[]> {
  const groups = new Map<string, LeakedBlock[]>();
  for (const block of blocks) {
    const key = `${block.direct}:${block.stack.join(',')}`;
    const members = groups.get(key);
    if (members) members.push(block);
    else groups.set(key, [block]);
  }
  return groups;
}

function toLeak(members: readonly LeakedBlock[], context: ReportContext): Leak {
  const { direct, stack } = members[0]!;
  return {
    direct,
    bytes: members.reduce((sum, block) => sum + block.size, 0),
    objects: members.map(({ address, size }) => ({ address, size })),
    stack: context.frames(stack),
  };
}

/** Direct leaks first, since fixing one often frees the indirect ones behind it; then the larger first. */
function bySeverity(a: Leak, b: Leak): number {
  return Number(b.direct) - Number(a.direct) || b.bytes - a.bytes;
}
