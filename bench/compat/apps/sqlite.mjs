// Runs SQL in an old sql.js, which would fetch its module from a path: it is handed over.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import initSqlJs from 'sql.js';

const FILE = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');

/** Answers what runs it: its result, or what went wrong. */
export async function sqlite(sql) {
  const { Database } = await initSqlJs({ wasmBinary: readFileSync(FILE) });
  return () => {
    try {
      return JSON.stringify(new Database().exec(sql)).slice(0, 80);
    } catch (error) {
      return String(error);
    }
  };
}
