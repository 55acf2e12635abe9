// What `wasan node` was told, as one JSON text in the environment: child processes and workers read the same.

import { homedir } from 'node:os';
import { join } from 'node:path';

export const SETTINGS_VARIABLE = 'WASAN_SETTINGS';

export interface Settings {
  readonly mode: 'inline' | 'outline';
  readonly mapping: 'flat' | 'paged';
  readonly allocator: Readonly<Record<string, string>>;
  readonly stackPointer?: number;
  /** A file whose text names minified exports; null: the script that loads the module. */
  readonly glue: string | null;
  /** Globs of the modules to be instrumented, or of the scripts that load them; none: all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** What their relative globs are relative to. */
  readonly folder: string;
  /** Modules smaller than this many bytes are left alone: feature probes, thunks. */
  readonly minimumBytes: number;
  readonly cacheFolder: string;
  readonly cacheBytes: number;
  /** Check what JavaScript reads and writes in the modules' memories. */
  readonly guardJs: boolean;
  /** Sanitizer options given as flags. */
  readonly options: Readonly<Record<string, boolean | number | string>>;
}

export const DEFAULT_SETTINGS: Settings = {
  mode: 'inline',
  mapping: 'flat',
  allocator: {},
  glue: null,
  include: [],
  exclude: [],
  folder: process.cwd(),
  minimumBytes: 512,
  cacheFolder: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'wasan'),
  cacheBytes: 1 << 30,
  guardJs: false,
  options: {},
};

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const text = env[SETTINGS_VARIABLE];
  return text ? { ...DEFAULT_SETTINGS, ...(JSON.parse(text) as Partial<Settings>) } : DEFAULT_SETTINGS;
}
