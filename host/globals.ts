// Which variables with static storage a finding is about: the one the runtime names, else those around the address.

import { KIND_GLOBAL_OOB } from '../runtime/abi.ts';
import type { Facts } from './report/facts.ts';
import type { GlobalDescription } from './report/place.ts';
import type { Variable } from './symbols/index.ts';

/** A variable farther away than this is a coincidence. */
const NEAR_BYTES = 4096;

/** Nearest first; at most the one below and the one above where the address lies in none. */
export function globalsNear(
  variables: readonly Variable[],
  facts: Facts,
  address: number,
  size: number,
): GlobalDescription[] {
  const sized = variables.filter((v) => v.size > 0 && !v.segment);
  const meant = facts.kind === KIND_GLOBAL_OOB && facts.extra1 > 0n ? sized.filter((v) => isNamed(v, facts)) : [];
  if (meant.length > 0) return meant.slice(0, 1).map(describe);
  const holding = sized.filter((v) => address >= v.offset && address < v.offset + v.size);
  if (holding.length > 0) return [describe(holding[0]!)];
  return [
    best(sized, (v) => address - v.offset - v.size),
    best(sized, (v) => v.offset - address - Math.max(size, 1) + 1),
  ]
    .filter((found) => found !== undefined)
    .sort((a, b) => a.distance - b.distance)
    .map(({ variable }) => describe(variable));
}

/** The variable that an address lies in. */
export function globalHolding(variables: readonly Variable[], address: number): GlobalDescription | undefined {
  const found = variables.find((v) => !v.segment && address >= v.offset && address < v.offset + v.size);
  return found && describe(found);
}

function isNamed(variable: Variable, facts: Facts): boolean {
  const begin = Number(facts.extra0);
  return variable.offset >= begin && variable.offset < begin + Number(facts.extra1);
}

/** The variable at the smallest distance that is not negative. */
function best(
  variables: readonly Variable[],
  distanceOf: (v: Variable) => number,
): { variable: Variable; distance: number } | undefined {
  let found: { variable: Variable; distance: number } | undefined;
  for (const variable of variables) {
    const distance = distanceOf(variable);
    if (distance >= 0 && distance <= NEAR_BYTES && (!found || distance < found.distance))
      found = { variable, distance };
  }
  return found;
}

function describe({ name, offset, size, file, line }: Variable): GlobalDescription {
  return {
    name,
    begin: offset,
    size,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  };
}
