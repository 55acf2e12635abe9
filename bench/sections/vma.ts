// What the VMA model costs and gains: operations per second beside the kernel's own system calls on the same sequence in
// the same run, growth with the number of areas up to a million, and the areas that merge-friendly rules save on three
// allocator-like workloads.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PAGE_SIZE, type Policy, VmaSpace } from '../../host/vma/space.ts';
import { buildVma } from '../../runtime/build-vma.mts';
import {
  AREA_BYTES,
  BATCH_A,
  BATCH_B,
  BATCH_BYTES,
  BATCH_C,
  BATCH_D,
  BATCH_FLAGS,
  BATCH_OP,
  BATCH_RESULT,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  OP_MMAP,
  OP_MPROTECT,
  OP_MREMAP,
  OP_MUNMAP,
  SMALL_BYTES,
} from '../../runtime/vma-layout.ts';
import type { Table } from '../report.ts';
import { arenaChurn, growingArrays, movingCollector, type Workload } from './vma-workloads.ts';

const START = 0x100000; // first page: 4 GiB, which is free in the kernel's address space too
const FIXED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
const COUNTS = [10, 1_000, 65_530, 1_000_000];
const KERNEL_MOST = 65_400; // a process of its own has a few mappings more, and moves need headroom
const ROUNDS = 40_000; // rounds of five operations

interface Op {
  op: number;
  flags?: number;
  a: number;
  b: number;
  c?: number;
  d?: number;
}

function encode(ops: readonly Op[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ops.length * BATCH_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, op] of ops.entries()) {
    const at = i * BATCH_BYTES;
    view.setUint32(at + BATCH_OP, op.op, true);
    view.setUint32(at + BATCH_FLAGS, op.flags ?? 0, true);
    view.setBigUint64(at + BATCH_A, BigInt(op.a), true);
    view.setBigUint64(at + BATCH_B, BigInt(op.b), true);
    view.setBigUint64(at + BATCH_C, BigInt(op.c ?? 0), true);
    view.setBigUint64(at + BATCH_D, BigInt(op.d ?? 0), true);
  }
  return bytes;
}

/** Area i lies in its own block of eight pages, so that nothing merges: pages 0-1 of it; the rest is free. */
function place(i: number, page = 0): number {
  return (START + i * 8 + page) * PAGE_SIZE;
}

function setUp(count: number): Op[] {
  return Array.from({ length: count }, (_, i) => ({ op: OP_MMAP, flags: FIXED, a: place(i), b: 2 * PAGE_SIZE, c: 3 }));
}

/** Five operations around one area after the other, visited in a scattered order. None of them copies a page. */
function work(count: number): Op[] {
  const ops: Op[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const i = (round * 7919) % count;
    ops.push({ op: OP_MMAP, flags: FIXED, a: place(i, 4), b: PAGE_SIZE, c: 3 });
    ops.push({ op: OP_MPROTECT, a: place(i), b: PAGE_SIZE, c: 1 });
    ops.push({ op: OP_MPROTECT, a: place(i), b: PAGE_SIZE, c: 3 });
    ops.push({
      op: OP_MREMAP,
      flags: MREMAP_MAYMOVE | MREMAP_FIXED,
      a: place(i, 4),
      b: PAGE_SIZE,
      c: PAGE_SIZE,
      d: place(i, 6),
    });
    ops.push({ op: OP_MUNMAP, a: place(i, 6), b: PAGE_SIZE });
  }
  return ops;
}

/** Nanoseconds per operation in the model; throws when one of them failed. */
function timeModel(module: WebAssembly.Module, count: number, before: readonly Op[], ops: readonly Op[]): number {
  const space = new VmaSpace({ module, memory: null, startPage: START, pages: count * 8 + 16, maxMapCount: 2_000_000 });
  const room = space.raw.vma_batch_room(Math.max(before.length, ops.length));
  const runAll = (list: readonly Op[]) => {
    new Uint8Array(space.raw.memory.buffer).set(encode(list), room);
    const started = performance.now();
    space.raw.vma_batch(room, list.length);
    const taken = performance.now() - started;
    const view = new DataView(space.raw.memory.buffer);
    for (let i = 0; i < list.length; i++) {
      if (view.getBigInt64(room + i * BATCH_BYTES + BATCH_RESULT, true) < 0n) throw new Error(`operation ${i} failed`);
    }
    return (taken * 1e6) / list.length;
  };
  runAll(before);
  return Math.min(runAll(ops), runAll(ops), runAll(ops));
}

class KernelTimer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vma-bench-'));
  readonly #binary = join(this.#folder, 'kernel');

  constructor() {
    const source = fileURLToPath(new URL('vma-kernel.c', import.meta.url));
    execFileSync('gcc', ['-O2', '-o', this.#binary, source]);
  }

  /** Nanoseconds per operation of the kernel. */
  time(before: readonly Op[], ops: readonly Op[]): number {
    const file = join(this.#folder, 'ops');
    writeFileSync(file, encode([...before, ...ops]));
    const runs = [1, 2, 3].map(() => {
      const [taken, failed] = execFileSync(this.#binary, [file, String(before.length)])
        .toString()
        .split(' ')
        .map(Number);
      if (failed) throw new Error(`${failed} system calls failed`);
      return (taken as number) / ops.length;
    });
    return Math.min(...runs);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function kernelTimer(): KernelTimer | null {
  try {
    return platform() === 'linux' ? new KernelTimer() : null;
  } catch {
    return null;
  }
}

function speed(module: WebAssembly.Module): Table {
  const timer = kernelTimer();
  const rows = COUNTS.map((wanted) => {
    const count = timer && wanted > KERNEL_MOST && wanted < 100_000 ? KERNEL_MOST : wanted;
    const before = setUp(count);
    const ops = work(count);
    const model = timeModel(module, count, before, ops);
    const kernel = timer && count <= KERNEL_MOST ? timer.time(before, ops) : null;
    const cells = [1000 / model, kernel ? 1000 / kernel : '-', kernel ? kernel / model : '-'];
    return [String(count), model, kernel ?? '-', ...cells];
  });
  timer?.close();
  return {
    title: 'VMA operations (mmap, mprotect, mremap, munmap; nothing copied)',
    text: 'Goal: at least 5 times the system calls of this kernel; growth with the areas no worse than logarithmic.',
    columns: ['areas', 'ns each', 'kernel ns', 'million/s', 'kernel million/s', 'times'],
    rows,
  };
}

const WORKLOADS: readonly [string, Workload][] = [
  ['moving collector', movingCollector],
  ['growing arrays', growingArrays],
  ['arena churn', arenaChurn],
];

function gain(module: WebAssembly.Module): Table {
  const rows = WORKLOADS.flatMap(([name, workload]) =>
    (['linux', 'relocate', 'merge-friendly'] as Policy[]).map((policy) => {
      const space = new VmaSpace({ module, pages: 60_000, policy });
      const started = performance.now();
      workload(space, policy);
      const time = performance.now() - started;
      const { merges, refusedByAnonVma, refusedByOffset, anonVmas, peakAreas } = space.counters();
      const metadata = space.areaCount * AREA_BYTES + anonVmas * SMALL_BYTES;
      return [
        `${name}, ${policy}`,
        space.areaCount,
        peakAreas,
        merges,
        refusedByOffset + refusedByAnonVma,
        metadata,
        time,
      ];
    }),
  );
  return {
    title: 'What the merge rules gain',
    text: 'Goal: fewer areas and failed merges than stock Linux on the same calls.',
    columns: ['workload, policy', 'areas', 'peak', 'merges', 'failed merges', 'metadata bytes', 'ms'],
    rows,
  };
}

export async function benchVma(): Promise<Table[]> {
  const module = new WebAssembly.Module((await buildVma()) as Uint8Array<ArrayBuffer>);
  return [speed(module), gain(module)];
}
