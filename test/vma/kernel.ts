// The running Linux kernel as an oracle: oracle.c (built with gcc into build/) or oracle.py replays operations in a
// window of its own process; two probe rows tell whether this kernel has today's rules.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { platform, release } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface KernelAnswer {
  at?: number;
  ok?: 0;
  out?: string;
  err?: number;
  v?: number;
  count?: number;
  m?: [number, number, string][];
}

export interface Kernel {
  command: string[];
  name: string;
  /** The C oracle knows all operations, the Python one not mlock, forkp, fill, count and reset. */
  isComplete: boolean;
  /** Pages that are executable alone cannot be read: so with protection keys, which depend on the processor. The model reads them. */
  hidesExecutable: boolean;
  /**
   * Whether a load from memory nobody wrote maps the zero page. Some virtual machines run Linux without one: there a load
   * allocates as a store does, and gives its area an anon_vma.
   */
  hasZeroPage: boolean;
}

/** What is known of an oracle before it is asked anything. */
type Candidate = Pick<Kernel, 'command' | 'name' | 'isComplete'>;

const HERE = new URL('./', import.meta.url);
const PROBES: { ops: string[]; map: unknown }[] = [
  { ops: ['mmap 1 10 rw n', 'mprotect 1 5 r', 'put 6 1', 'mprotect 6 5 r'], map: [[1, 11, 'r--p']] },
  {
    ops: ['mmap 0 2 rw', 'mmap 2 2 r', 'mmap 4 2 rwx', 'mremap 0 6 6 mf 20'],
    map: [
      [20, 22, 'rw-p'],
      [22, 24, 'r--p'],
      [24, 26, 'rwxp'],
    ],
  },
];

function buildOracle(): string | null {
  const source = fileURLToPath(new URL('oracle.c', HERE));
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const binary = fileURLToPath(new URL(`../../build/vma-oracle-${hash}`, HERE));
  if (existsSync(binary)) return binary;
  mkdirSync(fileURLToPath(new URL('../../build/', HERE)), { recursive: true });
  try {
    execFileSync('gcc', ['-O2', '-o', binary, source], { stdio: 'pipe' });
    return binary;
  } catch {
    return null;
  }
}

/** Answers of the kernel, one per operation; null when the oracle broke down. */
export function askKernel(kernel: Candidate, ops: readonly string[]): KernelAnswer[] | null {
  const [file, ...args] = kernel.command as [string, ...string[]];
  const { stdout, status } = spawnSync(file, args, { input: `${ops.join('\n')}\n`, maxBuffer: 1 << 30 });
  if (status !== 0) return null;
  return stdout
    .toString()
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The oracle of this machine, or the reason why there is none. */
export function findKernel(): Kernel | string {
  if (platform() !== 'linux') return `no Linux here (${platform()})`;
  const binary = buildOracle();
  const candidates: Candidate[] = [];
  if (binary) candidates.push({ command: [binary], name: `Linux ${release()}`, isComplete: true });
  const script = fileURLToPath(new URL('oracle.py', HERE));
  candidates.push({ command: ['python3', script], name: `Linux ${release()} (Python)`, isComplete: false });
  for (const kernel of candidates) {
    const answers = PROBES.map((probe) => askKernel(kernel, probe.ops));
    if (answers.some((answer) => answer === null)) continue;
    const isToday = answers.every((answer, i) => JSON.stringify(answer?.at(-1)?.m) === JSON.stringify(PROBES[i]?.map));
    const hidesExecutable = askKernel(kernel, ['mmap 1 1 x n', 'rd 1'])?.at(-1)?.err !== undefined;
    const readApart = ['mmap 0 1 rw n', 'mmap 2 1 rw n', 'rd 0', 'rd 2', 'mmap 1 1 rw n'];
    const hasZeroPage = askKernel(kernel, readApart)?.at(-1)?.m?.length === 1;
    return isToday
      ? { ...kernel, hidesExecutable, hasZeroPage }
      : `Linux ${release()} has older merge rules (probe rows 31 and 98 differ)`;
  }
  return 'neither gcc nor python3 gives a working oracle';
}
