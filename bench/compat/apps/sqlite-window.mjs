// CVE-2020-13871: window functions in a HAVING are rewritten too late, and what was freed by then is used to generate code.
import { sqlite } from './sqlite.mjs';

export const load = () =>
  sqlite(`CREATE TABLE a(b);
    SELECT (SELECT b FROM a GROUP BY b HAVING (NULL AND b IN ((SELECT COUNT() OVER (ORDER BY b) = lead(b) OVER (ORDER BY 3.1 *
      SUM(DISTINCT CASE WHEN b LIKE 'SM PACK' THEN b * b ELSE 0 END) / b))))) FROM a EXCEPT SELECT b FROM a ORDER BY b, b, b`);
