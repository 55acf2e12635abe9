// Source coverage in lcov's format, which genhtml, editors and CI services read.

import type { CoveredFile } from './source-coverage.ts';

export function lcovText(files: readonly CoveredFile[]): string {
  return files.map(record).join('');
}

function record({ file, lines, functions }: CoveredFile): string {
  const reached = (counts: Iterable<{ readonly count: number }>) => [...counts].filter(({ count }) => count > 0).length;
  return `${[
    'TN:',
    `SF:${file}`,
    ...functions.map(({ line, name }) => `FN:${line},${name}`),
    ...functions.map(({ count, name }) => `FNDA:${count},${name}`),
    `FNF:${functions.length}`,
    `FNH:${reached(functions)}`,
    ...[...lines].map(([line, { count }]) => `DA:${line},${count}`),
    `LF:${lines.size}`,
    `LH:${reached(lines.values())}`,
    'end_of_record',
  ].join('\n')}\n`;
}
