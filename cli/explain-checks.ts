// --explain-checks: every access that carries no check of its own, by original offset, and the reason.

import type { Symbolizer } from '../host/symbols/index.ts';
import type { Inspection } from '../instrument/index.ts';
import { SKIP_REASONS, type SkipReason } from '../instrument/plan.ts';

/** One line per access, and a count per reason at the end. */
export function explainChecks(found: Inspection, symbolizer: Symbolizer): string {
  const counts = new Map<SkipReason, number>();
  const lines = found.explainChecks().map(({ func, offset, reason }) => {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const [frame] = symbolizer.frames(offset);
    const where = frame?.line === undefined ? '' : ` ${frame.file ?? ''}:${frame.line}`;
    return `0x${offset.toString(16)} ${frame?.function || `function ${func}`}${where}: ${reason}`;
  });
  const legend = [...counts].map(
    ([reason, count]) => `${String(count).padStart(8)} ${reason}: ${SKIP_REASONS[reason]}`,
  );
  return `${[...lines, ...legend].join('\n')}\n`;
}
