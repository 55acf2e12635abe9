// What a campaign in another process has written to its log so far: how far it is, and what it found.

import { readFileSync } from 'node:fs';

const PROGRESS = /^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)\/\S+ lim: \d+ exec\/s: (\d+)/;
/** Lines about the campaign and not about a finding. */
const ROUTINE =
  /^(#\d+\s|INFO: |WARNING: |Done |stat::|######|"|minimized from |\s+NEW_PC|==1== libFuzzer: run interrupted)/;

export class WorkerLog {
  runs = 0;
  edges = 0;
  features = 0;
  units = 0;
  rate = 0;
  private readonly path: string;
  private read = 0;
  private readonly kinds = new Map<string, number>();

  constructor(path: string) {
    this.path = path;
  }

  /** Findings of this kind. */
  found(kind: string): number {
    return this.kinds.get(kind) ?? 0;
  }

  /** Reads on; the lines about findings. The last line counts once it is whole. */
  news(): string {
    const text = readFileSync(this.path, 'utf8');
    const whole = text.lastIndexOf('\n') + 1;
    const lines = text.slice(this.read, whole).split('\n').slice(0, -1);
    this.read = whole;
    return lines.flatMap((line) => (this.note(line) ? [`${line}\n`] : [])).join('');
  }

  private note(line: string): boolean {
    const progress = PROGRESS.exec(line)?.slice(1).map(Number);
    if (progress)
      [this.runs, this.edges, this.features, this.units, this.rate] = progress as [
        number,
        number,
        number,
        number,
        number,
      ];
    const kind = /Test unit written to .*?(crash|timeout|oom|leak)-[0-9a-f]{40}/.exec(line)?.[1];
    if (kind) this.kinds.set(kind === 'leak' ? 'crash' : kind, this.found(kind === 'leak' ? 'crash' : kind) + 1);
    return !ROUTINE.test(line);
  }
}
