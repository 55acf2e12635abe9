// Compiles C and C++ with clang for WASI: by the process that vitest started for it (build-once.ts), or in this one. Results are
// kept by content under node_modules/.cache, so that a test compiles only what changed; workers running at once see whole
// files only.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type CompileOptions, clang } from './clang.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/wasan/', import.meta.url));

/** The environment variable with the port of clang-server.ts. */
export const CLANG_PORT = 'WASAN_TEST_CLANG_PORT';

/** What clang makes of one source file: a WASI command unless the flags say otherwise. */
export async function compileC(options: CompileOptions): Promise<Uint8Array> {
  const path = `${CACHE}${keyOf(options)}.wasm`;
  if (existsSync(path)) return new Uint8Array(readFileSync(path));
  const port = process.env[CLANG_PORT];
  const module = await (port === undefined ? clang(options) : compileElsewhere(port, options));
  mkdirSync(CACHE, { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, module);
  renameSync(draft, path);
  return module;
}

/** Not with fetch, which gives up after five minutes: on a busy machine a library waits longer for its turn. */
function compileElsewhere(port: string, options: CompileOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST' }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      const bytes = Buffer.concat(parts);
      if (answer.statusCode === 200) resolve(new Uint8Array(bytes));
      else reject(new Error(bytes.toString()));
    });
    sent.on('error', reject).end(JSON.stringify(options));
  });
}

function keyOf(options: CompileOptions): string {
  const { file, source, flags, headers = {} } = options;
  const text = JSON.stringify([compilerVersion(), file, source, flags, headers]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Read from its package: the compiler has no version to ask for without loading its 75 MB. */
function compilerVersion(): string {
  const file = new URL('../../node_modules/@yowasp/clang/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
