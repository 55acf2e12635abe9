import initSqlJs from 'sql.js';

export async function load() {
  const SQL = await initSqlJs();
  return () => {
    const db = new SQL.Database();
    db.run('CREATE TABLE hello (a int, b char); INSERT INTO hello VALUES (0, "hello"); INSERT INTO hello VALUES (1, "world");');
    db.run('CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL)');
    for (let i = 0; i < 2000; i++) db.run('INSERT INTO t(b, c) VALUES(?, ?)', [`row ${i}`, i / 7]);
    db.run('CREATE INDEX tb ON t(b)');
    const result = JSON.stringify([
      db.exec('SELECT * FROM hello'),
      db.exec("SELECT count(*), sum(c), group_concat(DISTINCT substr(b, 5, 1)) FROM t WHERE b LIKE '%9%'"),
      db.exec('SELECT json_group_array(x) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300) SELECT x FROM n)'),
    ]);
    const copy = db.export();
    db.close();
    return `${result} ${copy.length}`;
  };
}
