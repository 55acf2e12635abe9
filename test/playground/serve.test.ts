// wasan serve: files of one folder, to this machine alone; what is wrong with the command line is said in one sentence.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Serving, serveFolder } from '../../cli/serve/server.ts';
import { splitArguments } from '../../playground/arguments.ts';
import { parseCall } from '../../playground/call-export.ts';
import { wasan } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasan-serve-'));
let serving: Serving;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), '<p>here');
  writeFileSync(join(folder, 'worker.js'), '1');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  serving = await serveFolder(folder, '127.0.0.1', 0);
});

afterAll(async () => {
  await serving.close();
  rmSync(folder, { recursive: true });
});

/** A path as it stands: `fetch` would tidy it up first. */
function statusOf(path: string, method = 'GET'): Promise<number> {
  const { hostname, port } = new URL(serving.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('serves its files with a policy, and nothing else', async () => {
  const page = await fetch(serving.url);
  expect(await page.text()).toBe('<p>here');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const worker = await fetch(`${serving.url}worker.js`);
  expect(worker.headers.get('content-security-policy')).toContain("connect-src 'none'");
  for (const path of [
    '/secret.txt',
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/a/index.html',
    '/.index.html',
    '/x.js',
  ]) {
    expect(`${path} ${await statusOf(path)}`).toBe(`${path} 404`);
  }
  expect(await statusOf('/', 'POST')).toBe(405);
  expect(await statusOf('/', 'HEAD')).toBe(200);
});

test('is not reachable from other machines', async () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((i) => i && !i.internal && i.family === 'IPv4');
  if (!outside) return;
  await expect(fetch(`http://${outside.address}:${new URL(serving.url).port}/`)).rejects.toThrow();
});

test('says what is wrong with the command line', async () => {
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const { port } = busy.address() as AddressInfo;
  for (const [args, sentence] of [
    [['--port', 'http'], '--port is a number, not "http" [E_USAGE]'],
    [['--port', '70000'], '--port is a number, not "70000" [E_USAGE]'],
    [['app.wasm'], 'wasan serve takes no file, not "app.wasm" [E_USAGE]'],
  ] as const) {
    const { status, stderr } = wasan(['serve', ...args]);
    expect(stderr).toContain(sentence);
    expect(status).toBe(2);
  }
  await expect(serveFolder(folder, '127.0.0.1', port)).rejects.toThrow(/the port is in use; --port names another/);
  busy.close();
});

test('calls and arguments are read as written', () => {
  expect(splitArguments(`one "two three" 'it' a"b c"d`)).toEqual(['one', 'two three', 'it', 'ab cd']);
  expect(parseCall(' run( 1, -2, 3n ) ', ['run'])).toEqual({ name: 'run', args: [1, -2, 3n] });
  expect(parseCall('', ['only'])).toEqual({ name: 'only', args: [] });
  expect(parseCall('', ['a', 'main'])).toEqual({ name: 'main', args: [] });
  expect(() => parseCall('', ['a', 'b'])).toThrow('say which function to call: a, b');
  expect(() => parseCall('a(x)', ['a'])).toThrow('"x" is not a number');
  expect(() => parseCall('a(', ['a'])).toThrow('is not a call');
});
