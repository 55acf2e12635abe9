// From leaked blocks to a leak report: grouped by where they were allocated, suppressed ones counted apart.
import * as abi from '../../runtime/abi.ts';
import { type ReportContext, threadLabel } from './describe.ts';
import type { Facts } from './facts.ts';
import { kindOf } from './kinds.ts';
import type { Leak, LeakReport, SuppressedLeaks } from './report.ts';
import { findLeakSuppression, type Suppression } from './suppressions.ts';

/** One unreachable block. `stack` holds site ids, innermost first. */
export interface LeakedBlock {
  readonly address: number;
  readonly size: number;
  /** False if only another leaked block points to it. */
  readonly direct: boolean;
  readonly stack: readonly number[];
}

export interface LeakSettings extends Pick<Facts, 'scheme' | 'pointerBytes' | 'serial' | 'thread'> {
  readonly suppressions: readonly Suppression[];
  /** Frames in which the stacks of one leak agree; absent or 0 for all. */
  readonly resolution?: number;
}

export interface LeakCheck {
  /** Absent if nothing leaked that is not suppressed. */
  readonly report?: LeakReport;
  /** What was suppressed, by template. */
  readonly suppressed: readonly SuppressedLeaks[];
}

/** What a leak check found: grouped, suppressed, and worth a report or not. */
export function judgeLeaks(blocks: readonly LeakedBlock[], settings: LeakSettings, context: ReportContext): LeakCheck {
  const suppressed = new Map<string, SuppressedLeaks>();
  const leaks: Leak[] = [];
  for (const members of group(blocks, settings.resolution || Infinity).values()) {
    const leak = toLeak(members, context);
    const template = findLeakSuppression(leak.stack, settings.suppressions)?.pattern;
    if (template === undefined) leaks.push(leak);
    else suppressed.set(template, add(suppressed.get(template) ?? { template, objects: 0, bytes: 0 }, leak));
  }
  const list = [...suppressed.values()];
  if (leaks.length === 0) return { suppressed: list };
  return { report: toReport(leaks.sort(bySeverity), list, settings, context), suppressed: list };
}

function toReport(
  leaks: readonly Leak[],
  suppressed: readonly SuppressedLeaks[],
  settings: LeakSettings,
  context: ReportContext,
): LeakReport {
  const kind = kindOf(abi.KIND_LEAK);
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
    suppressed,
  };
}

function add({ template, objects, bytes }: SuppressedLeaks, leak: Leak): SuppressedLeaks {
  return { template, objects: objects + leak.objects.length, bytes: bytes + leak.bytes };
}

function group(blocks: readonly LeakedBlock[], frames: number): Map<string, LeakedBlock[]> {
  const groups = new Map<string, LeakedBlock[]>();
  for (const block of blocks) {
    const key = `${block.direct}:${block.stack.slice(0, frames).join(',')}`;
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
