// wasan node app.js, wasan npx ..., wasan npm ...: a Node program with every wasm module it loads instrumented. No rebuild,
// no changed source: the hook travels in NODE_OPTIONS, so children and workers have it too.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, resolve } from 'node:path';
import { SanitizerError } from '../../host/errors.ts';
import { ownModule } from '../../own-files.ts';
import { type Command, type Flag, flagHelp, type Io, parseFlags } from '../command.ts';
import { INSTRUMENT_FLAGS, instrumentOptions } from '../instrument-flags.ts';
import { readText } from '../module-file.ts';
import { FailureNotes, NOTES_VARIABLE } from '../node/failures.ts';
import { isNodeFlag } from '../node/node-flags.ts';
import { DEFAULT_SETTINGS, SETTINGS_VARIABLE, type Settings } from '../node/settings.ts';

const FLAGS: readonly Flag[] = [
  ...INSTRUMENT_FLAGS,
  {
    name: '--include',
    value: 'glob',
    repeat: true,
    sentence: 'instrument only modules with a matching path, or loaded by a script with one ("**/sql.js/**")',
  },
  { name: '--exclude', value: 'glob', repeat: true, sentence: 'leave those alone' },
  {
    name: '--guard-js',
    sentence: "check what JavaScript reads and writes in the modules' memories, too (slow)",
  },
  {
    name: '--cache-dir',
    value: 'folder',
    sentence: `where instrumented modules are kept (${DEFAULT_SETTINGS.cacheFolder})`,
  },
  { name: '--cache-size', value: 'MiB', sentence: 'how large that folder may grow (1024); 0 turns the cache off' },
];

const MEBIBYTE = 1 << 20;

/** How each takes its own flags. */
const FOREIGN_FLAGS = {
  node: "Flags of node itself follow wasan's: wasan node --halt_on_error=0 --expose-gc app.js",
  npx: 'Flags of npx itself go behind --: wasan npx -- --flag ...',
  npm: 'Flags of npm itself go behind --: wasan npm -- --flag ...',
};
type Launcher = keyof typeof FOREIGN_FLAGS;

function launcher(name: Launcher, what: string): Command {
  return {
    name,
    summary: `run ${what} with every wasm module it loads instrumented`,
    usage: `wasan ${name} [flags] ...\n${FOREIGN_FLAGS[name]}\n\n${flagHelp(FLAGS)}\n\nSanitizer options: ASAN_OPTIONS=help=1 wasan run`,
    run: (args, io) => launch(name, args, io),
  };
}

export const nodeCommand = launcher('node', 'a JavaScript program');
export const npxCommand = launcher('npx', 'a package binary');
export const npmCommand = launcher('npm', 'an npm script');

function launch(name: Launcher, args: readonly string[], io: Io): Promise<number> {
  const { values, options, rest } = parseFlags(args, FLAGS, name === 'node' ? { isForeign: isNodeFlag } : {});
  if (rest.length === 0) throw new SanitizerError('E_USAGE', `wasan ${name} needs something to run`);
  const { mode = 'inline', mapping = 'flat', allocator = {}, stackPointer } = instrumentOptions(values);
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    mode,
    mapping,
    allocator,
    ...(stackPointer === undefined ? {} : { stackPointer }),
    glue: glueFile(values.get('--glue')?.[0]),
    include: values.get('--include') ?? [],
    exclude: values.get('--exclude') ?? [],
    guardJs: values.has('--guard-js'),
    cacheFolder: values.get('--cache-dir')?.[0] ?? DEFAULT_SETTINGS.cacheFolder,
    cacheBytes: cacheBytes(values.get('--cache-size')?.[0]),
    options,
  };
  const notes = new FailureNotes();
  const env = {
    ...io.env,
    [SETTINGS_VARIABLE]: JSON.stringify(settings),
    [NOTES_VARIABLE]: notes.folder,
    NODE_OPTIONS: [io.env.NODE_OPTIONS, `--import=${ownModule('cli/node/register')}`].filter(Boolean).join(' '),
    // npm and npx start "node" from the PATH: it must be one that knows multiple memories.
    PATH: [dirname(process.execPath), io.env.PATH].filter(Boolean).join(delimiter),
  };
  const child = spawn(name === 'node' ? process.execPath : name, rest, { stdio: 'inherit', env });
  const restore = leaveSignalsTo(child);
  return new Promise<number>((resolve, reject) => {
    child.on('error', (error) => reject(new SanitizerError('E_INPUT', `${name}: ${error.message}`)));
    child.on('exit', (code, signal) => {
      const own = code ?? 128 + (signal ? constants.signals[signal] : 0);
      const found = notes.close();
      resolve(found !== undefined && (own === 0 || signal === 'SIGKILL') ? found : own);
    });
  }).finally(restore);
}

/** The terminal sends Ctrl-C to both: what the program does about it is its own business. SIGTERM is handed on. */
function leaveSignalsTo(child: ChildProcess): () => void {
  const ignore = () => undefined;
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', ignore).on('SIGTERM', pass);
  return () => void process.off('SIGINT', ignore).off('SIGTERM', pass);
}

/** Its whole path, because programs change their folder. */
function glueFile(path: string | undefined): string | null {
  if (path === undefined) return null;
  readText(path); // says so now if it is not there
  return resolve(path);
}

function cacheBytes(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SETTINGS.cacheBytes;
  const mebibytes = Number(text);
  if (!Number.isInteger(mebibytes) || mebibytes < 0) {
    throw new SanitizerError('E_USAGE', `--cache-size takes a number of MiB, not "${text}"`);
  }
  return mebibytes * MEBIBYTE;
}
