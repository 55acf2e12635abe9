// Several machines on one corpus folder, as a shared file system shows it to them: processes that know nothing of each other,
// each with a working folder, a module and a name for the folder of its own, killed at random moments and started again.

import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../fuzz/random.ts';
import { checkWhole, hidden, MAIN, startAndKill } from './kills.ts';

export interface Sharing {
  readonly kills: number;
  readonly drafts: number;
  readonly units: number;
  /** Looks at the folder while it was written to, each of which found whole files only, and none missing. */
  readonly looks: number;
  /** What the machines covered that were left alone at the end, and the lines they printed. */
  readonly survivors: readonly { readonly edges: number; readonly text: string }[];
  /** Edges that a machine has been seen to cover from the folder alone. */
  readonly covered: number;
}

const LOOK_MS = 20;
const SURVIVAL_SECONDS = 4;

export async function shareFolder(folder: string, module: string, machines: number, rounds: number): Promise<Sharing> {
  const corpus = join(folder, 'shared');
  mkdirSync(corpus);
  const places = Array.from({ length: machines }, (_, i) => makeMachine(folder, module, corpus, i));
  const watch = watchFolder(corpus);
  let covered = 0;
  const live = async (place: string, i: number) => {
    const random = seededRandom(1000 + i);
    for (let round = 0; round < rounds; round++) {
      const known = covered;
      const args = command(1 + i * rounds + round);
      const edges = await startAndKill(args, place, random.below(8) === 0, random.below(400));
      if (edges === undefined) continue;
      // It read what all the others had left, too.
      if (edges < known) throw new Error(`a machine covered ${edges} edges from a folder that covers ${known}`);
      covered = Math.max(covered, edges);
    }
  };
  await Promise.all(places.map(live));
  const drafts = hidden(corpus).length;
  const survivors = await Promise.all(
    places.map((place, i) => finish([...command(9000 + i), `-max_total_time=${SURVIVAL_SECONDS}`], place)),
  );
  const { names, looks } = watch.stop();
  return { kills: machines * rounds, drafts, units: names.length, looks, survivors, covered };
}

function command(seed: number): string[] {
  return [
    MAIN,
    'fuzz',
    `-seed=${seed}`,
    '-keep_going=1',
    '-reload=1',
    '-artifact_prefix=found/',
    '-create_missing_dirs=1',
    'module.wasm',
    'corpus',
  ];
}

function makeMachine(folder: string, module: string, corpus: string, number: number): string {
  const place = join(folder, `machine${number}`);
  mkdirSync(place);
  copyFileSync(module, join(place, 'module.wasm'));
  symlinkSync(corpus, join(place, 'corpus'));
  return place;
}

/** Looks again and again, as a reader on one more machine would. */
function watchFolder(corpus: string): { readonly stop: () => { names: string[]; looks: number } } {
  let names: string[] = [];
  let looks = 0;
  let failure: unknown;
  const look = () => {
    try {
      names = checkWhole(corpus, names);
      looks++;
    } catch (error) {
      failure ??= error;
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      if (failure) throw failure;
      return { names, looks };
    },
  };
}

/** A campaign that nobody kills; its log is kept in its folder, too. */
function finish(args: readonly string[], cwd: string): Promise<{ edges: number; text: string }> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => {
      writeFileSync(join(cwd, 'log'), text);
      if (code !== 0) reject(new Error(`the campaign ended with ${code}:\n${text}`));
      resolve({ edges: Number(/\tDONE +cov: (\d+)/.exec(text)?.[1]), text });
    });
  });
}
