// Whether tests can install packages.
import { execFileSync } from 'node:child_process';

/** Says so where it cannot be. */
export function isRegistryReachable(): boolean {
  try {
    execFileSync('npm', ['view', 'sql.js@1.16.0', 'version'], { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    console.log('the npm registry cannot be reached: packages are not tried');
    return false;
  }
}
