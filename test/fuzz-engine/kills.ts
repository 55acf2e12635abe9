// Kills a campaign at random moments and looks at what is left: every file whole and named by its contents, none of
// those that were there before missing, and a campaign that goes on from them.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha1 } from '../../fuzz/folder.ts';
import { seededRandom } from '../../fuzz/random.ts';

export const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Kills {
  readonly kills: number;
  /** Kills before the campaign had run its seeds, and kills that left a draft behind: moments that were really met. */
  readonly early: number;
  readonly drafts: number;
  readonly units: number;
  /** Edges that the seeds covered at the beginning of each round that got so far. */
  readonly edges: readonly number[];
}

/** Each round is a process that is killed within `window` ms of its start or of its first line of coverage. */
export async function killCampaign(folder: string, module: string, rounds: number, window: number): Promise<Kills> {
  const random = seededRandom(20_261_124);
  const corpus = join(folder, 'corpus');
  const edges: number[] = [];
  let known: string[] = [];
  let early = 0;
  for (let round = 0; round < rounds; round++) {
    const flags = [`-seed=${round + 1}`, '-keep_going=1', '-artifact_prefix=found/', '-create_missing_dirs=1'];
    const args = [MAIN, 'fuzz', ...flags, module, 'corpus'];
    const fromStart = random.below(8) === 0;
    const covered = await startAndKill(args, folder, fromStart, random.below(window));
    if (covered === undefined) early++;
    else edges.push(covered);
    known = checkWhole(corpus, known);
  }
  const drafts = hidden(corpus).length;
  return { kills: rounds, early, drafts, units: known.length, edges };
}

/** Edges covered by the corpus it started from, if it got so far. */
export function startAndKill(
  args: readonly string[],
  cwd: string,
  fromStart: boolean,
  wait: number,
): Promise<number | undefined> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => setTimeout(() => child.kill('SIGKILL'), wait);
  let text = '';
  let waiting = fromStart;
  if (fromStart) kill();
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    if (waiting || !/INITED/.test(text)) return;
    waiting = true;
    kill();
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the campaign ended by itself:\n${text}`));
      const covered = /INITED.*cov: (\d+)/.exec(text)?.[1];
      resolve(covered === undefined ? undefined : Number(covered));
    });
  });
}

/** The names that are there now, all of whose files are whole. */
export function checkWhole(corpus: string, before: readonly string[]): string[] {
  const names = list(corpus).filter((name) => !name.startsWith('.'));
  for (const name of names) {
    const contents = sha1(readFileSync(join(corpus, name)));
    if (contents !== name) throw new Error(`${name} is half-written: its contents are ${contents}`);
  }
  const missing = before.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`lost: ${missing.join(', ')}`);
  return names;
}

export function hidden(corpus: string): string[] {
  return list(corpus).filter((name) => name.startsWith('.'));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // killed before it was made
  }
}
