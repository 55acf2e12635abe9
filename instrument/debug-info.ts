// What the instrumenter may know from debug information. The reader lives in host/symbols; it is handed in, because
// instrument/ and host/ do not import each other, and a module without debug information needs none of it.

export interface DebugVariable {
  readonly name: string;
  /** Bytes from the frame base (stack variables) or program address (globals). */
  readonly offset: number;
  readonly size: number;
  /** As the source spells it: "char[10]". */
  readonly type?: string;
  /** May be larger than `size`: it ends in a flexible array, or its compiler does not describe all of its storage. */
  readonly open?: boolean;
  /** A whole data segment, not a variable: optimisers drop the zeros at its end, so what lies behind it may be its own. */
  readonly segment?: boolean;
  /** Where the object begins of which it is a part (of C++: a structured binding), as `offset` counts. */
  readonly partOf?: number;
  /** File offsets [start, end) of the lexical blocks the variable lives in; absent = the whole function. */
  readonly scope?: readonly { readonly start: number; readonly end: number }[];
}

export interface DebugFrame {
  /** Where the frame base is held. */
  readonly frameBase: { readonly kind: 'local' | 'global' | 'stack'; readonly index: number } | undefined;
  readonly variables: readonly DebugVariable[];
  readonly compiler: 'clang' | 'rustc' | 'other';
}

/** host/symbols' Symbolizer fits this shape. */
export interface DebugInfo {
  stackFrame(functionIndex: number): DebugFrame | undefined;
  globals(): readonly DebugVariable[];
}
