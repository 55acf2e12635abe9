// CVE-2020-13434: sqlite3_str_vappendf adds to a precision near the largest integer, and writes digits in front of its buffer.
import { sqlite } from './sqlite.mjs';

export const load = () => sqlite("SELECT printf('%.*g', 2147483647, 0.01)");
