// The sections of the bench, in the order of the page.

import type { Table } from '../report.ts';
import { benchCounters } from './counters.ts';
import { benchFuzz } from './fuzz.ts';
import { benchRivals } from './rivals.ts';
import { benchSpeed } from './speed.ts';
import { benchVma } from './vma.ts';

export const SECTIONS: Readonly<Record<string, () => Promise<Table[]>>> = {
  speed: benchSpeed,
  rivals: benchRivals,
  counters: benchCounters,
  vma: benchVma,
  fuzz: benchFuzz,
};
