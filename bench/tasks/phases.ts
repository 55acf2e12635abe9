// Where the instrumenter's time goes: samples its stack while it instruments a module and says, as JSON, what part of the
// samples each phase has. Arguments: module.

import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { instrument } from '../../index.ts';

/** Functions that are a phase with everything they call. */
const PHASES: Readonly<Record<string, string>> = {
  parseModule: 'reading sections',
  findAllocator: 'finding the allocator',
  buildCallGraph: 'call graph',
  planFrames: 'stack frames',
  findOverReaders: 'string functions',
  planFunction: 'edits: calls to check, globals',
  actions: 'elimination',
  rewrite: 'rewriting code',
  encode: 'writing tables',
  writeNames: 'writing tables',
  createSymbolizer: 'debug information',
};
const OTHER = 'other';
const GARBAGE = '(garbage collector)';

const session = new Session();
session.connect();
const bytes = new Uint8Array(readFileSync(process.argv[2]!));
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 500 });
await session.post('Profiler.start');
instrument(bytes, { host: true });
const { profile } = await session.post('Profiler.stop');
session.disconnect();

const nodes = new Map(profile.nodes.map((n) => [n.id, n]));
const parents = new Map(profile.nodes.flatMap((n) => (n.children ?? []).map((child) => [child, n.id] as const)));

function phaseOf(sample: number): string {
  if (nodes.get(sample)!.callFrame.functionName === GARBAGE) return 'garbage collector';
  let phase = OTHER;
  for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
    phase = PHASES[nodes.get(id)!.callFrame.functionName] ?? phase;
  }
  return phase;
}

const shares: Record<string, number> = {};
const samples = profile.samples!;
for (const sample of samples) {
  const phase = phaseOf(sample);
  shares[phase] = (shares[phase] ?? 0) + 1 / samples.length;
}
console.log(JSON.stringify(shares));
