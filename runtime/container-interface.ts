// Containers that tell which part of their memory is in use: std::vector (contiguous) and std::deque (double-ended).
//
//   storage: | not in use     | container: in use | not in use      |
//            begin            first               last              end
import {
  ASAN_CONTAINER,
  FLAG_CONTAINERS,
  HEADER_SCHEME,
  KASAN_CONTAINER,
  KIND_BAD_CONTIGUOUS_CONTAINER,
  KIND_BAD_DOUBLE_ENDED_CONTAINER,
  SCHEME_KASAN,
} from './abi';
import { Addr } from './addr';
import { findBadByte, firstBadByte } from './check';
import { flag } from './header';
import { poisonRegion, unpoisonRegion } from './poison';
import { heapFinding } from './report';

/** Bytes looked at on either side of a bound, as in compiler-rt. */
const LOOKED_AT: Addr = 32;

function containerCode(): u32 {
  return load<u32>(HEADER_SCHEME) == SCHEME_KASAN ? KASAN_CONTAINER : ASAN_CONTAINER;
}

/** Of [begin, end) the part up to oldMid was valid, the part up to newMid becomes so. */
export function __sanitizer_annotate_contiguous_container(begin: Addr, end: Addr, oldMid: Addr, newMid: Addr): void {
  if (!flag(FLAG_CONTAINERS)) return;
  if (begin > oldMid || begin > newMid || oldMid > end || newMid > end) {
    heapFinding(KIND_BAD_CONTIGUOUS_CONTAINER, 0, begin, end - begin, 0, oldMid, newMid);
    return;
  }
  if (newMid < oldMid) poisonRegion(newMid, end - newMid, containerCode());
  else unpoisonRegion(begin, newMid - begin);
}

/** Of [begin, end) the part [oldFirst, oldLast) was valid, the part [first, last) becomes so. */
export function __sanitizer_annotate_double_ended_contiguous_container(
  begin: Addr,
  end: Addr,
  oldFirst: Addr,
  oldLast: Addr,
  first: Addr,
  last: Addr,
): void {
  if (!flag(FLAG_CONTAINERS)) return;
  if (begin > first || first > last || last > end || begin > oldFirst || oldFirst > oldLast || oldLast > end) {
    heapFinding(KIND_BAD_DOUBLE_ENDED_CONTAINER, 0, begin, end - begin, 0, first, last);
    return;
  }
  const code = containerCode();
  if (first == last) return poisonRegion(oldFirst, oldLast - oldFirst, code);
  if (oldFirst < first) poisonRegion(oldFirst, smaller(oldLast, first) - oldFirst, code);
  if (oldLast > last) poisonRegion(larger(oldFirst, last), oldLast - larger(oldFirst, last), code);
  unpoisonRegion(first, last - first);
}

export function __sanitizer_verify_contiguous_container(begin: Addr, mid: Addr, end: Addr): i32 {
  return __sanitizer_contiguous_container_find_bad_address(begin, mid, end) ? 0 : 1;
}

export function __sanitizer_verify_double_ended_contiguous_container(
  begin: Addr,
  first: Addr,
  last: Addr,
  end: Addr,
): i32 {
  return __sanitizer_double_ended_contiguous_container_find_bad_address(begin, first, last, end) ? 0 : 1;
}

export function __sanitizer_contiguous_container_find_bad_address(begin: Addr, mid: Addr, end: Addr): Addr {
  if (!flag(FLAG_CONTAINERS)) return 0;
  const inside = notValid(begin, mid);
  return inside ? inside : notPoisoned(mid, annotatedEnd(end));
}

/** In the granule where the container begins, what lies in front of it cannot be told to be poisoned. */
export function __sanitizer_double_ended_contiguous_container_find_bad_address(
  begin: Addr,
  first: Addr,
  last: Addr,
  end: Addr,
): Addr {
  if (!flag(FLAG_CONTAINERS)) return 0;
  const end0 = annotatedEnd(end);
  if (first == last) return notPoisoned(begin, end0);
  const front = notPoisoned(begin, larger(begin, first & ~7));
  if (front) return front;
  const inside = notValid(first, last);
  return inside ? inside : notPoisoned(last, end0);
}

/** A last granule that others share may have been left as it was. */
function annotatedEnd(end: Addr): Addr {
  return end & 7 && !findBadByte(end, end) ? end & ~7 : end;
}

function notValid(from: Addr, to: Addr): Addr {
  if (from >= to) return 0;
  if (findBadByte(from, smaller(to, from + LOOKED_AT) - 1)) return firstBadByte();
  return findBadByte(larger(from, to - smaller(to, LOOKED_AT)), to - 1) ? firstBadByte() : 0;
}

function notPoisoned(from: Addr, to: Addr): Addr {
  if (from >= to) return 0;
  const near = validIn(from, smaller(to, from + LOOKED_AT));
  return near ? near : validIn(larger(from, to - smaller(to, LOOKED_AT)), to);
}

function validIn(from: Addr, to: Addr): Addr {
  for (let at = from; at < to; at++) if (!findBadByte(at, at)) return at;
  return 0;
}

function smaller(a: Addr, b: Addr): Addr {
  return a < b ? a : b;
}

function larger(a: Addr, b: Addr): Addr {
  return a > b ? a : b;
}
