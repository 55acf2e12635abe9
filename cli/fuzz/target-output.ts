// What the target prints while it runs, and where that goes: to this process's own two streams, less those that -close_fd_mask
// closes. A screen that is redrawn in place has no room for it.

import { type Finding, withoutOutput } from '../../fuzz/finding.ts';
import type { Print } from '../../fuzz/wasi.ts';
import type { Io } from '../command.ts';

export class TargetOutput {
  /** Inputs are being made smaller: what each try prints tells nobody anything. */
  muted = false;
  private readonly io: Io;
  /** Bit 0: stdout, bit 1: stderr. */
  private readonly closed: number;

  constructor(io: Io, closed: number, hasScreen: boolean) {
    this.io = io;
    this.closed = hasScreen ? 3 : closed;
  }

  /** For the target; undefined if nothing is to be seen of it. */
  get print(): Print | undefined {
    if (this.closed === 3) return undefined;
    return (descriptor, bytes) => {
      if (this.muted || this.closed & descriptor) return;
      const write = descriptor === 1 ? this.io.stdout : this.io.stderr;
      write(Buffer.from(bytes).toString());
    };
  }

  /** A finding's text, without what stands above it already. */
  textOf(finding: Finding): string {
    return this.closed === 0 ? withoutOutput(finding) : finding.text;
  }
}
