// The heap's history, for a page that draws it: who was allocated, freed, given back, in order. Off unless the header asks
// for it. The newest records are kept; what the older ones add up to stays in the header.
//
//   ring of HEADER_EVENTS_LIMIT records:   begin >> 3 u32 | size u32 | EVENT_* u32
import {
  EVENT_ALLOCATE,
  EVENT_FREE,
  EVENT_RECORD,
  HEADER_EVENTS,
  HEADER_EVENTS_COUNT,
  HEADER_EVENTS_HELD,
  HEADER_EVENTS_LIMIT,
  HEADER_EVENTS_LIVE,
} from './abi';
import { Addr } from './addr';
import { arenaAlloc } from './arena';
import { count } from './header';

/** Whether anybody wants it: to be asked first where a call would be felt. */
export function isHeapLogged(): bool {
  return load<u32>(HEADER_EVENTS_LIMIT) != 0;
}

/** To be called with the lock held. */
export function logHeap(what: u32, begin: Addr, size: Addr): void {
  if (isHeapLogged()) append(load<u32>(HEADER_EVENTS_LIMIT), what, <u32>(begin >> 3), <u32>size);
}

function append(limit: u32, what: u32, granule: u32, size: u32): void {
  let ring = load<u32>(HEADER_EVENTS);
  if (!ring) {
    ring = arenaAlloc(limit * EVENT_RECORD);
    if (!ring) {
      store<u32>(HEADER_EVENTS_LIMIT, 0); // no room: the program comes first
      return;
    }
    store<u32>(HEADER_EVENTS, ring);
  }
  const number = load<u32>(HEADER_EVENTS_COUNT);
  const record = ring + (number % limit) * EVENT_RECORD;
  if (number >= limit) forget(record);
  store<u32>(record, granule);
  store<u32>(record, size, 4);
  store<u32>(record, what, 8);
  store<u32>(HEADER_EVENTS_COUNT, number + 1);
}

/** The oldest record goes; its effect stays. */
function forget(record: u32): void {
  const what = load<u32>(record, 8);
  const size = load<u32>(record, 4);
  if (what == EVENT_ALLOCATE) count(HEADER_EVENTS_LIVE, size);
  else if (what == EVENT_FREE) count(HEADER_EVENTS_LIVE, -size);
  if (what != EVENT_ALLOCATE) count(HEADER_EVENTS_HELD, what == EVENT_FREE ? size : -size);
}
