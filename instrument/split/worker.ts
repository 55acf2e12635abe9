// A thread of a team: reads the module, waits for the facts, and writes chunks until nobody has one left to begin.

import { parentPort, workerData } from 'node:worker_threads';
import { parseModule } from '../wasm/module.ts';
import { Board } from './board.ts';
import { ChunkWriter, type WrittenChunk } from './chunk-writer.ts';
import type { WorkerBrief, WorkerInput, WorkerResult } from './node-team.ts';

const { bytes, board: memory } = workerData as WorkerInput;
const module = parseModule(bytes);
const board = new Board(module, memory);

parentPort!.once('message', ({ brief, port }: WorkerBrief) => {
  const writer = new ChunkWriter(module, board.cuts, brief);
  for (let chunk = board.claim(); chunk >= 0; chunk = board.claim()) {
    try {
      const { site, frame } = board.guess(chunk);
      const written = writer.write(chunk, site, frame);
      const result: WorkerResult = { chunk, written };
      port.postMessage(result, buffersOf(written));
      board.finish(chunk, written);
    } catch {
      board.fail(chunk); // whoever started this thread meets the same error, and can report it
    }
  }
});

/** Moved, not copied. */
function buffersOf({ code, sitePlaces, framePlaces, sites, hints }: WrittenChunk): ArrayBuffer[] {
  return [code, sitePlaces, framePlaces, sites.entries, hints.entries].map((part) => part.buffer as ArrayBuffer);
}
