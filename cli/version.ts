// Which wasan this is: in SARIF files and in every cache key, since another version instruments differently.

import { readFileSync } from 'node:fs';
import { ownFile } from '../own-files.ts';

export function toolVersion(): string {
  return (JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string }).version;
}
