import { loadModule, parse } from 'libpg-query';

const QUERY = 'with a as (select * from t join u using (id) where x in (1, 2)) select count(*) over (partition by b) from a';

export async function load() {
  await loadModule();
  return async () => {
    const wrong = await parse('select from where').catch((error) => error.message);
    return `${JSON.stringify(await parse(QUERY))} ${wrong}`;
  };
}
