// A report as JSON, versioned: what tools read instead of the text. The schema is report.schema.json.
// Addresses and sizes are numbers; a size above 2^53 (a negative one) is a decimal string.
import type { Report } from './report.ts';

export const JSON_SCHEMA = 'wasan-report/1';

/** The report as a plain value that JSON can hold: big integers and byte arrays converted. */
export function toJsonValue(report: Report): Record<string, unknown> {
  return { schema: JSON_SCHEMA, ...(convert(report) as Record<string, unknown>) };
}

/** One line per report, so that a log file is JSON Lines. */
export function jsonText(report: Report): string {
  return `${JSON.stringify(toJsonValue(report))}\n`;
}

function convert(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convert(member)]));
}
