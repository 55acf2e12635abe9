// What the page and its worker tell each other. Everything is plain data, so that it can be posted.

import type { Report } from '../host/index.ts';
import type { ProgramPicture } from '../host/report/program-picture.ts';

/** From the page: one job per worker. */
export interface Job {
  readonly name: string;
  readonly module: Uint8Array;
  /** The module's own JavaScript, which loads it. */
  readonly glue?: { readonly name: string; readonly text: string };
  readonly args: readonly string[];
  readonly stdin: string;
  /** "name" or "name(1, 2)": an export to call, in a module that is no command. */
  readonly call: string;
  readonly halt: boolean;
  readonly leaks: boolean;
}

/** From the worker. */
export type News =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'output'; readonly stream: 'out' | 'error'; readonly text: string }
  | { readonly kind: 'finding'; readonly report: Report; readonly sources: Sources }
  | { readonly kind: 'end'; readonly text: string; readonly picture?: ProgramPicture }
  | { readonly kind: 'refused'; readonly text: string };

/** Source texts by the name that reports give the files. */
export type Sources = Readonly<Record<string, string>>;
