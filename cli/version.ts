// Which wasan this is: in SARIF files and in every cache key, since another version instruments differently.

import { readFileSync } from 'node:fs';

/** Of package.json, which lies one folder up from the sources in a checkout and two up from the compiled ones. */
export function toolVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // Not there: the next place.
    }
  }
  return '0.0.0';
}
