// How a finding makes a process fail, and whoever started it: the process's own exit code is set last of all, and a note in
// a folder tells the command that runs it all (`wasan npm test`), whatever the programs between them make of it.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Failure {
  readonly exitCode: number;
  /** halt_on_error: the process is to end now. */
  readonly halt: boolean;
}

/** The folder of notes, for all processes below the one that made it. */
export const NOTES_VARIABLE = 'WASAN_FAILURES';

/** How long a process may take to exit before it is stopped. */
const PATIENCE_MS = 10_000;

/** The failures of this process. */
export class Failures {
  private readonly process: NodeJS.Process;
  private exitCode: number | undefined;
  private halts = false;

  constructor(process: NodeJS.Process) {
    this.process = process;
  }

  /** A fatal one ends the process here, unless the program has replaced process.exit. */
  fail({ exitCode, halt }: Failure): void {
    if (this.exitCode === undefined) this.takeOver();
    if (this.exitCode !== exitCode) leaveNote(this.process, exitCode);
    this.exitCode = exitCode;
    this.halts = halt;
    this.process.exitCode = exitCode; // news of a worker may come while the process ends already
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
      if (args[0] === 'exit' && this.halts) stopUnlessItEnds(process);
      const heard = emit(...args);
      if (args[0] === 'exit') process.exitCode = this.exitCode;
      return heard;
    }) as typeof process.emit;
  }
}

/**
 * Node may wait for its compiler threads forever while it exits, and they for it (nodejs/node issue 54918). A process of its
 * own waits a while for this one to end, which closes the pipe between them, and stops it if it does not.
 */
function stopUnlessItEnds({ pid, execPath, env }: NodeJS.Process): void {
  const script = `process.stdin.on('end', () => process.exit()).resume();
    setTimeout(() => process.kill(${pid}, 'SIGKILL'), ${PATIENCE_MS});`;
  const how = { detached: true, env: { ...env, NODE_OPTIONS: '' } };
  try {
    process
      .getBuiltinModule('node:child_process')
      .spawn(execPath, ['-e', script], { ...how, stdio: ['pipe', 'ignore', 'ignore'] });
  } catch {
    // Where no process may be started, nobody watches.
  }
}

function leaveNote({ env, pid }: NodeJS.Process, exitCode: number): void {
  const folder = env[NOTES_VARIABLE];
  if (folder === undefined) return;
  try {
    writeFileSync(join(folder, String(pid)), String(exitCode));
  } catch {
    // Whoever started this has ended.
  }
}

/** What the processes below this one have to say. */
export class FailureNotes {
  readonly folder = mkdtempSync(join(tmpdir(), 'wasan-'));

  /** The exit code of the first failure found, if there was one. To be called once, at the end. */
  close(): number | undefined {
    const notes = readdirSync(this.folder).map((name) => readFileSync(join(this.folder, name), 'utf8'));
    rmSync(this.folder, { recursive: true, force: true });
    const first = notes.find((note) => note !== ''); // one may not have been written to its end yet
    return first === undefined ? undefined : Number(first);
  }
}
