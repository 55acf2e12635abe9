// The files about a whole campaign: a page to look at, and source coverage in lcov's format.

import { dirname, join } from 'node:path';
import type { CampaignPage, ReportedFinding } from '../../fuzz/report/html.ts';
import { campaignHtml } from '../../fuzz/report/html.ts';
import { lcovText } from '../../fuzz/report/lcov.ts';
import type { CoveredFile } from '../../fuzz/report/source-coverage.ts';
import { readSource } from '../findings.ts';
import { toolVersion } from '../version.ts';
import { writeDurably } from './artifacts.ts';

export interface ReportFiles {
  /** Empty: not wanted. */
  readonly html: string;
  readonly lcov: string;
  readonly modulePath: string;
  /** Source lines reached by these inputs. */
  readonly cover: (inputs: Iterable<Uint8Array>) => CoveredFile[];
}

export type CampaignFacts = Omit<CampaignPage, 'toolVersion' | 'files' | 'source'>;

/** What a finding ran counts as reached, too. */
export function writeReports(files: ReportFiles, facts: CampaignFacts): void {
  if (files.html === '' && files.lcov === '') return;
  const inputs = [...facts.units.map((unit) => unit.bytes), ...facts.findings.map(runnable)];
  const covered = files.cover(inputs);
  if (files.lcov !== '') writeDurably(files.lcov, lcovText(covered));
  if (files.html === '') return;
  const source = (file: string) => readSource(file) ?? readSource(join(dirname(files.modulePath), file));
  writeDurably(files.html, campaignHtml({ ...facts, toolVersion: toolVersion(), files: covered, source }));
}

/** A hang would take its time again; what it reached is left out. */
function runnable({ finding, minimized }: ReportedFinding): Uint8Array {
  return finding.kind === 'timeout' ? new Uint8Array(0) : minimized;
}
