// What can go wrong around a program before or after it runs: one stable code and one clear sentence each.
// The instrumenter has a table of its own; both error classes have the same shape {code, detail, message}.

/** Codes of everything the host refuses, with the sentence a user reads. `%s` is replaced by the detail. */
export const HOST_ERRORS = {
  E_INPUT: 'cannot read the input: %s',
  E_OUTPUT: 'cannot write the output: %s',
  E_USAGE: 'wrong usage: %s',
  E_UNKNOWN_OPTION: 'unknown option %s',
  E_OPTION_VALUE: 'bad value for option %s',
  E_SUPPRESSIONS: 'bad line in a suppression or ignore list: %s',
  E_NOT_INSTRUMENTED: 'the module was not instrumented by wasan: %s',
  E_RUNTIME_VERSION: 'the module was instrumented by another version of wasan: %s',
  E_NO_REPORT: 'the memory of the runtime holds no report%s',
  E_NO_ENTRY: 'the module has no entry point: %s',
  E_BOUNDARY: 'bad table of host functions: %s',
  E_NO_MEMORY_ACCESS: 'the module exports no memory that could be searched for leaks%s',
  E_ENGINE: 'the engine lacks what this takes: %s',
  E_SYSTEM: 'the system refuses: %s',
  E_MEMORY_LIMIT: 'the engine cannot give the program its memory: %s',
} as const;

export type HostErrorCode = keyof typeof HOST_ERRORS;

/** A refusal: `code` is stable, `detail` is the variable part of the sentence. */
export class SanitizerError extends Error {
  readonly code: HostErrorCode;
  readonly detail: string;

  constructor(code: HostErrorCode, detail = '') {
    super(HOST_ERRORS[code].replace('%s', () => detail));
    this.name = 'SanitizerError';
    this.code = code;
    this.detail = detail;
  }
}
