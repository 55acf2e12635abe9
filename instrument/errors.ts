// What can be wrong with an input: one stable code and one clear sentence each. Nothing here is thrown for our own bugs.

/** Codes of everything the instrumenter refuses, with the sentence a user reads. `%s` is replaced by the detail. */
export const INSTRUMENT_ERRORS = {
  E_NOT_WASM: 'this is not a WebAssembly binary: %s',
  E_TRUNCATED: 'the WebAssembly binary ends early: %s',
  E_WASM_VERSION: 'this WebAssembly binary has version %s; only version 1 is supported',
  E_COMPONENT: 'this is a WebAssembly component, not a core module: instrument the core modules inside it (%s)',
  E_INVALID_WASM: 'this WebAssembly binary is malformed: %s',
  E_UNSUPPORTED: 'the module uses a feature that wasan does not support: %s',
  E_NO_MEMORY: 'the module has no linear memory, so there is nothing to check%s',
  E_SHARED_MEMORY: 'the module has a shared memory; pass --threads to instrument it for one instance per worker%s',
  E_NAME_CLASH: 'the module already defines %s: it was built with a sanitizer, or its names clash with the runtime',
  E_INTERFACE: 'a function of the sanitizer interface has another type here: %s',
  E_ALREADY_INSTRUMENTED: 'the module is already instrumented by wasan%s',
  E_NO_ALLOCATOR: 'the allocator named on the command line is not in the module: %s',
  E_ALLOCATOR_SIGNATURE: 'a function named as an allocator has the wrong type: %s',
  E_STACK_POINTER: 'what was named as the stack pointer is no mutable global of pointer size: %s',
  E_LIMIT: 'the instrumented module would exceed a limit of WebAssembly engines: %s',
} as const;

export type InstrumentErrorCode = keyof typeof INSTRUMENT_ERRORS;

/** A refusal: `code` is stable, `detail` is the variable part of the sentence. */
export class InstrumentError extends Error {
  readonly code: InstrumentErrorCode;
  readonly detail: string;

  constructor(code: InstrumentErrorCode, detail = '') {
    super(INSTRUMENT_ERRORS[code].replace('%s', detail));
    this.name = 'InstrumentError';
    this.code = code;
    this.detail = detail;
  }
}
