// One campaign in a process of its own: node bench/tasks/fuzz.ts module.wasm runs corpus-out [seed-folder]. Prints its
// CPU seconds, which leave out reading and instrumenting the module, and its size, as JSON; writes the corpus.

import { readFileSync } from 'node:fs';
import { Campaign } from '../../fuzz/campaign.ts';
import { openFolder, readInputs, sha1, writeFile } from '../../fuzz/folder.ts';
import { openModule } from '../../fuzz/index.ts';
import { seededRandom } from '../../fuzz/random.ts';

const [path, runs, corpus, seeds] = process.argv.slice(2);
const executor = openModule(new Uint8Array(readFileSync(path!)), { detectLeaks: false, timeout: 5000 });
const campaign = new Campaign({
  executor,
  random: seededRandom(1),
  nameOf: sha1,
  observer: {},
  runs: Number(runs),
  maxLength: 2048,
  dictionary: [],
  ignoreCrashes: true,
  shouldStop: () => false,
});
const before = process.cpuUsage();
campaign.run(seeds === undefined ? [] : readInputs(seeds).map((file) => file.bytes));
const { user, system } = process.cpuUsage(before);
openFolder(corpus!);
for (const unit of campaign.corpus.units) if (!unit.retired) writeFile(corpus!, unit.name, unit.bytes);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ cpu: (user + system) / 1e6, megabytes, edges: campaign.totals.edges }));
