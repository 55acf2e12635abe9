// How a finding makes a process fail, and whoever started it: the process's own exit code is set last of all, and a note in
// a folder tells the command that runs it all (`wasan npm test`), whatever the programs between them make of it.

import { type FSWatcher, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Failure {
  readonly exitCode: number;
  /** halt_on_error: the process is to end now. */
  readonly halt: boolean;
}

/** The folder of notes, for all processes below the one that made it. */
export const NOTES_VARIABLE = 'WASAN_FAILURES';

/** How long a process may take to end before it is stopped. */
const PATIENCE_MS = 10_000;

/** The failures of this process. */
export class Failures {
  private readonly process: NodeJS.Process;
  private exitCode: number | undefined;

  constructor(process: NodeJS.Process) {
    this.process = process;
  }

  /** A fatal one ends the process here, unless the program has replaced process.exit. */
  fail({ exitCode, halt }: Failure): void {
    if (this.exitCode === undefined) this.takeOver();
    this.exitCode = exitCode;
    this.process.exitCode = exitCode; // news of a worker may come while the process ends already
    leaveNote(this.process, { exitCode, halt });
    if (!halt) return;
    try {
      this.process.exit(exitCode);
    } catch {
      // Test runners throw here. They go on, and fail at their end.
    }
  }

  /** Listeners of `exit` may set another code (Mocha's does), so it is set again when all of them have run. */
  private takeOver(): void {
    const { process } = this;
    const emit = process.emit.bind(process) as (...args: unknown[]) => boolean;
    process.emit = ((...args: unknown[]) => {
      const heard = emit(...args);
      if (args[0] === 'exit') process.exitCode = this.exitCode;
      return heard;
    }) as typeof process.emit;
  }
}

function leaveNote({ env, pid }: NodeJS.Process, failure: Failure): void {
  const folder = env[NOTES_VARIABLE];
  if (folder === undefined) return;
  try {
    writeFileSync(join(folder, String(pid)), JSON.stringify(failure));
  } catch {
    // Whoever started this has ended.
  }
}

/** What the processes below this one have to say. */
export class FailureNotes {
  readonly folder = mkdtempSync(join(tmpdir(), 'wasan-'));
  private watcher: FSWatcher | undefined;

  /**
   * Sees to it that what has halted ends. Node may wait for its compiler threads forever while it exits, and they for it (nodejs/node issue 54918). A process that
   * is still there after a while is stopped.
   */
  watch(): void {
    this.watcher = watch(this.folder, (_, name) => this.hear(String(name)));
  }

  private hear(name: string): void {
    if (!this.read(name)?.halt) return;
    const stop = () => {
      try {
        process.kill(Number(name), 'SIGKILL');
      } catch {
        // It has ended.
      }
    };
    setTimeout(stop, PATIENCE_MS).unref();
  }

  /** The exit code of the first failure found, if there was one. To be called once, at the end. */
  close(): number | undefined {
    this.watcher?.close();
    const codes = readdirSync(this.folder).map((name) => this.read(name)?.exitCode);
    rmSync(this.folder, { recursive: true, force: true });
    return codes.find((code) => code !== undefined);
  }

  private read(name: string): Failure | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, name), 'utf8')) as Failure;
    } catch {
      return undefined; // not written to its end yet
    }
  }
}
