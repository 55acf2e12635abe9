// One campaign on the command line: seeds from folders, new units to the first of them, findings to files, until a limit
// or the user says stop.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Campaign } from '../../fuzz/campaign.ts';
import type { Executor } from '../../fuzz/executor.ts';
import type { Finding, FindingKind } from '../../fuzz/finding.ts';
import {
  listNames,
  openFolder,
  readIfThere,
  readInputs,
  regressionInputs,
  sha1,
  writeFile,
} from '../../fuzz/folder.ts';
import { minimizeFinding } from '../../fuzz/index.ts';
import { seededRandom } from '../../fuzz/random.ts';
import { History } from '../../fuzz/report/history.ts';
import type { Io } from '../command.ts';
import { type Artifacts, pathOf, replayCommand, saveFinding, saveMinimized, writeDurably } from './artifacts.ts';
import { clocksOf } from './clocks.ts';
import { corpusLines, coverageLines, fullCoverageLines, newFunctionLines, newPcLines } from './coverage-lines.ts';
import type { FuzzFlags } from './flags.ts';
import { dictionaryLines, unitLines } from './lines.ts';
import { type ReportFiles, writeReports } from './report.ts';
import { FuzzStatus } from './status.ts';
import type { TargetOutput } from './target-output.ts';

export interface Setting {
  readonly executor: Executor;
  readonly flags: FuzzFlags;
  readonly folders: readonly string[];
  readonly dictionary: readonly Uint8Array[];
  readonly artifacts: Artifacts;
  readonly reports: ReportFiles;
  readonly moduleName: string;
  readonly output: TargetOutput;
  readonly seed: number;
  readonly io: Io;
  readonly now: () => number;
}

/** Milliseconds of fuzzing between two looks at signals and at other workers' files. */
const SLICE_MS = 50;
const MIN_MAX_LENGTH = 4096;
const NO_UNIT = '0'.repeat(40);

export interface Outcome {
  /** The first that nobody asked to ignore. */
  readonly first: Finding | undefined;
  readonly interrupted: boolean;
}

export async function runCampaign(setting: Setting): Promise<Outcome> {
  return new CommandCampaign(setting).run();
}

class CommandCampaign {
  private readonly setting: Setting;
  private readonly status: FuzzStatus;
  private readonly campaign: Campaign;
  private readonly regressions: readonly Uint8Array[];
  private readonly seeds: readonly Uint8Array[];
  private readonly folderSizes: readonly (readonly [folder: string, files: number])[];
  private readonly seen: Set<string>;
  /** By a signal; the stop file ends a campaign in order. */
  private interrupted = false;
  private stopped = false;
  private readonly ignored: ReadonlySet<FindingKind>;
  private readonly history = new History();
  /** The smallest inputs of the findings, as far as they have been looked for. */
  private readonly minimized: Uint8Array[] = [];
  private reloaded = 0;

  constructor(setting: Setting) {
    const { flags, folders, now, io } = setting;
    this.setting = setting;
    this.ignored = ignoredKinds(flags);
    if (folders[0] !== undefined) openFolder(folders[0]);
    const once = flags.text('regressions');
    this.regressions = once === '' ? [] : regressionInputs(once);
    const places = [...folders, ...seedFiles(flags.text('seed_inputs'))];
    const found = places.map((path) => readInputs(path).map((file) => file.bytes));
    this.folderSizes = folders.map((folder, i) => [folder, found[i]!.length]);
    this.seeds = found.flat();
    if (flags.number('use_cmp') !== 0 && flags.number('runs') !== 0) setting.executor.prepare?.();
    this.seen = new Set(folders[0] === undefined ? [] : listNames(folders[0]));
    const { moduleName, seed } = setting;
    this.status = new FuzzStatus(io, now, flags.number('verbosity') === 0, { moduleName, seed, history: this.history });
    const longest = this.seeds.reduce((max, seed) => Math.max(max, seed.length), MIN_MAX_LENGTH);
    this.campaign = new Campaign({
      executor: guarded(setting.executor, setting.artifacts),
      random: seededRandom(setting.seed),
      nameOf: sha1,
      runs: flags.number('runs'),
      maxLength: flags.number('max_len') || longest,
      dictionary: setting.dictionary,
      useCompares: flags.number('use_cmp') !== 0,
      entropic: flags.number('entropic') !== 0,
      reduce: flags.number('reduce_inputs') !== 0,
      ignoreCrashes: flags.number('ignore_crashes') !== 0 || flags.number('keep_going') !== 0,
      ignoreKinds: this.ignored,
      ...(flags.number('len_control') >= 0 && { lengthControl: flags.number('len_control') }),
      onlyAscii: flags.number('only_ascii') !== 0,
      sortSeeds: flags.number('shuffle') !== 0,
      mutateDepth: flags.number('mutate_depth'),
      crossOver: flags.number('cross_over') !== 0,
      shouldStop: () => this.timeIsUp(),
      observer: {
        onFinding: (finding, input) => this.found(finding, input),
        onUnit: (unit, what) => {
          if (what !== 'INITED') this.save(unit.name, unit.bytes);
          if (what !== 'INITED') this.status.say(this.newCode());
          this.status.unit(this.campaign, what, unit);
          this.history.take(this.status.seconds, this.campaign.totals);
        },
        onEvent: (what) => this.status.event(this.campaign, what),
      },
    });
  }

  async run(): Promise<Outcome> {
    const stop = () => {
      this.interrupted = true;
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    try {
      this.replayRegressions();
      this.status.say(this.openingLines());
      await this.runSeeds();
      while (!this.over()) await this.slice();
      this.minimizeFindings();
    } finally {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    }
    this.status.stop();
    this.history.take(this.status.seconds, this.campaign.totals, true);
    this.status.event(this.campaign, 'DONE');
    this.report();
    this.sayClosing();
    if (this.interrupted) this.status.say('==1== libFuzzer: run interrupted; exiting\n');
    const first = this.campaign.findings.find(({ finding }) => !this.ignored.has(finding.kind));
    return { first: first?.finding, interrupted: this.interrupted };
  }

  private openingLines(): string {
    const { flags } = this.setting;
    if (flags.number('verbosity') === 0) return seedLine(this.seeds);
    const files = this.folderSizes.map(
      ([folder, count]) => `INFO: ${String(count).padStart(8)} files found in ${folder}\n`,
    );
    const limit = this.campaign.maxLength;
    const unlimited = `INFO: -max_len is not provided; libFuzzer will not generate inputs larger than ${limit} bytes\n`;
    return `${files.join('')}${flags.number('max_len') === 0 ? unlimited : ''}${seedLine(this.seeds)}`;
  }

  private sayClosing(): void {
    const { flags, executor } = this.setting;
    const { status, campaign } = this;
    if (flags.number('verbosity') !== 0) status.say(dictionaryLines(campaign.recommended));
    status.say(status.doneLine(campaign));
    if (flags.number('print_coverage') !== 0) status.say(coverageLines(executor, campaign));
    if (flags.number('print_full_coverage') !== 0) status.say(fullCoverageLines(executor, campaign));
    if (flags.number('print_corpus_stats') !== 0) status.say(corpusLines(campaign));
    if (flags.number('print_final_stats') !== 0) status.say(status.finalStats(campaign));
  }

  /** What the unit added last was the first to reach. */
  private newCode(): string {
    const { flags, executor, io } = this.setting;
    const { newEdges } = this.campaign.features;
    const functions =
      io.terminalColumns === undefined && flags.number('verbosity') !== 0 ? flags.number('print_funcs') : 0;
    return `${flags.number('print_pcs') !== 0 ? newPcLines(executor, newEdges) : ''}${newFunctionLines(executor, newEdges, functions)}`;
  }

  /** What was once found comes first, all of it. */
  private replayRegressions(): void {
    for (const input of this.regressions) this.campaign.attempt(input, undefined, true);
    if (this.regressions.length === 0) return;
    this.status.say(
      `INFO: ${this.regressions.length} regressions replayed, ${this.campaign.findings.length} found again\n`,
    );
  }

  /** With -runs=0 nothing but the seeds. */
  private async runSeeds(): Promise<void> {
    const { flags, now } = this.setting;
    const steps = flags.number('runs') !== 0 ? this.campaign.starting(this.seeds) : this.attempts();
    let end = now() + SLICE_MS;
    for (const _ of steps) {
      if (now() < end) continue;
      this.status.pulse(this.campaign);
      await breathe();
      if (this.over()) return;
      end = now() + SLICE_MS;
    }
  }

  private *attempts(): Generator<undefined> {
    for (const seed of this.seeds) {
      this.campaign.attempt(seed, undefined, true);
      yield undefined;
    }
  }

  /** The campaign asks for the time only every so many runs, which may be slow ones. */
  private over(): boolean {
    return this.campaign.done() || this.timeIsUp();
  }

  private async slice(): Promise<void> {
    const { now, flags } = this.setting;
    const end = now() + SLICE_MS;
    while (now() < end && !this.campaign.done()) this.campaign.step();
    this.minimizeFindings();
    if (flags.text('stop_file') !== '' && existsSync(flags.text('stop_file'))) this.stopped = true;
    this.reload();
    this.history.take(this.status.seconds, this.campaign.totals);
    this.status.pulse(this.campaign);
    await breathe();
  }

  private timeIsUp(): boolean {
    const { campaign: limit, vain } = clocksOf(this.setting.flags);
    const { seconds, secondsSinceNew } = this.status;
    return (
      this.interrupted ||
      this.stopped ||
      (limit > 0 && seconds * 1000 > limit) ||
      (vain > 0 && secondsSinceNew * 1000 > vain)
    );
  }

  private found(finding: Finding, input: Uint8Array): void {
    const saved = saveFinding(finding, input, this.setting.artifacts);
    const { sequence, base } = this.campaign;
    const made = unitLines(input, base ? sequence : [], base?.name ?? NO_UNIT);
    this.status.say(`${this.setting.output.textOf(finding)}${made}${saved}`);
  }

  /** Outside the campaign's own time. */
  private minimizeFindings(): void {
    const { executor, now, artifacts, output } = this.setting;
    while (this.minimized.length < this.campaign.findings.length) {
      const { finding, input } = this.campaign.findings[this.minimized.length]!;
      const before = now();
      output.muted = true;
      const smaller = minimizeFinding(executor, finding, input);
      output.muted = false;
      this.minimized.push(smaller);
      if (smaller.length < input.length) {
        const path = saveMinimized(finding.kind, smaller, input, { ...artifacts, exact: '' });
        this.status.say(`minimized from ${input.length} to ${smaller.length} bytes: ${path}\n`);
      }
      this.status.paused += now() - before;
    }
  }

  private report(): void {
    const { reports, moduleName, seed, artifacts } = this.setting;
    const { findings, corpus, totals } = this.campaign;
    writeReports(reports, {
      moduleName,
      seed,
      totals,
      samples: this.history.samples,
      units: corpus.units
        .filter((unit) => !unit.retired)
        .map((unit) => ({ ...unit, features: unit.features.size, chosen: unit.chosen })),
      findings: findings.map(({ finding, input }, i) => ({
        finding,
        input,
        minimized: this.minimized[i] ?? input,
        replay: replayCommand(artifacts, pathOf(`${finding.kind}-${sha1(input)}`, artifacts)),
      })),
    });
  }

  private save(name: string, bytes: Uint8Array): void {
    const folder = this.setting.folders[0];
    this.seen.add(name);
    if (folder !== undefined) writeFile(folder, name, bytes);
  }

  /** Units that other workers put into the folder. */
  private reload(): void {
    const { flags, folders, now } = this.setting;
    const interval = flags.number('reload') * 1000;
    if (interval <= 0 || folders[0] === undefined || now() - this.reloaded < interval) return;
    this.reloaded = now();
    let news = false;
    for (const name of listNames(folders[0])) {
      if (this.seen.has(name) || this.campaign.done()) continue;
      this.seen.add(name);
      const bytes = readIfThere(join(folders[0], name));
      if (bytes && this.campaign.attempt(bytes, undefined, true)) news = true;
    }
    if (news) this.status.event(this.campaign, 'RELOAD');
  }
}

/** Signals are heard between two slices. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function ignoredKinds(flags: FuzzFlags): Set<FindingKind> {
  const kinds = [
    ['ignore_timeouts', 'timeout'],
    ['ignore_ooms', 'oom'],
  ] as const;
  return new Set(kinds.filter(([flag]) => flags.number(flag) > 0).map(([, kind]) => kind));
}

/** A bug of ours must not cost the input that shows it. */
function guarded(executor: Executor, artifacts: Artifacts): Executor {
  const run = (input: Uint8Array) => {
    try {
      return executor.run(input);
    } catch (error) {
      writeDurably(pathOf(`crash-${sha1(input)}`, artifacts), input);
      throw error;
    }
  };
  return {
    ...{ counters: executor.counters, edges: executor.edges ?? executor.counters, custom: executor.custom },
    run,
    hits: () => executor.hits(),
    compares: (input) => executor.compares(input),
    ...(executor.distances && { distances: () => executor.distances!() }),
  };
}

/** -seed_inputs=a,b or -seed_inputs=@list. */
function seedFiles(text: string): string[] {
  if (text === '') return [];
  const list = text.startsWith('@') ? new TextDecoder().decode(readInputs(text.slice(1))[0]!.bytes) : text;
  return list.split(/[,\n]/).filter((name) => name !== '');
}

function seedLine(seeds: readonly Uint8Array[]): string {
  if (seeds.length === 0) return 'INFO: A corpus is not provided, starting from an empty corpus\n';
  const sizes = seeds.map((seed) => seed.length);
  const [least, most] = [sizes, sizes].map((all, i) =>
    all.reduce((a, b) => (i === 0 ? Math.min(a, b) : Math.max(a, b))),
  );
  const total = sizes.reduce((a, b) => a + b);
  return `INFO: seed corpus: files: ${seeds.length} min: ${least}b max: ${most}b total: ${total}b\n`;
}
