// The sections of the bench, in the order of the page.

import type { Table } from '../report.ts';
import { benchClang } from './clang.ts';
import { benchClasses } from './classes.ts';
import { benchCounters } from './counters.ts';
import { benchFuzz } from './fuzz.ts';
import { benchGrowth } from './growth.ts';
import { benchInstrument } from './instrument.ts';
import { benchMemory } from './memory.ts';
import { benchProfile } from './profile.ts';
import { benchRivals } from './rivals.ts';
import { benchSpeed } from './speed.ts';
import { benchVma } from './vma.ts';

export const SECTIONS: Readonly<Record<string, () => Promise<Table[]>>> = {
  speed: benchSpeed,
  profile: benchProfile,
  classes: benchClasses,
  rivals: benchRivals,
  memory: benchMemory,
  counters: benchCounters,
  instrument: benchInstrument,
  clang: benchClang,
  growth: benchGrowth,
  vma: benchVma,
  fuzz: benchFuzz,
};
