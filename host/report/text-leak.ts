// The report of a leak check, as LeakSanitizer words it inside AddressSanitizer.
import type { LeakReport, SuppressedLeaks } from './report.ts';
import { asanAddress, asanStack, painter, type TextStyle } from './style.ts';

export interface LeakStyle extends TextStyle {
  /** Largest leaks to print; 0 for all. */
  readonly maxLeaks?: number;
  /** Print every leaked block below its stack. */
  readonly reportObjects?: boolean;
  /** Say which suppressions matched. */
  readonly printSuppressions?: boolean;
}

/** The whole report, ending in a newline. */
export function leakText(report: LeakReport, style: LeakStyle): string {
  const paint = painter(style.color);
  const limit = style.maxLeaks && style.maxLeaks < report.leaks.length ? style.maxLeaks : report.leaks.length;
  const lines = ['', '='.repeat(65), paint('error', `==${report.pid}==ERROR: LeakSanitizer: ${report.title}`), ''];
  if (limit < report.leaks.length) lines.push(`The ${limit} largest leak(s):`);
  for (const leak of report.leaks.slice(0, limit)) {
    const kind = leak.direct ? 'Direct' : 'Indirect';
    lines.push(
      paint('location', `${kind} leak of ${leak.bytes} byte(s) in ${leak.objects.length} object(s) allocated from:`),
      ...asanStack(leak.stack, report, style),
    );
    if (style.reportObjects) {
      const objects = leak.objects.map(({ address, size }) => `${asanAddress(address, report)} (${size} bytes)`);
      lines.push('Objects leaked above:', ...objects, '');
    }
  }
  if (limit < report.leaks.length) lines.push(`Omitting ${report.leaks.length - limit} more leak(s).`);
  const used = style.printSuppressions ? suppressedText(report.suppressed) : '';
  return `${lines.join('\n')}\n${used}${style.printSummary ? `${leakSummary(report)}\n` : ''}`;
}

/** Which suppressions matched, also when they left no leak to report; empty if none did. */
export function suppressedText(suppressed: readonly SuppressedLeaks[]): string {
  if (suppressed.length === 0) return '';
  const rule = '-'.repeat(53);
  const rows = suppressed.map(
    ({ template, objects, bytes }) => `${String(objects).padStart(7)} ${String(bytes).padStart(10)} ${template}`,
  );
  return `${[rule, 'Suppressions used:', '  count      bytes template', ...rows, rule, ''].join('\n')}\n`;
}

function leakSummary({ leaks }: LeakReport): string {
  const bytes = leaks.reduce((sum, leak) => sum + leak.bytes, 0);
  const objects = leaks.reduce((sum, leak) => sum + leak.objects.length, 0);
  return `SUMMARY: AddressSanitizer: ${bytes} byte(s) leaked in ${objects} allocation(s).`;
}
