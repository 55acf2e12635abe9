// Where the time of an instrumented program goes: runs it in turn with the original under the engine's sampling profiler, and
// prints as JSON how many samples fell into which part of either. Arguments: module, size, milliseconds.

import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { instrument } from '../../index.ts';
import { functionNames } from '../../instrument/wasm/names.ts';
import { instantiate } from '../reactor.ts';
import { runtimePart } from '../runtime-parts.ts';

export const OWN = 'own code';
export const ALLOCATOR = 'its allocator';

/** Samples by part. */
export interface Profile {
  readonly original: Readonly<Record<string, number>>;
  readonly wasan: Readonly<Record<string, number>>;
}

/** As in tasks/speed.ts: the engine compiles hot functions anew first. */
const WARM_UP = 3;
const INTERVAL_US = 200;

async function main(path: string, size: number, milliseconds: number): Promise<void> {
  const bytes = new Uint8Array(readFileSync(path));
  const { bytes: instrumented, inspection } = instrument(bytes, { host: true });
  const names = functionNames(inspection.module);
  const allocator = new Set([...inspection.allocatorClosure].map((f) => names.get(f) ?? `wasm-function[${f}]`));
  const runs = [await instantiate(bytes), await instantiate(bytes, instrumented)].map((r) => r.run);
  const round = () => runs.forEach((run) => void run(size));
  for (let n = 0; n < WARM_UP; n++) round();
  const samples = await sampled(() => {
    for (const end = performance.now() + milliseconds; performance.now() < end; ) round();
  });
  const ours = samples.find(({ name }) => runtimePart(name))?.module;
  const count: Record<keyof Profile, Record<string, number>> = { original: {}, wasan: {} };
  for (const { module, name } of samples) {
    const part = runtimePart(name) ?? (allocator.has(name) ? ALLOCATOR : OWN);
    const parts = count[module === ours ? 'wasan' : 'original'];
    parts[part] = (parts[part] ?? 0) + 1;
  }
  console.log(JSON.stringify(count satisfies Profile));
}

interface Sample {
  readonly module: string;
  readonly name: string;
}

/** The functions of wasm modules that were running, sample by sample. */
async function sampled(work: () => void): Promise<Sample[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const frames = new Map(profile.nodes.map((n) => [n.id, n.callFrame]));
  return (profile.samples ?? []).flatMap((id) => {
    const { url, functionName } = frames.get(id)!;
    return url.startsWith('wasm://') ? [{ module: url, name: functionName }] : [];
  });
}

const [path, size, milliseconds] = process.argv.slice(2);
if (import.meta.main) await main(path!, Number(size), Number(milliseconds));
