// Runs a package's app plain and under `wasan node`, in a folder where the packages are installed, and compares.

import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Package } from './packages.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const WASAN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const SECONDS = 5;
/** A hang is a failure; what takes longer than this is one, on any machine. */
const TIMEOUT = 900_000;

/** One module a package loads, as `--verbosity=1` tells of it. */
export interface LoadedModule {
  readonly bytes: number;
  readonly allocator: string;
  readonly stack: string;
}

export interface Outcome {
  readonly package: Package;
  readonly modules: readonly LoadedModule[];
  readonly sameOutput: boolean;
  /** CPU time of the app's fastest round, instrumented over plain; undefined if either run failed. */
  readonly slowdown: number | undefined;
  /** The same of its first round, in which engines compile what is called. */
  readonly firstRound: number | undefined;
  /** What the reports' summaries tell, each once: a module that is made anew for every round reports anew. */
  readonly findings: readonly string[];
  /** The whole of what wasan wrote. */
  readonly log: string;
  readonly failure: string | undefined;
}

/** Installs packages into `folder` with npm, without their install scripts. */
export function install(folder: string, packages: readonly Package[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  const specs = packages.flatMap((p) => [`${p.name}@${p.version}`, ...(p.needs ?? [])]);
  const missing = specs.filter((s) => !existsSync(join(folder, 'node_modules', s.slice(0, s.lastIndexOf('@')))));
  if (missing.length > 0) {
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...specs];
    execFileSync('npm', args, { cwd: folder, stdio: 'ignore' });
  }
  rmSync(join(folder, 'cache'), { recursive: true, force: true }); // what another state of wasan made
  cpSync(join(HERE, 'apps'), join(folder, 'apps'), { recursive: true });
  cpSync(join(HERE, 'driver.mjs'), join(folder, 'apps', 'driver.mjs'));
}

interface Run {
  readonly code: number;
  readonly output: string;
  /** Of the fastest round and of the first. */
  readonly microseconds: readonly [best: number, first: number] | undefined;
  readonly stderr: string;
}

function start(folder: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: TIMEOUT, maxBuffer: 1 << 26 };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const mark = /^MICROSECONDS (\d+) (\d+)$/m.exec(stdout);
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      const output = stdout.replace(/^MICROSECONDS .*\n/m, '');
      resolve({ code, output, stderr, microseconds: mark ? [Number(mark[1]), Number(mark[2])] : undefined });
    });
  });
}

export async function runPackage(folder: string, p: Package): Promise<Outcome> {
  const app = [join('apps', 'driver.mjs'), p.app, String(SECONDS)];
  const plain = await start(folder, app);
  const flags = ['--verbosity=1', '--halt_on_error=0', `--cache-dir=${join(folder, 'cache')}`];
  const checked = await start(folder, [WASAN, 'node', ...flags, ...app]);
  const findings = new Set(
    [...checked.stderr.matchAll(/^SUMMARY: (?:Address|Leak)Sanitizer: (.*)$/gm)].map((m) => m[1]!),
  );
  const [own, base] = [checked.microseconds, plain.microseconds];
  const ended = own !== undefined && base !== undefined;
  return {
    package: p,
    modules: modulesOf(checked.stderr),
    sameOutput: plain.output === checked.output,
    slowdown: ended ? own[0] / base[0] : undefined,
    firstRound: ended ? own[1] / base[1] : undefined,
    findings: [...findings],
    log: checked.stderr,
    failure: ended ? undefined : `${plain.code} plain, ${checked.code} under wasan: ${lastLine(checked.stderr)}`,
  };
}

/** Runs an app's work once: what it writes plainly, and what the first report under `wasan node` says. */
export async function runOnce(folder: string, p: Package): Promise<{ plain: string; code: number; log: string }> {
  const app = [join('apps', 'driver.mjs'), p.app, 'once'];
  const plain = await start(folder, app);
  const checked = await start(folder, [WASAN, 'node', `--cache-dir=${join(folder, 'cache')}`, ...app]);
  return { plain: plain.output.trim() || lastLine(plain.stderr), code: checked.code, log: checked.stderr };
}

function lastLine(text: string): string {
  return text.trim().split('\n').slice(-6).join(' / ');
}

function modulesOf(log: string): LoadedModule[] {
  const lines = [...log.matchAll(/^wasan: .+?: (\d+) bytes, loaded by [^:]*: (.*); (.*)$/gm)];
  const all = lines.map(([, bytes, allocator, stack]) => ({
    bytes: Number(bytes),
    allocator: allocator!,
    stack: stack!,
  }));
  return all.filter((m, i) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(m)) === i);
}
