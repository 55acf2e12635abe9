// What a subcommand is, and how its flags are read: `--name=value`, `--name value`, `-o value`; the first word that is not
// a flag ends them, so that what follows belongs to the program.

import { SanitizerError } from '../host/errors.ts';
import { OPTIONS } from '../host/option-table.ts';
import { type OptionValues, parseFlag, unknownOption } from '../host/options.ts';

export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Columns of the terminal behind stderr; undefined if it is none. */
  readonly terminalColumns: number | undefined;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  /** Exit code of a refusal, where it is not the one of all commands. */
  readonly refusalCode?: number;
  /** Resolves to the exit code. */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** A flag of a command: whether it takes a value, and the sentence `--help` prints. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
  readonly repeat?: boolean;
  readonly sentence: string;
}

export interface ParsedFlags {
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Options of the sanitizer given as flags: `--halt_on_error=0`. */
  readonly options: OptionValues;
  readonly rest: readonly string[];
}

export interface FlagSyntax {
  /** Flags may follow positional words. */
  readonly interleaved?: boolean;
  /** A flag of the program that is started: it and what follows belong to that. */
  readonly isForeign?: (name: string) => boolean;
}

/** Splits a command line. `known` are the command's flags; any other must be a row of the options table, or foreign. */
export function parseFlags(args: readonly string[], known: readonly Flag[], syntax: FlagSyntax = {}): ParsedFlags {
  const values = new Map<string, string[]>();
  const options: OptionValues = {};
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      if (syntax.interleaved) continue;
      rest.push(...args.slice(i + 1));
      break;
    }
    const [name, inline] = splitFlag(arg);
    const flag = known.find((f) => f.name === name);
    if (!flag) {
      const option = parseFlag(arg);
      if (!option && syntax.isForeign?.(name)) {
        rest.push(...args.slice(i));
        break;
      }
      Object.assign(options, option ?? refuse(name, known));
      continue;
    }
    const value = flag.value === undefined ? (inline ?? '1') : (inline ?? args[++i]);
    if (value === undefined) throw new SanitizerError('E_USAGE', `${name} needs a value (${flag.value})`);
    const list = values.get(name) ?? [];
    if (list.length > 0 && !flag.repeat) throw new SanitizerError('E_USAGE', `${name} is given twice`);
    values.set(name, [...list, value]);
  }
  return { values, options, rest };
}

function refuse(name: string, known: readonly Flag[]): never {
  const names = [...known.map((f) => f.name), ...OPTIONS.map((row) => `--${row.name}`)];
  throw new SanitizerError('E_UNKNOWN_OPTION', unknownOption(name, names));
}

function splitFlag(arg: string): [string, string | undefined] {
  const at = arg.indexOf('=');
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
}

/** Lines of `--help` for a command's flags. */
export function flagHelp(flags: readonly Flag[]): string {
  const heads = flags.map((f) => `${f.name}${f.value ? `=${f.value}` : ''}`);
  const width = Math.max(...heads.map((h) => h.length));
  return flags.map((f, i) => `  ${heads[i]!.padEnd(width)}  ${f.sentence}`).join('\n');
}
