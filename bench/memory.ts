// What does wasan cost in memory? Peak resident memory of a process that runs the sql.js workload three times; the
// instrumented one also holds the instrumenter's own memory, because it instruments in the same process.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VARIANTS } from './instance.ts';
import type { Section } from './report.ts';

const TASK = fileURLToPath(new URL('memory-task.ts', import.meta.url));

export async function benchMemory(): Promise<Section[]> {
  const megabytes = VARIANTS.map(({ name }) => {
    const output = execFileSync(process.execPath, ['--no-warnings', TASK, name], { encoding: 'utf8' });
    return (JSON.parse(output) as { megabytes: number }).megabytes;
  });
  return [
    {
      title: 'memory: peak resident MB of a process',
      goal: '<= 2x of the original',
      columns: ['program', ...VARIANTS.map((v) => v.name), 'inline / original'],
      rows: [['sql.js, three rounds', ...megabytes, megabytes[1]! / megabytes[0]!]],
    },
  ];
}
