// SQLite through most of its parts: transactions, indexes, triggers, full text, JSON, blobs, windows, recursion, functions of
// the host, a database that is written out and read back.
import init from 'sql.js';

const { Database } = await init({ useOldExtensionFunctions: false });
const db = new Database();
const say = (what, value) => console.log(what, JSON.stringify(value));
const all = (query, parameters) => db.exec(query, parameters).map(({ values }) => values);

db.run(`create table person(id integer primary key, name text not null collate nocase, born int, town text,
  code text generated always as (upper(substr(name, 1, 2)) || id) virtual, unique(name, town));
create table sale(id integer primary key, person int references person, amount real, at int, note text);
create index sale_person on sale(person, at);
create index sale_large on sale(amount) where amount > 900;
create table log(what text, n int);
create trigger sold after insert on sale begin insert into log values('sale', new.id); end;
create trigger unsold after delete on sale begin insert into log values('gone', old.id); end;
create view totals as select town, sum(amount) as sum, count(*) as n from sale join person on person.id = person group by town;`);

let seed = 7;
const random = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
};

// Transactions, savepoints, constraints
const addPerson = db.prepare('insert into person(name, born, town) values(?, ?, ?) on conflict do update set born = born + 1');
const addSale = db.prepare('insert into sale(person, amount, at, note) values($person, $amount, $at, $note)');
for (let round = 0; round < 20; round++) {
  db.run('begin');
  for (let i = 0; i < 150; i++) addPerson.run([`name ${random(2000)}`, 1900 + random(100), `town ${random(12)}`]);
  db.run('savepoint inner');
  for (let i = 0; i < 900; i++)
    addSale.run({ $person: 1 + random(2000), $amount: random(100000) / 100, $at: random(1e6), $note: 'n'.repeat(random(300)) });
  db.run(round % 5 === 2 ? 'rollback to inner; release inner' : 'release inner');
  db.run(round % 7 === 3 ? 'rollback' : 'commit');
}
addPerson.free();
addSale.free();
say('rows', all('select (select count(*) from person), (select count(*) from sale), (select count(*) from log)'));
for (const wrong of ['insert into person(name) values(null)', 'select * from nowhere', 'selec 1', "select json('{')"]) {
  try {
    db.run(wrong);
  } catch (error) {
    say('refused', String(error));
  }
}

// Joins, aggregates, windows, recursion
say('totals', all('select town, round(sum, 2), n from totals order by sum desc limit 5'));
say('windows', all(`select * from (select person, amount, rank() over w, round(sum(amount) over (w rows 5 preceding), 2),
  lag(amount, 2) over w, ntile(4) over w from sale window w as (partition by person order by amount, id)) where person % 97 = 0 limit 30`));
say('plan', all('explain query plan select * from sale where amount > 950 and person in (select id from person where born < 1910)'));
say('large', all('select count(*), max(length(note)) from sale where amount > 950'));
say('recursive', all(`with recursive tree(n, path) as (select 1, '1' union all select n * 2 + k, path || '/' || (n * 2 + k)
  from tree, (select 0 as k union select 1) where n < 200) select count(*), max(length(path)), group_concat(n % 7, '') from tree`));
say('sudoku', all(`with recursive input(sud) as (values('53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79')),
  digits(z, lp) as (values('1', 1) union all select cast(lp + 1 as text), lp + 1 from digits where lp < 9),
  x(s, ind) as (select sud, instr(sud, '.') from input union all
    select substr(s, 1, ind - 1) || z || substr(s, ind + 1), instr(substr(s, 1, ind - 1) || z || substr(s, ind + 1), '.')
    from x, digits as z where ind > 0 and not exists (select 1 from digits as lp
      where z.z = substr(s, ((ind - 1) / 9) * 9 + lp, 1) or z.z = substr(s, ((ind - 1) % 9) + (lp - 1) * 9 + 1, 1)
      or z.z = substr(s, (((ind - 1) / 3) % 3) * 3 + ((ind - 1) / 27) * 27 + lp + ((lp - 1) / 3) * 6, 1)))
  select s from x where ind = 0`));

// Full text
db.run('create virtual table doc using fts3(title, body, tokenize=porter)');
const words = 'memory shadow redzone quarantine stack heap frame running runner overflowing access table index'.split(' ');
const addDoc = db.prepare('insert into doc values(?, ?)');
db.run('begin');
for (let i = 0; i < 3000; i++)
  addDoc.run([`doc ${i}`, Array.from({ length: 20 + random(60) }, () => words[random(words.length)]).join(' ')]);
db.run('commit');
addDoc.free();
say('match', all(`select title, substr(snippet(doc, '[', ']', '...', 1, 8), 1, 60), length(offsets(doc)) from doc
  where doc match '"running shadow" NEAR/4 overflow* -table' limit 12`));
db.run("delete from doc where rowid % 3 = 0; update doc set body = body || ' extra' where rowid % 5 = 0; insert into doc(doc) values('optimize')");
say('match again', all("select count(*) from doc where doc match 'extra OR quarantine'"));

// JSON
db.run('create table json_rows(j text)');
for (let i = 0; i < 500; i++)
  db.run('insert into json_rows values(?)', [JSON.stringify({ id: i, tags: words.slice(i % 9), deep: { list: [i, [i, { k: 'ä€𝄞' }]] } })]);
say('json', all(`select json_extract(j, '$.deep.list[1][1].k'), json_array_length(j, '$.tags'), json_set(j, '$.new', json('[1,2]'))
  from json_rows where json_extract(j, '$.id') % 100 = 3`));
say('json_each', all("select value, count(*) from json_rows, json_each(j, '$.tags') group by value order by 1"));
say('json_tree', all("select count(*), sum(length(fullkey)) from json_rows, json_tree(j)"));
say('json_group', all("select length(json_group_object(json_extract(j, '$.id'), j)), hex(jsonb('{\"a\":[1,2.5,null]}')) from json_rows"));

// Blobs
db.run('create table files(name text primary key, content blob) without rowid');
for (let i = 0; i < 60; i++) {
  const bytes = new Uint8Array(random(60000)).map((_, k) => (k * i) & 255);
  db.run('insert into files values(?, ?)', [`f${i}`, bytes]);
}
db.run("update files set content = zeroblob(length(content)) where name like 'f1%'");
say('blobs', all("select count(*), sum(length(content)), hex(substr(content, 1000, 20)) from files where name < 'f5' order by name"));

// Functions of the host
db.create_function('reversed', (text) => [...text].reverse().join(''));
db.create_aggregate('longest', { init: () => '', step: (state, text) => (text.length > state.length ? text : state), finalize: (state) => state });
say('host', all('select reversed(name), longest(note) from person join sale on person = person.id where person.id < 40 group by person.id limit 5'));
say('numbers', all("select printf('%08.3f|%-10s|%x|%,d', 3.14159, 'ab', 255, 1234567), sqrt(2), 7 / 2, 7 % -3, 1e308 * 10, abs(-9223372036854775807)"));
say('dates', all("select date('2024-02-29', '+1 year'), strftime('%j %W %H:%M:%f', 1700000000.123, 'unixepoch'), julianday('2000-01-01')"));

// Deletion, vacuum, out and in again
db.run('delete from sale where at % 3 = 0; delete from person where id % 11 = 0; vacuum; analyze; reindex');
const exported = db.export();
db.close();
const again = new Database(exported);
say('export', [exported.length, again.exec('pragma integrity_check')[0].values, again.exec('select count(*), round(sum(amount)) from sale')[0].values]);
const statement = again.prepare('select * from person where id > ? and town = ? order by name desc');
statement.bind([100, 'town 3']);
let rows = 0;
while (statement.step()) rows += statement.getAsObject().name.length;
say('statement', [rows, statement.getColumnNames()]);
again.close();
