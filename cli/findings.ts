// Where the findings of a run go: to the streams or a log as they happen, to SARIF and HTML files when the run is over.

import { readFileSync, writeFileSync } from 'node:fs';
import { SanitizerError } from '../host/errors.ts';
import { asanText, jsonText, kasanText, type LeakCheck, type Report, type Sanitizer } from '../host/index.ts';
import { type Options, styleOf } from '../host/options.ts';
import { htmlPage, pictureInput } from '../host/report/html.ts';
import { sarifText } from '../host/report/sarif.ts';
import { type Stats, statsJson, statsText } from '../host/report/stats.ts';
import { type LeakStyle, leakText, suppressedText } from '../host/report/text-leak.ts';
import type { Io } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { writeWhole } from './module-file.ts';
import { toolVersion } from './version.ts';

export class Findings {
  readonly reports: Report[] = [];
  private readonly options: Options;
  private readonly moduleName: string;
  private readonly style: LeakStyle;
  private readonly write: (text: string) => void;
  private readonly toStderr: (text: string) => void;
  private drawn: Sanitizer | undefined;
  private readonly passing = new Set<Report>();

  constructor(options: Options, io: Io, pid: number, moduleName: string) {
    const { log_path: log } = options;
    const toFile = log !== '' && log !== 'stderr' && log !== 'stdout';
    this.options = options;
    this.toStderr = io.stderr;
    this.moduleName = moduleName;
    this.style = styleOf(options, !toFile && io.terminalColumns !== undefined);
    this.write = toFile ? appendTo(logName(options, pid, moduleName)) : log === 'stdout' ? io.stdout : io.stderr;
  }

  /** Renders one finding now, unless the format is one document for all. */
  add(report: Report): void {
    this.reports.push(report);
    const { format } = this.options;
    if (format === 'sarif') return;
    if (format === 'json') this.write(`${jsonText(report)}\n`);
    else if (report.layout === 'leak') this.write(leakText(report, this.style));
    else this.write(format === 'kasan' ? kasanText(report, this.style) : asanText(report, this.style));
  }

  /** `isFinal`: they fail the run. A program may look for leaks and go on. */
  addLeaks({ report, suppressed }: LeakCheck, isFinal = true): void {
    if (report && !isFinal) this.passing.add(report);
    const text = this.options.format !== 'json' && this.options.format !== 'sarif';
    if (report) this.add(report);
    else if (text && this.options.print_suppressions) this.write(suppressedText(suppressed));
  }

  /** What the program wants printed; not among reports that a machine reads. */
  say(text: string): void {
    const { format } = this.options;
    if (format === 'json' || format === 'sarif') this.toStderr(text);
    else this.write(text);
  }

  stats(stats: Stats): void {
    this.write(this.options.format === 'json' ? statsJson(stats) : statsText(stats));
  }

  /** The program whose heap and areas the HTML page draws: the first that is named. */
  draw(sanitizer: Sanitizer): void {
    this.drawn ??= sanitizer;
  }

  /** Writes what holds all findings. Once, at the end, also of a run that found nothing. */
  close(): void {
    const { reports, moduleName, options } = this;
    if (options.format === 'sarif') this.write(sarifText({ reports, toolVersion: toolVersion() }));
    if (options.html === '') return;
    const program = pictureInput(this.drawn?.picture());
    const source = (file: string) => this.drawn?.source(file) ?? readSource(file);
    const about = { reports, moduleName, toolVersion: toolVersion(), source };
    writeWhole(options.html, htmlPage({ ...about, ...program }));
  }

  /** The exit code these findings stand for; undefined if the program's own counts. */
  get exitCode(): number | undefined {
    const { leak_exitcode: leakCode } = this.options;
    if (this.reports.some((r) => r.layout !== 'leak')) return failureCode(this.options);
    if (leakCode === 0 || this.reports.every((r) => this.passing.has(r))) return undefined;
    return this.options.abort_on_error ? EXIT.TRAP : leakCode;
  }
}

/** The exit code that findings other than leaks stand for. */
export function failureCode({ exitcode, abort_on_error: aborts }: Options): number {
  return aborts ? EXIT.TRAP : exitcode;
}

/** log_path, log_exe_name and log_suffix, put together as in compiler-rt. */
function logName(options: Options, pid: number, moduleName: string): string {
  const name = options.log_exe_name ? `.${moduleName}` : '';
  return `${options.log_path}${name}.${pid}${options.log_suffix}`;
}

function appendTo(path: string): (text: string) => void {
  return (text) => {
    try {
      writeFileSync(path, text, { flag: 'a' });
    } catch (error) {
      throw new SanitizerError('E_OUTPUT', `${path}: ${(error as Error).message}`);
    }
  };
}

/** Source text for excerpts: where debug information says it is, if it still is. */
export function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
