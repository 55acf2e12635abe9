// The engine's own call stack, as far as it names wasm code: V8 (Node, Chrome), SpiderMonkey and JavaScriptCore write
// wasm frames differently; frames of JavaScript are kept as text.

/** One frame: a wasm frame has `functionIndex` (and mostly `offset`, in the file the engine compiled); others are JS. */
export interface EngineFrame {
  readonly functionIndex?: number;
  readonly offset?: number;
  readonly text?: string;
  /** Of a wasm frame, where the engine knows one. */
  readonly name?: string;
}

const DEPTH = 128;
const WASM = /wasm-function\[(\d+)\](?::(0x[0-9a-f]+))?/;
/** V8's and SpiderMonkey's: `at name (wasm://...` and `name@http://...:wasm-function[...`. */
const NAMED = /^\s*(?:at )?(\S+?)(?: \(|@)/;
const JAVASCRIPT = /^\s*at (.*)$/;

/** What V8 lets a program change of its stacks. */
interface StackTraceSettings {
  stackTraceLimit?: number;
  prepareStackTrace?: unknown;
}

/** The current stack as the engine writes it, deeper than it does by itself, and not as the program (Jest) rewrites it. */
export function stackText(): string {
  const settings = Error as StackTraceSettings;
  const { prepareStackTrace } = settings;
  if (prepareStackTrace !== undefined) settings.prepareStackTrace = undefined;
  const { stack } = withDeepStacks(() => new Error());
  if (prepareStackTrace !== undefined) settings.prepareStackTrace = prepareStackTrace;
  return stack ?? '';
}

/** What the engine throws meanwhile, a trap for one, tells of as deep a stack. */
export function withDeepStacks<T>(act: () => T): T {
  const settings = Error as StackTraceSettings;
  const { stackTraceLimit } = settings;
  settings.stackTraceLimit = DEPTH;
  try {
    return act();
  } finally {
    if (stackTraceLimit !== undefined) settings.stackTraceLimit = stackTraceLimit;
  }
}

/** The library function whose check is running: the outermost of the runtime's that is named after one, for checks call others. */
export function checkedRole(stack: readonly EngineFrame[]): string | undefined {
  const check = /^__wasan\.libc_(\w+)$/;
  const name = stack.findLast((f) => f.name !== undefined && check.test(f.name))?.name;
  return name && check.exec(name)![1];
}

/** Captures the current stack, innermost first. */
export function captureStack(): EngineFrame[] {
  return parseStack(stackText()).filter((f) => f.functionIndex !== undefined || !isOwn(f.text ?? ''));
}

/** Parses an Error's stack text. */
export function parseStack(stack: string): EngineFrame[] {
  const frames: EngineFrame[] = [];
  for (const line of stack.split('\n')) {
    const wasm = WASM.exec(line);
    if (wasm) {
      const functionIndex = Number(wasm[1]);
      const name = NAMED.exec(line)?.[1];
      frames.push({ functionIndex, ...(wasm[2] && { offset: Number(wasm[2]) }), ...(name && { name }) });
      continue;
    }
    const script = JAVASCRIPT.exec(line) ?? /^(.*@.*)$/.exec(line);
    if (script) frames.push({ text: script[1]! });
  }
  return frames;
}

/** Frames of wasan's host, in the package one file (cli/build.mts), and of Node's insides say nothing about the program. */
function isOwn(text: string): boolean {
  return /\bnode:|[\\/](host[\\/](boundary|sanitizer|engine-stack|load|run|guard(-\w+)?)|core-host-library)\.[jt]s/.test(
    text,
  );
}
