// The frames at a code address: the line table gives the innermost position, and each inlined call around it says
// where the next frame stands.

import type { Dwarf } from './dwarf.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { scopesAt } from './dwarf-functions.ts';
import { place, type SourcePosition } from './dwarf-lines.ts';

export interface SourceFrame extends SourcePosition {
  /** As the linker spells it, if it does. */
  name?: string;
}

/** Innermost first; empty if the DWARF says nothing about the address. */
export function dwarfFrames(dwarf: Dwarf, pc: number): SourceFrame[] {
  const found = dwarf.functionAt(pc);
  if (!found) {
    const unit = dwarf.unitAt(pc);
    const position = unit && dwarf.lines(unit)?.at(pc);
    return position ? [position] : [];
  }
  const { unit } = found;
  const table = dwarf.lines(unit);
  const frames: SourceFrame[] = [];
  let position: SourcePosition = table?.at(pc) ?? {};
  const scopes = scopesAt(dwarf.scope(unit, found.die), pc).filter(({ die }) => die.tag !== TAG.lexicalBlock);
  for (const { die } of scopes.reverse()) {
    const name = dwarf.functionName(dwarf.chain({ unit, die }));
    frames.push({ ...(name !== undefined && { name }), ...position });
    if (die.tag !== TAG.inlinedSubroutine) break;
    const file = table?.file(unit.number(die, AT.callFile) ?? -1);
    position = {
      ...(file !== undefined && { file }),
      ...place(unit.number(die, AT.callLine), unit.number(die, AT.callColumn)),
    };
  }
  return frames;
}
