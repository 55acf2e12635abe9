// Threads that share a module chunk by chunk, or one that takes all chunks, write what is written in one go, byte for byte; and
// whatever becomes of them, the module gets written.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { type InstrumentOptions, instrument } from '../../index.ts';
import { NodeTeam } from '../../instrument/split/node-team.ts';
import { aloneOn, type Team, type TeamMaker } from '../../instrument/split/team.ts';
import { rewriteModule } from '../../instrument/stream/engine.ts';
import { NumberPlaces, raiseNumbers } from '../../instrument/stream/number-places.ts';
import { Writer } from '../../instrument/wasm/bytes.ts';
import { type Module, parseModule } from '../../instrument/wasm/module.ts';

const require = createRequire(import.meta.url);
const read = (path: string) => new Uint8Array(readFileSync(require.resolve(path)));
const SQLITE = read('sql.js/dist/sql-wasm.wasm');
const QUICKJS = read('@jitl/quickjs-wasmfile-release-sync/wasm');
const PATIENCE = 60_000;

function same(bytes: Uint8Array, options: InstrumentOptions, team: TeamMaker): void {
  const expected = instrument(bytes, { ...options, engine: rewriteModule });
  const made = instrument(bytes, { ...options, team });
  expect(Buffer.compare(made.bytes, expected.bytes)).toBe(0);
  expect(made.summary).toEqual(expected.summary);
}

/** Workers that are left to work alone until nothing is open: this thread then only puts together. */
function alone(workers: number, delivered: number[]): TeamMaker {
  return (module) => {
    const team = new NodeTeam(module, workers, PATIENCE);
    return Object.assign(Object.create(team) as Team, {
      begin: (brief: Parameters<Team['begin']>[0]) => {
        team.begin(brief);
        for (let chunk = 0; chunk < team.board.chunks; chunk++) team.board.await(chunk, PATIENCE);
      },
      take: (chunk: number) => {
        const written = team.take(chunk);
        if (written) delivered.push(chunk);
        return written;
      },
    });
  };
}

test('what one thread wrote, chunk by chunk', () => {
  for (const bytes of [SQLITE, QUICKJS]) same(bytes, { host: true }, aloneOn);
});

test('what two other threads wrote', { timeout: 2 * PATIENCE }, () => {
  const delivered: number[] = [];
  same(SQLITE, { host: true }, alone(2, delivered));
  const module = parseModule(SQLITE);
  expect(delivered).toEqual(new NodeTeam(module, 0).board.cuts.slice(0, -1).map((_, i) => i));
  expect(delivered.length).toBeGreaterThan(1);
});

/** No worker, but chunks whose first numbers were guessed wrongly, and so are raised, or written again. */
function misguessing(add: number): TeamMaker {
  return (module) => {
    const team = new NodeTeam(module, 0);
    const guess = team.board.guess.bind(team.board);
    team.board.guess = (chunk) => ({ site: guess(chunk).site + add, frame: guess(chunk).frame + add });
    return team;
  };
}

const OPTIONS: [string, InstrumentOptions][] = [
  ['with a host', { host: true }],
  ['without a host, outlined, functions ignored', { mode: 'outline', ignore: ({ index }) => index % 3 === 0 }],
  [
    'paged, without elimination, strings and frames left alone',
    { host: true, mapping: 'paged', elide: false, strings: false, stack: false },
  ],
];

test.each(OPTIONS)('the same bytes in chunks: %s', (_, options) => same(QUICKJS, options, misguessing(90)));
test('the same bytes where every number is longer than guessed', () => same(QUICKJS, {}, misguessing(1_000_000)));

test('what is known of the functions is the same', () => {
  const one = instrument(QUICKJS, { jobs: 1 }).inspection;
  const many = instrument(QUICKJS, { team: misguessing(5) }).inspection;
  expect(many.frames.counts).toEqual(one.frames.counts);
  expect(many.explainChecks()).toEqual(one.explainChecks());
});

/** `alter` is done to a team of one worker before it begins. */
function altered(alter: (team: NodeTeam) => void, patience: number): TeamMaker {
  return (module: Module) => {
    const team = new NodeTeam(module, 1, patience);
    alter(team);
    return team;
  };
}

test('a thread that dies with a chunk in its hands is done without', () => {
  const dead = altered((team) => {
    team.end();
    expect(team.board.claim()).toBe(0); // the last thing it did
  }, 100);
  expect(Buffer.compare(instrument(QUICKJS, { team: dead }).bytes, instrument(QUICKJS, { jobs: 1 }).bytes)).toBe(0);
});

test('a chunk that a thread failed at is written here', () => {
  const failing = altered((team) => team.board.fail(team.board.claim()), PATIENCE);
  expect(Buffer.compare(instrument(QUICKJS, { team: failing }).bytes, instrument(QUICKJS, { jobs: 1 }).bytes)).toBe(0);
});

test('small modules, and one job, start no thread', () => {
  let asked = 0;
  const counted: TeamMaker = () => {
    asked++;
    return undefined;
  };
  instrument(QUICKJS, { team: counted });
  instrument(QUICKJS, { team: counted, coverage: 'counters' }); // numbers counters in order
  expect(asked).toBe(1);
});

const SCRIPT = `
  import { readFileSync } from 'node:fs';
  import { Worker, isMainThread } from 'node:worker_threads';
  const { instrument } = await import(${JSON.stringify(new URL('../../index.ts', import.meta.url).href)});
  const { NodeTeam } = await import(${JSON.stringify(new URL('../../instrument/split/node-team.ts', import.meta.url).href)});
  const bytes = new Uint8Array(readFileSync(${JSON.stringify(require.resolve('sql.js/dist/sql-wasm.wasm'))}));
  const made = instrument(bytes, { team: (module) => new NodeTeam(module, 2) });
  console.log(made.bytes.length);
`;

test('the process ends, its flags do not reach the threads, and a worker may have threads of its own', () => {
  const hook = `--import=data:text/javascript,${encodeURIComponent('process.stdout.write("hook\\n")')}`;
  const nested = `
    const { Worker } = await import('node:worker_threads');
    const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(SCRIPT)}));
    new Worker(url, { execArgv: [], env: {} });
  `;
  const run = (script: string) =>
    execFileSync(process.execPath, ['--no-warnings', hook, '--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 50_000,
      env: { ...process.env, NODE_OPTIONS: hook },
    });
  const length = instrument(SQLITE, { jobs: 1 }).bytes.length;
  expect(run(SCRIPT).split('\n').sort()).toEqual(['', `${length}`, 'hook'].sort());
  expect(run(nested)).toContain(`${length}\n`);
});

test('numbers are raised in place as long as none changes its length', () => {
  const w = new Writer();
  const places = new NumberPlaces();
  places.beginBody();
  for (const number of [100, 8000]) {
    places.site(w.length);
    w.s32(number);
  }
  places.endBody(0);
  expect(raiseNumbers(w.view(), places.sites, 191)).toBe(true);
  const expected = new Writer();
  for (const number of [291, 8191]) expected.s32(number);
  expect(w.view()).toEqual(expected.view());
  expect(raiseNumbers(w.view(), places.sites, 1)).toBe(false);
});

test('the module is cut alike everywhere, and every body is in one chunk', () => {
  const module = parseModule(SQLITE);
  const { cuts } = new NodeTeam(module, 0).board;
  expect(cuts[0]).toBe(0);
  expect(cuts.at(-1)).toBe(module.bodies.length);
  expect(cuts.every((cut, i) => i === 0 || cut > cuts[i - 1]!)).toBe(true);
});
