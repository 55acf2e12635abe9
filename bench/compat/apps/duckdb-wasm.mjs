import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

export async function load() {
  const duckdb = require('@duckdb/duckdb-wasm/blocking');
  const dist = dirname(require.resolve('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm'));
  const bundles = {
    mvp: { mainModule: join(dist, 'duckdb-mvp.wasm'), mainWorker: join(dist, 'duckdb-node-mvp.worker.cjs') },
    eh: { mainModule: join(dist, 'duckdb-eh.wasm'), mainWorker: join(dist, 'duckdb-node-eh.worker.cjs') },
  };
  const db = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await db.instantiate(() => {});
  return () => {
    const connection = db.connect();
    const table = connection.query(
      `SELECT v % 7 AS k, count(*)::INT AS n, sum(v)::DOUBLE AS s, string_agg(v::VARCHAR, ',' ORDER BY v) AS t
       FROM generate_series(1, 3000) AS g(v) WHERE v % 5 = 0 GROUP BY k ORDER BY k`,
    );
    const text = table.toArray().map((row) => String(row)).join(' ');
    connection.close();
    return text;
  };
}
