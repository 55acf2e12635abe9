// One campaign in a process of its own: node bench/tasks/fuzz.ts module.wasm runs corpus-out [seed-folder]. Prints its
// CPU seconds, which leave out reading and instrumenting the module, and its size, as JSON; writes the corpus. With 0 runs
// it only counts the edges that the seeds reach.

import { readFileSync } from 'node:fs';
import { Campaign } from '../../fuzz/campaign.ts';
import { openFolder, readInputs, sha1, writeFile } from '../../fuzz/folder.ts';
import { openModule } from '../../fuzz/index.ts';
import { seededRandom } from '../../fuzz/random.ts';
import { peakMegabytes } from './peak-memory.ts';

const [path, runs, corpus, folder] = process.argv.slice(2);
const seeds = folder === undefined ? [] : readInputs(folder).map((file) => file.bytes);
const executor = openModule(new Uint8Array(readFileSync(path!)), { detectLeaks: false, timeout: 5000 });
const campaign = new Campaign({
  executor,
  random: seededRandom(1),
  nameOf: sha1,
  observer: {},
  runs: Number(runs) || -1,
  maxLength: 2048,
  dictionary: [],
  ignoreCrashes: true,
  shouldStop: () => false,
});
executor.prepare();
const before = process.cpuUsage();
if (Number(runs) === 0) for (const seed of seeds) campaign.attempt(seed, undefined, true);
else campaign.run(seeds);
const { user, system } = process.cpuUsage(before);
if (Number(runs) > 0) openFolder(corpus!);
for (const unit of campaign.corpus.units)
  if (Number(runs) > 0 && !unit.retired) writeFile(corpus!, unit.name, unit.bytes);
const megabytes = Math.round(peakMegabytes());
process.stdout.write(JSON.stringify({ cpu: (user + system) / 1e6, megabytes, edges: campaign.totals.edges }));
