#!/usr/bin/env node
// The command line: finds the subcommand, turns every refusal into one sentence with its code, and exits.

import module from 'node:module';
import { SanitizerError } from '../host/errors.ts';
import { InstrumentError } from '../instrument/errors.ts';
import type { Command, Io } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { toolVersion } from './version.ts';

/** In the order of the help. Only what is asked for is loaded: `wasan node` stands in front of every start of a program. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runWasiCommand,
  fuzz: async () => (await import('./commands/fuzz.ts')).fuzzCommand,
  instrument: async () => (await import('./commands/instrument.ts')).instrumentCommand,
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  vma: async () => (await import('./commands/vma.ts')).vmaCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  node: async () => (await import('./commands/node.ts')).nodeCommand,
  npx: async () => (await import('./commands/node.ts')).npxCommand,
  npm: async () => (await import('./commands/node.ts')).npmCommand,
};

const io: Io = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  terminalColumns: process.stderr.isTTY ? process.stderr.columns : undefined,
};

// What a command loads comes compiled from Node's own cache in the temporary folder.
module.enableCompileCache?.();
process.exitCode = await main(process.argv.slice(2));

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === 'help' && rest[0] !== undefined) return main([rest[0], '--help']); // as git and npm have it
  let command: Command | undefined;
  try {
    command = name !== undefined && Object.hasOwn(COMMANDS, name) ? await COMMANDS[name]!() : undefined;
    if (command && rest.some((a, i) => a === '--help' && !rest.slice(0, i).some((b) => !b.startsWith('-')))) {
      io.stdout(`${command.usage}\n`);
      return EXIT.CLEAN;
    }
    if (command) return await command.run(rest, io);
    if (name === undefined || name === '--help' || name === 'help') {
      io.stdout(await help());
      return name === undefined ? EXIT.USAGE : EXIT.CLEAN;
    }
    if (name === '--version') {
      io.stdout(`${toolVersion()}\n`);
      return EXIT.CLEAN;
    }
    throw new SanitizerError('E_USAGE', `there is no command "${name}"; wasan --help lists them`);
  } catch (error) {
    return refuse(error, command);
  }
}

function refuse(thrown: unknown, command: Command | undefined): number {
  const error = fromSystem(thrown) ? new SanitizerError('E_SYSTEM', thrown.message) : thrown;
  if (error instanceof SanitizerError || error instanceof InstrumentError) {
    io.stderr(`wasan: ${error.message} [${error.code}]\n`);
    return command?.refusalCode ?? EXIT.USAGE;
  }
  io.stderr(`wasan: this is a bug in wasan, please report it: ${(error as Error).stack ?? String(error)}\n`);
  return EXIT.INTERNAL;
}

/** A file too large for its limit, a device that breaks: nobody's bug. */
function fromSystem(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown;
}

async function help(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const lines = commands.map((c) => `  ${c.name.padEnd(12)} ${c.summary}`);
  return `wasan: AddressSanitizer for any WebAssembly module\n\nusage: wasan <command> [flags] ...\n\n${lines.join('\n')}\n\nwasan <command> --help explains a command.\n`;
}
