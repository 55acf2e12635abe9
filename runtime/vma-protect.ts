// mprotect and mseal: change the rights of a range, area by area, splitting and merging on the way.

import { anonOf, reserve } from './vma-area';
import { anonsNeeded, populateArea } from './vma-fault';
import {
  AREA_END,
  AREA_FILE,
  AREA_FLAGS,
  AREA_START,
  EINVAL,
  ENOMEM,
  EPERM,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
  VM_ACCOUNT,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SEALED,
  VM_SHARED,
  VM_WRITE,
} from './vma-layout';
import { change } from './vma-merge';
import { isMutant } from './vma-mutant';
import { announce } from './vma-pages';
import { areaFrom, nextOf } from './vma-set';
import { alignUp, failure, PAGE_REST, pageOf, pageWithin, wrap } from './vma-window';

const RIGHTS: u32 = PROT_READ | PROT_WRITE | PROT_EXEC;
const KNOWN: u32 = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM;
const GROWS: u32 = PROT_GROWSDOWN | PROT_GROWSUP;

export function mprotect(addr: u64, length: u64, prot: u32): i64 {
  if ((prot & GROWS) == GROWS || addr & PAGE_REST) return failure(EINVAL);
  if (!length) return 0;
  const end = wrap(addr + alignUp(length));
  if (end <= addr) return failure(ENOMEM);
  if (prot & ~(KNOWN | GROWS)) return failure(EINVAL);
  const to = pageOf(end - 1) + 1;
  let from = pageWithin(addr);
  const area = areaFrom(from);
  if (!area || load<u32>(area, AREA_START) >= to) return failure(ENOMEM);
  if (prot & PROT_GROWSDOWN) {
    from = load<u32>(area, AREA_START);
    if (!(load<u32>(area, AREA_FLAGS) & VM_GROWSDOWN)) return failure(EINVAL);
  } else if (load<u32>(area, AREA_START) > from) {
    return failure(ENOMEM);
  } else if (prot & PROT_GROWSUP) {
    return failure(EINVAL); // only on machines whose stacks grow up
  }
  if (!reserve(2, prot & PROT_WRITE ? anonsNeeded(from, to) + 2 : 0)) return failure(ENOMEM);
  return protectRange(area, from, to, prot & RIGHTS);
}

function protectRange(area: u32, from: u32, to: u32, rights: u32): i64 {
  let expected = load<u32>(area, AREA_START);
  while (area && load<u32>(area, AREA_START) < to) {
    if (load<u32>(area, AREA_START) != expected) return failure(ENOMEM);
    const end = min(load<u32>(area, AREA_END), to);
    const error = protectArea(area, from, end, rights);
    if (error) return failure(error);
    area = areaFrom(end - 1);
    expected = load<u32>(area, AREA_END); // a merge may have taken in what follows
    from = expected;
    area = nextOf(area);
  }
  return expected < to ? failure(ENOMEM) : 0;
}

/** Memory that becomes writable is accounted; accounted memory stays so unless nothing was ever written to it. */
function withRights(area: u32, old: u32, rights: u32): u32 {
  const flags = (old & ~RIGHTS) | rights;
  if (flags & VM_WRITE) {
    return old & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE) ? flags : flags | VM_ACCOUNT;
  }
  if (isMutant(27)) return flags & ~VM_ACCOUNT;
  return old & VM_ACCOUNT && !load<u32>(area, AREA_FILE) && !anonOf(area) ? flags & ~VM_ACCOUNT : flags;
}

function protectArea(area: u32, from: u32, to: u32, rights: u32): u32 {
  const old = load<u32>(area, AREA_FLAGS);
  if (old & VM_SEALED) return EPERM;
  const flags = withRights(area, old, rights);
  if ((flags & RIGHTS) == (old & RIGHTS)) return 0;
  const changed = change(area, from, to, flags);
  if (!changed) return ENOMEM;
  announce(from, to);
  if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && flags & VM_WRITE) populateArea(changed, from, to);
  return 0;
}

/** mseal: unmapping, moving and changing the range is refused from now on. There is no way back. */
export function mseal(addr: u64, length: u64, flags: u32): i64 {
  if (flags || addr & PAGE_REST) return failure(EINVAL);
  const size = alignUp(length);
  const end = wrap(addr + size);
  if ((length && !size) || end < addr) return failure(EINVAL);
  if (end == addr) return 0;
  const from = pageWithin(addr);
  const to = pageOf(end - 1) + 1;
  if (!isCovered(from, to) || !reserve(2, 0)) return failure(ENOMEM);
  let page = from;
  while (page < to) {
    const area = areaFrom(page);
    const until = min(load<u32>(area, AREA_END), to);
    const sealed = load<u32>(area, AREA_FLAGS) | VM_SEALED;
    if (sealed != load<u32>(area, AREA_FLAGS) && !change(area, page, until, sealed)) return failure(ENOMEM);
    page = until;
  }
  return 0;
}

function isCovered(from: u32, to: u32): bool {
  let page = from;
  for (let area = areaFrom(from); area && load<u32>(area, AREA_START) <= page; area = nextOf(area)) {
    page = load<u32>(area, AREA_END);
    if (page >= to) return true;
  }
  return false;
}
