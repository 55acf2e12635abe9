// What a program asks through the sanitizer interface that only the host can answer (ASK_* of abi.ts): names and offsets, the
// text of a report, a search for leaks; and what it wants printed. Answers go to the runtime's memory.

import * as abi from '../runtime/abi.ts';
import { describeAddress, type ReportContext } from './report/describe.ts';
import { factsAbout } from './report/facts.ts';
import { formatFrame, formatGlobal } from './report/frame-format.ts';
import { kindOf } from './report/kinds.ts';
import { openImage, schemeOf } from './report/memory-image.ts';
import type { GlobalDescription, Place, StackFrame } from './report/place.ts';
import type { Report, ReportHead } from './report/report.ts';
import { readStats, statsText } from './report/stats.ts';
import { asanStack, PLAIN_STYLE } from './report/style.ts';
import { asanText, placeText } from './report/text-asan.ts';

/** What is known about the program and the moment. */
export interface QuestionContext {
  readonly memory1: Uint8Array;
  readonly report: ReportContext;
  /** The finding that is being told. */
  readonly told: Report | undefined;
  /** The program's stack, innermost first. */
  stack(): readonly StackFrame[];
  framesAt(offset: number): readonly StackFrame[];
  offsetOf(site: number): number | undefined;
  globalAt(address: number): GlobalDescription | undefined;
  /** LEAKS_* flags; `goesOn`: whatever is found, the program is not stopped. */
  searchLeaks(goesOn: boolean): number;
  print(text: string): void;
}

/** Kinds of place as __asan_locate_address names them. */
const PLACES: Readonly<Record<number, string>> = {
  [abi.WORD_HEAP]: 'heap',
  [abi.WORD_STACK]: 'stack',
  [abi.WORD_GLOBAL]: 'global',
  [abi.WORD_ELSEWHERE]: 'heap-invalid',
};

/** Answers the question in the runtime's memory; false if there is none. */
export function answerQuestion(context: QuestionContext): boolean {
  const view = viewOf(context.memory1);
  const what = view.getUint32(abi.ASK, true);
  if (what === 0) return false;
  const first = Number(view.getBigUint64(abi.ASK_FIRST, true));
  const text = textAnswer(what, first, context);
  const numbers = text === undefined ? numberAnswer(what, first, context) : [writeText(context.memory1, text)];
  const fields = [abi.ASK_ANSWER, abi.ASK_ANSWER1, abi.ASK_ANSWER2];
  numbers.forEach((value, i) => view.setBigUint64(fields[i]!, BigInt(value), true));
  return true;
}

/** What is answered in words; undefined for other questions. */
function textAnswer(what: number, first: number, context: QuestionContext): string | undefined {
  const head = headOf(context);
  const format = () => readText(context.memory1);
  switch (what) {
    case abi.ASK_FRAMES:
      return context
        .framesAt(first)
        .map((frame, i) => formatFrame(format(), frame, i, head))
        .join('\0');
    case abi.ASK_GLOBAL: {
      const found = context.globalAt(first);
      return found ? formatGlobal(format(), found, head) : '';
    }
    case abi.ASK_WORD:
      return first === abi.WORD_NOTHING ? '' : (PLACES[first] ?? kindOf(first)[head.scheme]);
    case abi.ASK_MODULE:
      return head.moduleName;
    case abi.ASK_REPORT:
      return context.told ? asanText(context.told, PLAIN_STYLE) : '';
    default:
      return undefined;
  }
}

/** The others: up to three numbers. */
function numberAnswer(what: number, first: number, context: QuestionContext): readonly number[] {
  const head = headOf(context);
  const print = (text: string): readonly number[] => {
    context.print(text);
    return [];
  };
  switch (what) {
    case abi.ASK_LEAKS:
      return [context.searchLeaks(first === 1)];
    case abi.ASK_DESCRIBE:
      return print(placeText(placeOf(first, context), head, PLAIN_STYLE));
    case abi.ASK_PRINT_STACK:
      return print(`${asanStack(context.stack(), head, PLAIN_STYLE).join('\n')}\n`);
    case abi.ASK_PRINT_STATS:
      return print(statsText(readStats({ memory1: context.memory1 })));
    case abi.ASK_PRINT:
      return print(`${readText(context.memory1)}\n`);
    case abi.ASK_PLACE:
      return located(placeOf(first, context), context.memory1);
    case abi.ASK_OFFSET:
      return [context.offsetOf(first) ?? 0];
    default:
      return []; // of a newer runtime
  }
}

function placeOf(address: number, { memory1, report }: QuestionContext): Place {
  return describeAddress(factsAbout({ memory1 }, address), report);
}

/** The kind of place, where the object begins and its size; its name is the text. */
function located(place: Place, memory1: Uint8Array): readonly number[] {
  const object = (word: number, name: string, begin: number, size: number) => {
    writeText(memory1, name);
    return [word, begin, size];
  };
  switch (place.where) {
    case 'heap':
      return object(abi.WORD_HEAP, '', place.begin, place.size);
    case 'global': {
      const { name, begin, size } = place.globals[0]!;
      return object(abi.WORD_GLOBAL, name, begin, size);
    }
    case 'stack': {
      const variable = place.objects.find((o) => place.offset! >= o.begin && place.offset! < o.begin + o.size);
      if (!variable) return object(abi.WORD_STACK, '', place.address, 0);
      return object(abi.WORD_STACK, variable.name, place.address - place.offset! + variable.begin, variable.size);
    }
    default:
      return object(abi.WORD_ELSEWHERE, '', 0, 0);
  }
}

function headOf({ memory1, report }: QuestionContext): ReportHead {
  const image = openImage(memory1);
  const pointerBytes = viewOf(memory1).getUint32(abi.HEADER_PROGRAM_POINTER, true) === 8 ? 8 : 4;
  const { pid, moduleName } = report;
  const scheme = schemeOf(image);
  return {
    serial: 0,
    name: '',
    title: '',
    scheme,
    pointerBytes,
    halting: false,
    pid,
    moduleName,
    thread: 'T0',
    stack: [],
  };
}

// ------------------------------------------------------------------------------------------------ text

function readText(memory1: Uint8Array): string {
  const from = viewOf(memory1).getUint32(abi.ASK_TEXT, true);
  const room = memory1.slice(from, from + abi.ASK_TEXT_BYTES); // a copy: decoders refuse shared memory
  return new TextDecoder().decode(room.subarray(0, room.indexOf(0)));
}

/** As much of it as there is room for, and a 0; answers the bytes of it. */
function writeText(memory1: Uint8Array, text: string): number {
  const at = viewOf(memory1).getUint32(abi.ASK_TEXT, true);
  const bytes = new TextEncoder().encode(text).subarray(0, abi.ASK_TEXT_BYTES - 1);
  memory1.set(bytes, at);
  memory1[at + bytes.length] = 0;
  return bytes.length;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
