import { PGlite } from '@electric-sql/pglite';

export async function load() {
  const db = await PGlite.create();
  await db.exec('CREATE TABLE IF NOT EXISTS todo (id SERIAL PRIMARY KEY, task TEXT, done BOOLEAN DEFAULT false)');
  return async () => {
    await db.exec('TRUNCATE todo RESTART IDENTITY');
    await db.exec("INSERT INTO todo (task) SELECT 'task ' || g FROM generate_series(1, 300) g");
    const { rows } = await db.query('SELECT * FROM todo WHERE id % $1 = 0 ORDER BY task LIMIT 10', [7]);
    const counts = await db.query('SELECT done, count(*)::int AS n, max(task) AS m FROM todo GROUP BY done');
    return JSON.stringify([rows, counts.rows]);
  };
}
