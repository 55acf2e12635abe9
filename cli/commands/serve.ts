// wasan serve: the playground, on this machine alone unless told otherwise. Runs until interrupted.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SanitizerError } from '../../host/errors.ts';
import { ownFile } from '../../own-files.ts';
import { type Command, type Flag, flagHelp, parseFlags } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { serveFolder } from '../serve/server.ts';

const DEFAULT_PORT = 8337;
const LOCAL = '127.0.0.1';

const FLAGS: readonly Flag[] = [
  { name: '--port', value: 'number', sentence: `where to listen (${DEFAULT_PORT}); 0 takes any free port` },
  { name: '--host', value: 'address', sentence: `on which address (${LOCAL}: only this machine can reach it)` },
];

export const serveCommand: Command = {
  name: 'serve',
  summary: 'the playground: drop a module into a page and see its findings',
  usage: `wasan serve [flags]\n\n${flagHelp(FLAGS)}`,
  run: async (args, io) => {
    const { values, rest } = parseFlags(args, FLAGS);
    if (rest.length > 0) throw new SanitizerError('E_USAGE', `wasan serve takes no file, not "${rest[0]}"`);
    const serving = await serveFolder(
      playground(),
      values.get('--host')?.[0] ?? LOCAL,
      portOf(values.get('--port')?.[0]),
    );
    io.stdout(`wasan: the playground is at ${serving.url} (end with Ctrl-C)\n`);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await serving.close();
    return EXIT.CLEAN;
  },
};

function portOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new SanitizerError('E_USAGE', `--port is a number, not "${text}"`);
  return port;
}

function playground(): string {
  const folder = fileURLToPath(ownFile('dist/playground/'));
  if (existsSync(`${folder}worker.js`)) return folder;
  throw new SanitizerError('E_INPUT', 'the playground is not built; `npm run build` does it');
}
