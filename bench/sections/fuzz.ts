// How does the fuzzer compare with clang's own, -fsanitize=fuzzer,address, on the same sources? Both run the same number of
// inputs from the same start, in turn; both corpora are then counted by both rulers, for the two number edges differently.
// What a campaign runs depends on what it has found: who reaches an image decoder runs longer. So both also run the same inputs.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bmp, gif, png } from '../../test/fuzz-engine/images.ts';
import { buildLibrary, type Library, library, librarySources } from '../../test/fuzz-engine/libraries.ts';
import type { SourceTree } from '../../test/support/clang.ts';
import { progress } from '../progress.ts';
import { type Cell, goal, type Table } from '../report.ts';
import { geometricMean } from '../statistics.ts';
import { task } from '../task.ts';

interface Row {
  readonly target: string;
  readonly runs: number;
  readonly seeds: readonly Uint8Array[];
}

const CLANG = 'clang-19';
const ROUNDS = 2;
/** Each takes clang's a second or so: in a tenth of that an engine has yet to compile what it runs. */
const ROWS: readonly Row[] = [
  { target: 'cjson', runs: 500_000, seeds: [] },
  { target: 'lodepng', runs: 500_000, seeds: [] },
  { target: 'lodepng', runs: 100_000, seeds: [png()] },
  { target: 'stb_image', runs: 15_000, seeds: [] },
  { target: 'stb_image', runs: 20_000, seeds: [png(), gif(), bmp()] },
];

interface Measured {
  readonly cpu: number;
  readonly megabytes: number;
  readonly edges: number;
}

interface Replay {
  readonly rounds: number;
  readonly units: number;
  readonly cpu: number;
}

const COLUMNS = [
  ...['target', 'runs', 'native/s', 'wasan/s', 'ratio', 'native MB', 'wasan MB'],
  ...['same inputs: native/s', 'same inputs: wasan/s', 'same inputs: ratio'],
  ...["clang's edges: native", "clang's edges: wasan", "wasan's edges: native", "wasan's edges: wasan"],
];

export async function benchFuzz(): Promise<Table[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wasan-bench-fuzz-'));
  try {
    const missing = whyNoNative(folder);
    const rows: Cell[][] = [];
    for (const row of ROWS) {
      rows.push(await measureRow(row, folder, missing === undefined));
      progress(rows.at(-1)!.join('  ')); // a run that is stopped has told what it measured
    }
    const native = missing === undefined ? '' : ` The native side is left out: ${missing}.`;
    return [
      {
        title: 'Fuzzing, beside clang -fsanitize=fuzzer,address',
        text: `The same C sources, the same number of runs from the same start, -seed=1, -max_len=2048, leaks not looked for; runs per second of CPU time, the better of ${ROUNDS}. Edges are those that the units kept at the end cover, counted by clang's instrumentation and by wasan's: the two number them differently. The same inputs are the units that wasan kept, run again by both without mutating anything; native state is not put back, wasan's is.${native}`,
        columns: COLUMNS,
        rows,
        goals: goalsOf(rows),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function goalsOf(rows: readonly (readonly Cell[])[]) {
  const measured = rows.filter((row) => typeof row[4] === 'number') as number[][];
  if (measured.length === 0) return [];
  const mean = (over: number, under: number) => geometricMean(measured.map((row) => row[over]! / row[under]!));
  return [
    goal('runs per CPU second, against native', mean(3, 2), '>=', 0.5, 'x'),
    goal('the same, lowest of the rows', Math.min(...measured.map((row) => row[3]! / row[2]!)), '>=', 0.5, 'x'),
    goal('the same inputs per CPU second, against native', mean(8, 7), '>=', 0.5, 'x'),
    goal("edges by clang's count, against native", mean(11, 10), '>=', 1, 'x'),
    goal("edges by wasan's count, against native", mean(13, 12), '>=', 1, 'x'),
  ];
}

async function measureRow({ target, runs, seeds }: Row, folder: string, withNative: boolean): Promise<Cell[]> {
  const wanted = library(target);
  const name = seeds.length > 0 ? `${target}, ${seeds.length} seed${seeds.length > 1 ? 's' : ''}` : target;
  progress(name);
  const built = await buildLibrary(wanted, true);
  if ('reason' in built) return [name, `not built: ${built.reason}`];
  const place = mkdtempSync(join(folder, `${target}-`));
  const at = (part: string) => join(place, part);
  mkdirSync(at('seeds'));
  seeds.forEach((seed, i) => writeFileSync(join(at('seeds'), `seed${i}`), seed));
  writeFileSync(at('target.wasm'), built.bytes);
  const native = withNative ? buildNative(wanted, place) : undefined;
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(runWasan(at('target.wasm'), runs, fresh(at('wasan')), at('seeds')));
    if (native) theirs.push(runNative(native, [`-runs=${runs}`, fresh(at('native')), at('seeds')]));
  }
  const mine = best(ours);
  const perSecond = runs / mine.cpu;
  const own = (corpus: string) => runWasan(at('target.wasm'), 0, at('none'), at(corpus)).edges;
  const again = task<Replay>('fuzz-replay', [at('target.wasm'), at('wasan')]);
  const againPerSecond = (again.rounds * again.units) / again.cpu;
  if (!native)
    return [name, runs, '', perSecond, '', '', mine.megabytes, '', againPerSecond, '', '', '', '', own('wasan')];
  const peer = best(theirs);
  const speeds = [runs / peer.cpu, perSecond, peer.cpu / mine.cpu, peer.megabytes, mine.megabytes];
  const nativeAgain = (again.rounds * again.units) / replayNative(native, at('wasan'), again.rounds);
  const replays = [nativeAgain, againPerSecond, againPerSecond / nativeAgain];
  const clangs = ['native', 'wasan'].map((corpus) => runNative(native, ['-runs=0', at(corpus)]).edges);
  return [name, runs, ...speeds, ...replays, ...clangs, own('native'), own('wasan')];
}

function runWasan(module: string, runs: number, corpus: string, seeds: string): Measured {
  return task<Measured>('fuzz', [module, runs, corpus, seeds]);
}

function fresh(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
}

function best(measured: readonly Measured[]): Measured {
  return measured.reduce((a, b) => (b.cpu < a.cpu ? b : a));
}

/** Why clang cannot build a fuzz target here; undefined if it can. */
function whyNoNative(folder: string): string | undefined {
  writeFileSync(join(folder, 'probe.c'), 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return 0; }\n');
  const { error, status } = spawnSync(CLANG, ['-fsanitize=fuzzer,address', 'probe.c', '-o', 'probe'], { cwd: folder });
  if (error) return `${CLANG} is not installed`;
  return status === 0 ? undefined : `${CLANG} has no fuzzer runtime (package libclang-rt-19-dev)`;
}

function buildNative(wanted: Library, folder: string): string {
  const found = librarySources(wanted, true);
  if ('reason' in found) throw new Error(found.reason);
  writeTree(found.tree, join(folder, 'source'));
  const binary = join(folder, 'native-target');
  const flags = ['-O1', '-g', '-w', '-fsanitize=fuzzer,address', '-I.', ...(wanted.flags ?? [])];
  execFileSync(CLANG, [...flags, ...found.sources, 'target.c', '-lm', '-o', binary], { cwd: join(folder, 'source') });
  return binary;
}

function writeTree(tree: SourceTree, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, entry] of Object.entries(tree)) {
    if (typeof entry === 'string') writeFileSync(join(folder, name), entry);
    else writeTree(entry, join(folder, name));
  }
}

/** CPU seconds for so many rounds, without what starting up and the first take. */
function replayNative(binary: string, folder: string, rounds: number): number {
  const files = readdirSync(folder).map((name) => join(folder, name));
  const [all, first] = [rounds + 1, 1].map((times) => runNative(binary, [`-runs=${times}`, ...files]).cpu);
  return Math.max(all! - first!, 1e-3);
}

/** The shell's `times` tells what its child used. */
function runNative(binary: string, args: readonly string[]): Measured {
  const flags = ['-seed=1', '-max_len=2048', '-detect_leaks=0', '-print_final_stats=1', ...args];
  const { stdout, stderr } = spawnSync('sh', ['-c', '"$@" >/dev/null; times', 'sh', binary, ...flags], {
    encoding: 'utf8',
  });
  const children = stdout.trim().split('\n').at(-1)!;
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0);
  const edges = Number([...stderr.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? 0);
  const megabytes = Number(/peak_rss_mb:\s*(\d+)/.exec(stderr)?.[1] ?? 0);
  return { cpu, megabytes, edges };
}
