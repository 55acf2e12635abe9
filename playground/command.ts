// A WASI command in a worker: arguments and standard input go in, its streams come out. It has no files.

import { Fd, File, OpenFile, WASI, wasi } from '@bjorn3/browser_wasi_shim';
import { SanitizerError } from '../host/errors.ts';
import type { Job } from './messages.ts';

export interface Streams {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** Answers how the program ended. */
export async function runCommand(module: WebAssembly.Module, job: Job, streams: Streams): Promise<string> {
  const system = makeWasi(job, streams);
  const instance = await WebAssembly.instantiate(module, wasiImports(module, system));
  const code = system.start(instance as Parameters<WASI['start']>[0]);
  return `The program ended with exit code ${code}.`;
}

export function makeWasi(job: Job, streams: Streams): WASI {
  const input = new OpenFile(new File(new TextEncoder().encode(job.stdin)));
  const descriptors = [input, new Sink(streams.out), new Sink(streams.error)];
  return new WASI([job.name, ...job.args], [], descriptors, { debug: false });
}

/** The imports of a module that needs WASI at most. */
export function wasiImports(module: WebAssembly.Module, system: WASI): WebAssembly.Imports {
  const known: WebAssembly.Imports = { wasi_snapshot_preview1: system.wasiImport, wasi_unstable: system.wasiImport };
  const missing = WebAssembly.Module.imports(module).find((i) => !known[i.module]?.[i.name]);
  if (missing) {
    throw new SanitizerError(
      'E_NO_ENTRY',
      `it imports "${missing.module}.${missing.name}", which only its own JavaScript can provide: drop that file as well`,
    );
  }
  return known;
}

/** A stream that is written to. Bytes become text as they are complete. */
class Sink extends Fd {
  private readonly decoder = new TextDecoder();
  private readonly write: (text: string) => void;

  constructor(write: (text: string) => void) {
    super();
    this.write = write;
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: 0, filestat: new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n) };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0);
    fdstat.fs_rights_base = BigInt(wasi.RIGHTS_FD_WRITE);
    return { ret: 0, fdstat };
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    this.write(this.decoder.decode(data, { stream: true }));
    return { ret: 0, nwritten: data.byteLength };
  }
}
