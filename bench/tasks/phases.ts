// Where the instrumenter's time goes: samples its stack while it instruments a module and says, as JSON, what part of the
// samples each phase has. Arguments: module.

import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { instrument } from '../../index.ts';

/** Functions that are a phase with everything they call, by file: several are called alike. */
const PHASES: Readonly<Record<string, string>> = {
  'wasm/module.ts parseModule': 'reading sections',
  'instrument/allocator.ts findAllocator': 'finding the allocator',
  'instrument/call-graph.ts buildCallGraph': 'call graph',
  'frames/index.ts plan': 'stack frames',
  'libc/over-reads.ts findOverReaders': 'string functions',
  'libc/by-body.ts findLibcByBody': 'string functions',
  'instrument/discarded-loads.ts ignoresTraps': 'loads whose value is discarded',
  'instrument/discarded-loads.ts read': 'loads whose value is discarded',
  'instrument/plan-functions.ts planFunction': 'edits: calls to check, globals',
  'elide/elision.ts actions': 'elimination',
  'stream/rewrite-body.ts rewrite': 'rewriting code',
  'split/team.ts merge': 'putting parts together',
  'wasm/bytes.ts joined': 'putting parts together',
  'stream/site-map.ts encode': 'writing tables',
  'stream/name-section.ts writeNames': 'writing tables',
  'symbols/index.ts createSymbolizer': 'debug information',
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

/** Folder, file and function. */
function nameOf({ url, functionName }: { readonly url: string; readonly functionName: string }): string {
  return `${url.split('/').slice(-2).join('/')} ${functionName}`;
}

function phaseOf(sample: number): string {
  if (nodes.get(sample)!.callFrame.functionName === GARBAGE) return 'garbage collector';
  let phase = OTHER;
  for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
    phase = PHASES[nameOf(nodes.get(id)!.callFrame)] ?? phase;
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
