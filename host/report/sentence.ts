// One line per finding and per place, for formats that have room for one: SARIF messages, the HTML list, test runners.

import type { Distance, Place } from './place.ts';
import type { Parameters, Report, ReportHead } from './report.ts';
import { asanAddress } from './style.ts';

/** "heap-buffer-overflow: WRITE of size 1 at 0x0001001a, 0 bytes after 10-byte block [..)". */
export function sentenceOf(report: Report): string {
  switch (report.layout) {
    case 'access':
    case 'segv': {
      const at = asanAddress(report.access.exactAddress, report);
      return join(
        `${report.title}: ${verbOf(report.access)} of size ${report.access.size} at ${at}`,
        report.place,
        report,
      );
    }
    case 'free':
      return join(`${report.title}: ${asanAddress(report.pointer, report)}`, report.place, report);
    case 'parameter':
      return `${report.title}: ${parametersSentence(report.parameters, report)}`;
    case 'leak': {
      const bytes = report.leaks.reduce((sum, leak) => sum + leak.bytes, 0);
      const objects = report.leaks.reduce((sum, leak) => sum + leak.objects.length, 0);
      return `${report.title}: ${bytes} bytes in ${objects} blocks`;
    }
  }
}

export function verbOf(access: { write: boolean }): string {
  return access.write ? 'WRITE' : 'READ';
}

/** Where an address lies, as part of a sentence; undefined if there is nothing to say. */
export function placeSentence(place: Place, head: ReportHead): string | undefined {
  const range = (begin: number, end: number): string => `[${asanAddress(begin, head)},${asanAddress(end, head)})`;
  switch (place.where) {
    case 'heap': {
      const adjective = place.freed ? 'freed ' : '';
      return `${measure(place.distance)} ${adjective}${place.size}-byte block ${range(place.begin, place.begin + place.size)}`;
    }
    case 'stack': {
      const variable = place.objects.find(({ mark }) => mark !== undefined);
      if (!place.frame) return 'in the stack';
      return `in the frame of ${place.frame.function}${variable ? `; ${variable.mark} variable '${variable.name}'` : ''}`;
    }
    case 'global': {
      const nearest = place.globals[0];
      return nearest && `${measure(nearest.distance)} ${nearest.size}-byte global '${nearest.name}'`;
    }
    case 'mapping': {
      const state = place.mapping.mapped ? place.mapping.flags : 'unmapped';
      return `${measure(place.distance)} ${state} mapping ${range(place.mapping.begin, place.mapping.end)}`;
    }
    case 'null':
      return `${place.offset} bytes past a null pointer`;
    case 'beyond':
      return place.end === undefined
        ? 'past the end of memory'
        : `past the end of memory, ${asanAddress(place.end, head)}`;
    case 'unknown':
      return undefined;
  }
}

export function parametersSentence(given: Parameters, head: ReportHead): string {
  const range = ([begin, end]: readonly [number, number]): string =>
    `[${asanAddress(begin, head)},${asanAddress(end, head)})`;
  switch (given.what) {
    case 'product':
      return `${given.function}(${given.count}, ${given.size}) does not fit into a size`;
    case 'too-big':
      return `${given.size} bytes were requested, the limit is ${given.limit}`;
    case 'alignment':
      return `the alignment ${given.alignment} is not a power of two`;
    case 'out-of-memory':
      return `${given.size} bytes were requested and there is no memory for them`;
    case 'negative-size':
      return `the size is ${given.size}`;
    case 'overlap':
      return `${range(given.first)} and ${range(given.second)} overlap in ${given.function}`;
    case 'usable-size':
      return `${asanAddress(given.pointer, head)} is not a heap block`;
    case 'indirect-call':
      return `table index ${given.index}`;
    case 'double-ended':
      return `container ${range([given.begin, given.end])}, from ${given.from} to ${given.to}`;
    case 'container':
      return `container ${range([given.begin, given.end])}, middle ${given.from} to ${given.to}`;
  }
}

function measure({ bytes, relation }: Distance): string {
  return `${bytes} bytes ${relation}`;
}

function join(text: string, place: Place, head: ReportHead): string {
  const where = placeSentence(place, head);
  return where === undefined ? text : `${text}, ${where}`;
}
