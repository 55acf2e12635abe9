// An application that knows nothing of wasan: SQL through sql.js, loaded as CommonJS.
import { createRequire } from 'node:module';

const init = createRequire(import.meta.url)('sql.js');
const { Database } = await init();
console.log(JSON.stringify(new Database().exec('select 6 * 7 as answer')));
