// What does wasan cost on whole programs as they ship on npm? sql.js runs one SQL workload through its own glue.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Sanitizer } from '../host/index.ts';
import { instrument } from '../index.ts';
import { VARIANTS, type Variant } from './instance.ts';
import { summarise } from './measure.ts';
import type { Section } from './report.ts';

const ROUNDS = 7;
const ROWS = 20_000;
const require = createRequire(import.meta.url);

interface Database {
  run(sql: string, parameters?: unknown[]): void;
  exec(sql: string): unknown;
  close(): void;
}
interface SqlJs {
  Database: new () => Database;
}

export async function benchPrograms(): Promise<Section[]> {
  const databases = [];
  for (const variant of VARIANTS) databases.push(await loadSqlJs(variant));
  const times: number[][] = databases.map(() => []);
  const results = new Set<string>();
  for (let round = -2; round < ROUNDS; round++) {
    databases.forEach((sql, i) => {
      const start = performance.now();
      results.add(workload(sql));
      if (round >= 0) times[i]!.push(performance.now() - start);
    });
  }
  if (results.size !== 1) throw new Error('sql.js: instrumented and original disagree');
  const samples = times.map(summarise);
  return [
    {
      title: 'programs: slowdown against the original',
      goal: 'sql.js inline <= 2.2x',
      chart: ['inline', 'outline'],
      columns: ['program', 'original ms', ...VARIANTS.slice(1).map((v) => v.name), 'spread'],
      rows: [
        [
          'sql.js: insert, index, join',
          samples[0]!.median,
          ...samples.slice(1).map((s) => s.median / samples[0]!.median),
          Math.max(...samples.map((s) => s.spread)),
        ],
      ],
    },
  ];
}

export function workload(sql: SqlJs): string {
  const db = new sql.Database();
  db.run('create table t(a integer primary key, b text, c real)');
  db.run('begin');
  for (let i = 0; i < ROWS; i++) db.run('insert into t(b, c) values(?, ?)', [`row ${i}`, Math.sin(i)]);
  db.run('commit');
  db.run('create index ib on t(b)');
  const counted = db.exec("select count(*), sum(c), max(b) from t where b like '%9%'");
  const joined = db.exec('select a.b, b.c from t a join t b on a.a = b.a + 1 order by a.c limit 5');
  db.close();
  return JSON.stringify([counted, joined]);
}

/** Loads sql.js with its module instrumented on the way, through its own documented hook `instantiateWasm`. */
export async function loadSqlJs(variant: Variant): Promise<SqlJs> {
  const init = require('sql.js') as (options: object) => Promise<SqlJs>;
  const original = new Uint8Array(readFileSync(require.resolve('sql.js/dist/sql-wasm.wasm')));
  return init({
    instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
      const bytes = variant.options ? instrument(original, { ...variant.options, host: true }).bytes : original;
      const sanitizer = new Sanitizer({
        original,
        instrumented: bytes,
        onFinding: (report) => {
          throw new Error(`a finding in a benchmark: ${report.title}`);
        },
      });
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
        ...imports,
        ...sanitizer.imports,
      });
      if (variant.options) sanitizer.attach(instance);
      done(instance);
      return {};
    },
  });
}
