// Several campaigns at a time, each a process of its own with a log file: they share the corpus folder and nothing else.
// -fork=N tells of all of them in libFuzzer's lines while they run; -jobs=N shows each log when its campaign has ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { FUZZ_INTERRUPTED } from '../../fuzz/finding.ts';
import { readInputs } from '../../fuzz/folder.ts';
import type { Io } from '../command.ts';
import { type FuzzFlags, targetArgsBegin } from './flags.ts';
import { WorkerLog } from './worker-log.ts';

const OWN_FLAGS = /^--?(jobs|workers|fork|seed|html|lcov)(=|$)/;
const STATUS_MS = 1000;
/** With -fork libFuzzer goes on after these by default. */
const IGNORED = ['ignore_timeouts', 'ignore_ooms'] as const;

/** Runs the jobs; the exit code of the first that found something. */
export async function runWorkers(args: readonly string[], flags: FuzzFlags, seed: number, io: Io): Promise<number> {
  const end = targetArgsBegin(args);
  const own = mkdtempSync(join(tmpdir(), 'wasan-fork-'));
  const shared = flags.number('fork') > 0 && flags.rest.length < 2 ? [own] : [];
  const ignoring = flags.number('fork') > 0 ? IGNORED.filter((name) => flags.number(name) < 0) : [];
  const given = [...ignoring.map((name) => `-${name}=1`), ...args.slice(0, end).filter((arg) => !OWN_FLAGS.test(arg))];
  const words = [...given, ...shared, ...args.slice(end)];
  try {
    return await new Workers({ flags, seed, io, words, corpus: flags.rest[1] ?? own }).run();
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

interface Setting {
  readonly flags: FuzzFlags;
  readonly seed: number;
  readonly io: Io;
  /** Every campaign's command line but for its own flags. */
  readonly words: readonly string[];
  readonly corpus: string;
}

class Workers {
  private readonly setting: Setting;
  private readonly forks: number;
  private readonly logs: WorkerLog[] = [];
  private readonly started = performance.now();
  private readonly running = new Set<ChildProcess>();
  /** Nothing new begins. */
  private ending = false;
  private code = 0;

  constructor(setting: Setting) {
    this.setting = setting;
    this.forks = setting.flags.number('fork');
  }

  async run(): Promise<number> {
    const { flags, io, corpus } = this.setting;
    const jobs = this.forks || flags.number('jobs');
    const workers = this.forks || flags.number('workers') || Math.max(1, availableParallelism() >> 1);
    if (this.forks > 0) {
      const seeds = flags.rest.slice(1).reduce((sum, folder) => sum + countInputs(folder), 0);
      io.stderr(
        `INFO: -fork=${jobs}: fuzzing in separate process(s)\nINFO: -fork=${jobs}: ${seeds} seed inputs, starting to fuzz in ${corpus}\n`,
      );
    }
    const status = this.forks > 0 ? setInterval(() => this.tell(), STATUS_MS) : undefined;
    const interrupt = () => this.end();
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    let next = 0;
    const worker = async () => {
      while (next < jobs && !this.ending) await this.job(next++);
    };
    try {
      await Promise.all(Array.from({ length: Math.min(workers, jobs) }, worker));
    } finally {
      clearInterval(status);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    }
    if (flags.text('lcov') !== '') await this.spawn(['-runs=0', `-lcov=${flags.text('lcov')}`], 'fuzz-lcov.log');
    if (this.forks > 0) this.close();
    return this.code;
  }

  private async job(number: number): Promise<void> {
    const { flags, seed, io, words } = this.setting;
    const log = `fuzz-${number}.log`;
    const html = flags.text('html');
    const own = [`-seed=${seed + number}`, ...(html === '' ? [] : [`-html=${numbered(html, number)}`])];
    if (this.forks === 0) io.stderr(`wasan fuzz ${[...own, ...words].join(' ')} >${log} 2>&1\n`);
    else this.logs.push(new WorkerLog(log));
    const code = await this.spawn(own, log);
    if (this.code === 0 || this.code === FUZZ_INTERRUPTED) this.code = code || this.code;
    if (this.forks > 0 && code !== 0 && flags.number('keep_going') === 0) this.end(); // as libFuzzer does, whose workers find for one campaign
    if (this.forks === 0)
      io.stderr(
        `================== Job ${number} exited with exit code ${code} ============\n${readFileSync(log, 'utf8')}`,
      );
  }

  /** Campaigns end in order: what they hold is saved, their pages are written. */
  private end(): void {
    this.ending = true;
    for (const child of this.running) child.kill('SIGTERM');
  }

  /** What all have done so far, and what any has found since it was last asked. */
  private tell(): void {
    const found = this.logs.map((log) => log.news()).join('');
    const sum = (of: (log: WorkerLog) => number) => this.logs.reduce((total, log) => total + of(log), 0);
    const most = (of: (log: WorkerLog) => number) => this.logs.reduce((max, log) => Math.max(max, of(log)), 0);
    const seconds = Math.round((performance.now() - this.started) / 1000);
    const endings = ['oom', 'timeout', 'crash'].map((kind) => sum((log) => log.found(kind))).join('/');
    this.setting.io.stderr(
      `${found}#${sum((log) => log.runs)}: cov: ${most((log) => log.edges)} ft: ${most((log) => log.features)} corp: ${most((log) => log.units)} exec/s: ${sum((log) => log.rate)} oom/timeout/crash: ${endings} time: ${seconds}s job: ${this.logs.length} dft_time: 0\n`,
    );
  }

  private close(): void {
    this.tell();
    const seconds = Math.round((performance.now() - this.started) / 1000);
    this.setting.io.stderr(`INFO: exiting: ${this.code} time: ${seconds}s\n`);
  }

  private spawn(own: readonly string[], log: string): Promise<number> {
    const file = openSync(log, 'w');
    const args = [...process.execArgv, process.argv[1]!, 'fuzz', ...own, ...this.setting.words];
    const child = spawn(process.execPath, args, { stdio: ['ignore', file, file] });
    this.running.add(child);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => {
        this.running.delete(child);
        closeSync(file);
        resolve(code ?? (this.ending ? FUZZ_INTERRUPTED : 1)); // null: a signal, which may come before it listens
      });
    });
  }
}

/** page.html becomes page-0.html: each campaign has a page. */
function numbered(path: string, number: number): string {
  const ending = extname(path);
  return `${path.slice(0, path.length - ending.length)}-${number}${ending}`;
}

function countInputs(folder: string): number {
  try {
    return readInputs(folder).length;
  } catch {
    return 0; // it is yet to be made
  }
}
