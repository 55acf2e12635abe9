// Reads what a program under test/conformance expects of wasan, from the comment at its head.
//
//   // K01 kmalloc_oob_right: past a block, in its last granule.
//   // CLANG -msimd128                                  flags besides the level's
//   // FINDS heap-buffer-overflow|slab-out-of-bounds, WRITE of size 1, 0 bytes after 115-byte region, at A
//   // LEVELS -O0                                      where the bug survives, or can be told; else all
//   // DIES                                            the engine stops the program at the last finding
//   ...
//   p[115] = 'x'; // <- A                               the guilty line
//
// One FINDS line per finding, in order. `a|b` is a under scheme=asan and b under scheme=kasan. `8x` in front means eight
// findings, on as many lines marked alike. `(kasan)`, `(-O2)`, `(asan -O0)` limit a line. `FINDS nothing` is a clean program.

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export type Scheme = 'asan' | 'kasan';

export interface ConformanceProgram {
  /** "k01-kmalloc-oob-right.c" */
  readonly file: string;
  readonly source: string;
  readonly flags: readonly string[];
  /** Levels of optimisation to try it at; undefined for all. */
  readonly levels: readonly string[] | undefined;
  readonly dies: boolean;
  /** Findings in order, as run-instrumented.ts words them. */
  expected(scheme: Scheme, level: string): string[];
}

interface Row {
  readonly conditions: readonly string[];
  readonly count: number;
  readonly text: string;
  readonly marker: string;
}

const FINDS = /^\/\/ FINDS (?:\(([^)]+)\) )?(?:(\d+)x )?(.+), at (\w+)$/;

/** The programs of a folder, by name. */
export function readPrograms(folder: URL): ConformanceProgram[] {
  const files = readdirSync(folder).filter((f) => /\.(c|cpp)$/.test(f));
  return files.sort().map((file) => parseProgram(file, readFileSync(new URL(file, folder), 'utf8')));
}

export function parseProgram(file: string, source: string): ConformanceProgram {
  const lines = source.split('\n');
  const directives = lines.filter((l) => l.startsWith('// FINDS'));
  const rows = directives.filter((l) => l !== '// FINDS nothing').map((l) => parseRow(l, file));
  const clean = directives.length - rows.length;
  if (rows.length > 0 ? clean > 0 : clean !== 1) throw new Error(`${file}: no FINDS line says what it finds`);
  const flags = directive(lines, 'CLANG')?.split(' ') ?? [];
  const dies = lines.includes('// DIES');
  return {
    file: basename(file),
    source,
    flags,
    levels: directive(lines, 'LEVELS')?.split(' '),
    dies,
    expected: (scheme, level) => expand(rows, lines, scheme, level),
  };
}

function directive(lines: readonly string[], name: string): string | undefined {
  const start = `// ${name} `;
  return lines.find((l) => l.startsWith(start))?.slice(start.length);
}

function parseRow(line: string, file: string): Row {
  const match = FINDS.exec(line);
  if (!match) throw new Error(`${file}: cannot read "${line}"`);
  const [, conditions = '', count = '1', text = '', marker = ''] = match;
  return { conditions: conditions.split(' ').filter((c) => c !== ''), count: Number(count), text, marker };
}

function expand(rows: readonly Row[], lines: readonly string[], scheme: Scheme, level: string): string[] {
  const used = new Map<string, number>();
  const findings: string[] = [];
  for (const row of rows) {
    if (!row.conditions.every((c) => c === scheme || c === level)) continue;
    for (let i = 0; i < row.count; i++) {
      const marked = linesMarked(lines, row.marker);
      const nth = used.get(row.marker) ?? 0;
      used.set(row.marker, nth + 1);
      // Several findings of one line repeat its only marker.
      const line = marked[Math.min(nth, marked.length - 1)];
      if (line === undefined) throw new Error(`no line is marked "${row.marker}"`);
      findings.push(`${choose(row.text, scheme)}, line ${line}`);
    }
  }
  return findings;
}

function linesMarked(lines: readonly string[], marker: string): number[] {
  return lines.flatMap((line, i) => (line.endsWith(`// <- ${marker}`) ? [i + 1] : []));
}

/** Of each comma-separated part, the scheme's alternative; in a part, alternatives are whole words or runs between `|`. */
function choose(text: string, scheme: Scheme): string {
  const pick = scheme === 'asan' ? 0 : 1;
  return text
    .split(', ')
    .map((part) =>
      part.replace(/(\d+ bytes \w+|[^\s|]+)\|(\d+ bytes \w+|[^\s|]+)/g, (_, ...both: string[]) => both[pick]!),
    )
    .join(', ');
}
