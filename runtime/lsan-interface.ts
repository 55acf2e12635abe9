// <sanitizer/lsan_interface.h>: which blocks are no leaks, what else keeps blocks alive, and a search now.
//
//   ROOT_REGIONS   | address u64 | bytes u64 | ...       a list of the arena
import { ASK_LEAKS, CHUNK_IGNORED, LEAKS_FOUND, LEAKS_STOP, ROOT_REGION, ROOT_REGION_COUNT, ROOT_REGIONS } from './abi';
import { Addr } from './addr';
import { arenaEntry } from './arena';
import { ask } from './ask';
import { died } from './callbacks';
import { chunkAt } from './chunks';
import { leaksOff, lock, setLeaksOff, unlock } from './thread';

const FIRST_REGIONS: u32 = 16;

export function __lsan_disable(): void {
  setLeaksOff(leaksOff() + 1);
}

export function __lsan_enable(): void {
  if (leaksOff()) setLeaksOff(leaksOff() - 1);
}

export function __lsan_ignore_object(ptr: Addr): void {
  lock();
  const chunk = chunkAt(ptr);
  if (chunk) store<u8>(chunk, 1, CHUNK_IGNORED);
  unlock();
}

export function __lsan_register_root_region(begin: Addr, size: Addr): void {
  lock();
  const region = arenaEntry(ROOT_REGIONS, ROOT_REGION_COUNT, ROOT_REGION, FIRST_REGIONS);
  if (region) {
    store<u64>(region, begin);
    store<u64>(region, size, 8);
  }
  unlock();
}

/** The last takes the place of the one that goes. */
export function __lsan_unregister_root_region(begin: Addr, size: Addr): void {
  lock();
  const last = load<u32>(ROOT_REGIONS) + (load<u32>(ROOT_REGION_COUNT) - 1) * ROOT_REGION;
  for (let region = load<u32>(ROOT_REGIONS); region <= last && load<u32>(ROOT_REGION_COUNT); region += ROOT_REGION) {
    if (load<u64>(region) != begin || load<u64>(region, 8) != size) continue;
    memory.copy(region, last, ROOT_REGION);
    store<u32>(ROOT_REGION_COUNT, load<u32>(ROOT_REGION_COUNT) - 1);
    break;
  }
  unlock();
}

export function __lsan_do_leak_check(): void {
  lock();
  const answer = ask(ASK_LEAKS, 0);
  unlock();
  if (!(answer & LEAKS_STOP)) return;
  died();
  unreachable();
}

export function __lsan_do_recoverable_leak_check(): i32 {
  lock();
  const answer = ask(ASK_LEAKS, 1);
  unlock();
  return answer & LEAKS_FOUND ? 1 : 0;
}
