// Serves the files of one folder, and nothing else, over HTTP. The playground needs no more.

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { SanitizerError } from '../../host/errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** What a page may do: load its own files. The worker runs the user's modules and scripts, which may not reach the net. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; worker-src 'self'";
const WORKER_POLICY =
  "default-src 'none'; script-src 'self' blob: 'unsafe-eval' 'wasm-unsafe-eval'; connect-src 'none'";

export interface Serving {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves until closed. Port 0 takes any that is free. */
export async function serveFolder(folder: string, host: string, port: number): Promise<Serving> {
  const server = createServer((request, response) => {
    answer(folder, request, response).catch(() => response.destroy());
  });
  await listen(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${actual}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is in use; --port names another',
    EACCES: 'the port is not allowed; --port names another',
    EADDRNOTAVAIL: 'this machine does not have that address',
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new SanitizerError('E_OUTPUT', `${host}:${port}: ${reasons[error.code ?? ''] ?? error.message}`));
    });
    server.listen(port, host, () => resolve());
  });
}

/** Names of one part only: there is no way out of the folder. */
async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const name = path === '/' ? 'index.html' : path.slice(1);
  const type = TYPES[extname(name)];
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || !type || !/^[\w-]+\.\w+$/.test(name)) return refuse(response, isRead ? 404 : 405);
  const contents = await readFile(join(folder, name)).catch(() => undefined);
  if (!contents) return refuse(response, 404);
  response.writeHead(200, {
    'content-type': type,
    'content-length': contents.length,
    'cache-control': 'no-cache',
    'content-security-policy': name === 'worker.js' ? WORKER_POLICY : PAGE_POLICY,
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  });
  response.end(request.method === 'HEAD' ? undefined : contents);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(status === 404 ? 'There is no such file.\n' : 'Only GET.\n');
}
