// A process that compiles for all test files of a run, so that the engine compiles and optimises clang itself only once.
// Answers a POST of CompileOptions with the module, or with status 500 and what clang said. Sends its port when it listens.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type CompileOptions, clang } from './clang.ts';

const server = createServer(async (request, response) => {
  response.shouldKeepAlive = false; // a connection kept open could close just as the next request is sent on it
  try {
    const module = await clang(JSON.parse((await buffer(request)).toString('utf8')) as CompileOptions);
    response.end(module);
  } catch (error) {
    response.writeHead(500).end((error as Error).message);
  }
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
