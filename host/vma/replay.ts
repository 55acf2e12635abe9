// Applies script operations to a VmaSpace and says what came of each, in the same words as the kernel oracle.
import { EFAULT, EINVAL, VM_EXEC, VM_READ, VM_SHARED, VM_WRITE } from '../../runtime/vma-layout.ts';
import type { Op } from './language.ts';
import { PAGE_SIZE, type Policy, type VmaSpace } from './space.ts';

/** `at`: a page of the window; `out`: an address outside it; `v`: a loaded value. */
export type Outcome =
  | { at: number }
  | { out: number }
  | { ok: 0 }
  | { err: number }
  | { v: bigint }
  | { count: number };

/** [first page, page behind the last, "rw-p"], pages relative to the window. */
export type MapEntry = [number, number, string];

export function permissions(flags: number): string {
  const letter = (bit: number, name: string) => (flags & bit ? name : '-');
  return letter(VM_READ, 'r') + letter(VM_WRITE, 'w') + letter(VM_EXEC, 'x') + (flags & VM_SHARED ? 's' : 'p');
}

/** The window as the oracle prints it. */
export function mapOf(space: VmaSpace): MapEntry[] {
  return space
    .areas()
    .map(({ start, end, flags }) => [start - space.startPage, end - space.startPage, permissions(flags)]);
}

/** Runs one operation. The wish to relocate counts only where the policy can (stock Linux is called without it). */
export function apply(space: VmaSpace, op: Op, policy: Policy): Outcome {
  const base = BigInt(space.startPage * PAGE_SIZE);
  switch (op.op) {
    case 'mmap':
      return address(space, space.mmap(base + op.addr, op.length, op.prot, op.flags));
    case 'munmap':
      return outcome(space.munmap(base + op.addr, op.length));
    case 'mprotect':
      return outcome(space.mprotect(base + op.addr, op.length, op.prot));
    case 'madvise':
      return outcome(space.madvise(base + op.addr, op.length, op.advice));
    case 'mremap': {
      const flags = policy === 'relocate' ? op.flags | op.wish : op.flags;
      const target = op.target === null ? 0n : base + op.target;
      return address(space, space.mremap(base + op.addr, op.oldLength, op.newLength, flags, target));
    }
    case 'mlock':
    case 'munlock':
    case 'mseal':
      return outcome(space[op.op](base + op.addr, op.length));
    case 'name':
      return { err: EINVAL }; // CONFIG_ANON_VMA_NAME is off
    case 'put':
    case 'get':
    case 'rd':
      return access(space, op, Number(base + op.addr));
    case 'brk':
      return address(space, space.brk(base + op.addr));
    default:
      return control(space, op);
  }
}

type Access = Extract<Op, { op: 'put' | 'get' | 'rd' }>;
type Control = Extract<Op, { op: 'fork' | 'forkp' | 'fill' | 'flags' | 'count' | 'reset' }>;

function access(space: VmaSpace, op: Access, addr: number): Outcome {
  if (op.op === 'put') {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, op.value), true);
    return space.write(addr, bytes) ? { ok: 0 } : { err: EFAULT };
  }
  const bytes = space.read(addr, 8);
  if (!bytes) return { err: EFAULT };
  return op.op === 'get' ? { v: new DataView(bytes.buffer).getBigUint64(0, true) } : { ok: 0 };
}

function control(space: VmaSpace, op: Control): Outcome {
  switch (op.op) {
    case 'fork':
      return outcome(space.fork('child'));
    case 'forkp':
      return outcome(space.fork('parent'));
    case 'fill':
      space.setLimits({ otherMaps: op.count });
      return { ok: 0 };
    case 'count':
      return { count: space.areaCount };
    case 'reset':
      space.reset();
      return { ok: 0 };
    case 'flags':
      return { ok: 0 };
  }
}

function outcome(result: number): Outcome {
  return result < 0 ? { err: -result } : { ok: 0 };
}

function address(space: VmaSpace, result: number): Outcome {
  if (result < 0) return { err: -result };
  const page = result / PAGE_SIZE - space.startPage;
  return page >= 0 && page < space.pages ? { at: page } : { out: result };
}
