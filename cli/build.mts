// Bundles what runs in Node, the library and the command line, into dist/: a start reads a handful of files instead of some
// 250. What others import from the package, and what is started or loaded by its place (own-files.ts), keeps a file of its
// own. All share one copy of each module, and names stay what they are. The types are tsc's.

import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputOptions, rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const ENTRIES = [
  ...['index', 'fuzz/index', 'host/index', 'instrument/index', 'cli/asc/transform', 'cli/vitest/setup'],
  ...['cli/main', 'cli/node/register', 'instrument/split/worker'],
];

/** What stands in front of a program, in the order it is started. What each needs and none before it is put together. */
const STARTS = { launch: ['cli/main', 'cli/commands/node'], core: ['cli/node/register'] };

const LIBRARIES = { host: ['host/index'], instrument: ['instrument/index'], library: ['index'] };

type Groups = NonNullable<Exclude<OutputOptions['codeSplitting'], boolean | undefined>['groups']>;
type NameOf = Exclude<Groups[number]['name'], string>;

/** Writes the bundle into `folder`. */
export async function buildNode(folder: string): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(ENTRIES.map((name) => [name, source(name)])),
    cwd: ROOT,
    platform: 'neutral',
    external: /^[^./]/,
    preserveEntrySignatures: 'allow-extension',
    onLog: (_level, { message }) => {
      throw new Error(message); // of modules or files that import each other, for one
    },
  });
  await bundle.write({
    dir: folder,
    // The bundler calls what begins with index.ts by the name of its folder, which for the root is whatever a clone is called.
    chunkFileNames: ({ name }) => (name === basename(ROOT) ? 'library.js' : '[name].js'),
    comments: false,
    codeSplitting: { groups: [{ name: fileByStart(), debugName: 'start', includeDependenciesRecursively: false }] },
  });
}

function source(name: string): string {
  return join(ROOT, `${name}.ts`);
}

/**
 * One file for each start, and for each combination of the library's entries that need it as well: so those that browsers
 * load need nothing of Node's. What no start needs is left to the bundler, which does the same with all entries.
 */
function fileByStart(): NameOf {
  const known = new Map<string, Set<string>>();
  return (module, context) => {
    if (ENTRIES.some((name) => source(name) === module)) return undefined;
    const isNeededBy = ([key, names]: [string, readonly string[]]): boolean => {
      const modules = known.get(key) ?? closure(names.map(source), context);
      known.set(key, modules);
      return modules.has(module);
    };
    const start = Object.entries(STARTS).find(isNeededBy);
    const libraries = Object.entries(LIBRARIES).filter(isNeededBy);
    return start && [start, ...libraries].map(([key]) => key).join('-');
  };
}

/** The modules and all that they import, but for what they import later. */
function closure(modules: readonly string[], context: Parameters<NameOf>[1]): Set<string> {
  const all = new Set(modules);
  for (const module of all) for (const id of context.getModuleInfo(module)?.importedIds ?? []) all.add(id);
  return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(ROOT, 'dist');
  rmSync(dist, { recursive: true, force: true });
  await buildNode(dist);
}
