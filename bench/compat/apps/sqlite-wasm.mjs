import sqlite3InitModule from '@sqlite.org/sqlite-wasm';

export async function load() {
  const sqlite3 = await sqlite3InitModule({ print: () => {}, printErr: () => {} });
  return () => {
    const db = new sqlite3.oo1.DB(':memory:');
    db.exec('CREATE TABLE IF NOT EXISTS t(a,b)');
    for (let i = 20; i <= 1000; ++i) db.exec({ sql: 'insert into t(a,b) values (?,?)', bind: [i, `text ${i * 2}`] });
    const rows = db.exec({ sql: 'select a, b from t order by b desc limit 20', returnValue: 'resultRows' });
    const sums = db.exec({ sql: 'select sum(a), max(b), total(length(b)) from t', returnValue: 'resultRows' });
    db.close();
    return JSON.stringify([rows, sums]);
  };
}
