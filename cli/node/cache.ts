// Instrumented modules on disk, by content: a second run of a 30 MB module does not pay for the first one's work.
// Entries are written whole (temporary file, then rename), so a reader sees all of one or nothing, whoever else writes or dies.
//
// What the engine does not accept is not kept, so that a module from here need not be validated once more.
//
//   entry:  instrumented module | its length u32 | "WSAN"        the tail tells a file that lost bytes from a whole one

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileAccepted } from '../../host/engine-flags.ts';
import { toolVersion } from '../version.ts';

export class ModuleCache {
  private readonly folder: string;
  private readonly limitBytes: number;
  /** What came from the cache, or has just been put there. */
  private readonly accepted = new WeakSet<Uint8Array>();

  /** `limitBytes`: entries used least recently go when the folder grows beyond it. 0 turns the cache off. */
  constructor(folder: string, limitBytes: number) {
    this.folder = folder;
    this.limitBytes = limitBytes;
  }

  /** The instrumented form of a module under some options; `make` is called if there is none. */
  get(original: Uint8Array, options: string, make: () => Uint8Array): Uint8Array {
    if (this.limitBytes === 0) return make();
    const path = join(this.folder, `${keyOf(original, options)}.wasm`);
    const known = this.read(path);
    const made = known ?? make();
    if (!known && !WebAssembly.validate(made as BufferSource)) return made;
    this.accepted.add(made);
    if (!known) this.write(path, made);
    return made;
  }

  /** Compiles what `get` gave without validating it first; undefined where it is not known that the engine accepts it. */
  compile(made: Uint8Array, Module: typeof WebAssembly.Module): WebAssembly.Module | undefined {
    return this.accepted.has(made) ? compileAccepted(made, Module) : undefined;
  }

  private read(path: string): Uint8Array | undefined {
    try {
      const bytes = readFileSync(path);
      const now = new Date();
      utimesSync(path, now, now); // eviction goes by the time of last use
      return body(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    } catch {
      return undefined;
    }
  }

  /** Failing to cache is no failure: the disk may be full or read-only. */
  private write(path: string, bytes: Uint8Array): void {
    const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(draft, withTail(bytes));
      renameSync(draft, path);
      this.evict();
    } catch {
      rmSync(draft, { force: true });
    }
  }

  private evict(): void {
    const entries = readdirSync(this.folder).map((name) => {
      const path = join(this.folder, name);
      const { size, mtimeMs } = statSync(path);
      return { path, size, used: mtimeMs };
    });
    let total = entries.reduce((sum, e) => sum + e.size, 0);
    for (const entry of entries.sort((a, b) => a.used - b.used)) {
      if (total <= this.limitBytes) return;
      rmSync(entry.path, { force: true });
      total -= entry.size;
    }
  }
}

const TAIL = 8;
const TAIL_MAGIC = 0x4e415357; // 'WSAN'

function withTail(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + TAIL);
  out.set(bytes);
  const view = new DataView(out.buffer, bytes.length);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, TAIL_MAGIC, true);
  return out;
}

/** The module in an entry, or undefined if the entry is not whole. */
function body(entry: Uint8Array): Uint8Array | undefined {
  if (entry.length < TAIL) return undefined;
  const view = new DataView(entry.buffer, entry.byteOffset + entry.length - TAIL, TAIL);
  const length = entry.length - TAIL;
  return view.getUint32(0, true) === length && view.getUint32(4, true) === TAIL_MAGIC
    ? entry.subarray(0, length)
    : undefined;
}

/** What is made of a module depends on this version of wasan, and what the engine accepts on its version and flags. */
const MAKER = JSON.stringify([
  toolVersion(),
  process.versions.v8,
  ...process.execArgv.filter((flag) => flag.includes('wasm')),
]);

function keyOf(original: Uint8Array, options: string): string {
  return createHash('sha256').update(MAKER).update(options).update('\0').update(original).digest('hex');
}
