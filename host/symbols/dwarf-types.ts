// Size and readable spelling of a variable's type.

import type { Dwarf, Located } from './dwarf.ts';
import { AT, TAG } from './dwarf-constants.ts';

/** Types nest, and damaged ones may contain themselves. */
const MAX_DEPTH = 24;

const KEYWORDS = new Map<number, string>([
  [TAG.structureType, 'struct'],
  [TAG.classType, 'class'],
  [TAG.unionType, 'union'],
  [TAG.enumerationType, 'enum'],
]);

const POINTER_SIGNS = new Map<number, string>([
  [TAG.pointerType, '*'],
  [TAG.referenceType, '&'],
  [TAG.rvalueReferenceType, '&&'],
]);

/** Byte count, 0 if unknown. */
export function typeSize(dwarf: Dwarf, type: Located | undefined, depth = 0): number {
  if (!type || depth > MAX_DEPTH) return 0;
  const { unit, die } = type;
  const size = unit.number(die, AT.byteSize);
  if (size !== undefined) return size;
  if (POINTER_SIGNS.has(die.tag)) return unit.header.addressSize;
  const target = dwarf.follow(unit, die, AT.type);
  if (die.tag !== TAG.arrayType) {
    const declared = target ?? dwarf.follow(unit, die, AT.specification);
    return typeSize(dwarf, declared, depth + 1);
  }
  return arrayCounts(type).reduce((product, count) => product * count, typeSize(dwarf, target, depth + 1));
}

/** Whether the object may be larger than its type: a structure that ends in a flexible array (`char d[]`, `[0]`). */
export function endsOpen(dwarf: Dwarf, type: Located | undefined, depth = 0): boolean {
  if (!type || depth > MAX_DEPTH) return false;
  const { unit, die } = type;
  const target = () => dwarf.follow(unit, die, AT.type);
  if (die.tag === TAG.arrayType)
    return arrayCounts(type).some((count) => count === 0) || endsOpen(dwarf, target(), depth + 1);
  if (!KEYWORDS.has(die.tag)) return !POINTER_SIGNS.has(die.tag) && endsOpen(dwarf, target(), depth + 1);
  return members(type).some((member) => endsOpen(dwarf, dwarf.follow(unit, member, AT.type), depth + 1));
}

/** The members a structure ends with: its last one, or all of a union. */
function members({ unit, die }: Located): Located['die'][] {
  const found: Located['die'][] = [];
  if (!die.hasChildren) return found;
  const reader = unit.reader(die.next);
  for (let depth = 1; depth > 0; ) {
    const code = reader.uleb();
    if (code === 0) {
      depth--;
      continue;
    }
    const child = unit.dieOf(reader, 0, unit.abbreviation(code));
    if (depth === 1 && child.tag === TAG.member) found.push(child);
    if (child.hasChildren) depth++;
  }
  return die.tag === TAG.unionType ? found : found.slice(-1);
}

/** Elements per dimension, 0 where the length is not known at compile time. */
function arrayCounts({ unit, die }: Located): number[] {
  const counts: number[] = [];
  if (!die.hasChildren) return counts;
  const reader = unit.reader(die.next);
  for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
    const abbreviation = unit.abbreviation(code);
    const child = unit.dieOf(reader, 0, abbreviation);
    if (child.tag === TAG.subrangeType) counts.push(rangeCount(child.attributes));
    if (child.hasChildren) break;
  }
  return counts;
}

function rangeCount(attributes: Located['die']['attributes']): number {
  const count = attributes.get(AT.count);
  if (count) return count.block ? 0 : count.value;
  const upper = attributes.get(AT.upperBound);
  return upper && !upper.block && upper.value < 2 ** 52 ? upper.value + 1 : 0;
}

export function typeName(dwarf: Dwarf, type: Located | undefined, depth = 0): string {
  if (!type) return 'void';
  if (depth > MAX_DEPTH) return '...';
  const { unit, die } = type;
  const name = dwarf.string(dwarf.chain(type), AT.name);
  if (name !== undefined) return name;
  const keyword = KEYWORDS.get(die.tag);
  if (keyword) return `${keyword} (unnamed)`;
  const target = typeName(dwarf, dwarf.follow(unit, die, AT.type), depth + 1);
  const sign = POINTER_SIGNS.get(die.tag);
  if (sign) return target.endsWith('*') ? target + sign : `${target} ${sign}`;
  if (die.tag === TAG.constType) return qualify('const', target);
  if (die.tag === TAG.volatileType) return qualify('volatile', target);
  if (die.tag === TAG.arrayType)
    return (
      target +
      arrayCounts(type)
        .map((count) => `[${count || ''}]`)
        .join('')
    );
  return die.tag === TAG.subroutineType ? `${target} ()` : target;
}

/** Behind a pointer, before anything else, as in `char const *const`. */
function qualify(word: string, target: string): string {
  return target.endsWith('*') ? `${target}${word}` : `${word} ${target}`;
}
