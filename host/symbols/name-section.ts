// The names a module carries for its functions, locals, globals and data segments in the custom section "name".

import { ByteReader, MalformedError } from './byte-reader.ts';

const SUBSECTION = { function: 1, local: 2, global: 7, data: 9 };

type Names = Map<number, string>;

export interface NameSection {
  functions: Names;
  /** Function index -> local index -> name. */
  locals: Map<number, Names>;
  globals: Names;
  dataSegments: Names;
}

/** What can be read before the first damaged byte is kept. */
export function readNameSection(payload: Uint8Array | undefined): NameSection {
  const names: NameSection = { functions: new Map(), locals: new Map(), globals: new Map(), dataSegments: new Map() };
  if (!payload) return names;
  const reader = new ByteReader(payload);
  try {
    while (!reader.atEnd) {
      const id = reader.u8();
      const inner = new ByteReader(reader.take(reader.uleb()));
      if (id === SUBSECTION.function) readNames(inner, names.functions);
      else if (id === SUBSECTION.local) readLocalNames(inner, names.locals);
      else if (id === SUBSECTION.global) readNames(inner, names.globals);
      else if (id === SUBSECTION.data) readNames(inner, names.dataSegments);
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  return names;
}

function readNames(reader: ByteReader, into: Names): Names {
  for (let count = reader.uleb(); count > 0; count--) {
    const index = reader.uleb();
    into.set(index, reader.text(reader.uleb()));
  }
  return into;
}

function readLocalNames(reader: ByteReader, into: Map<number, Names>): void {
  for (let count = reader.uleb(); count > 0; count--) {
    const index = reader.uleb();
    into.set(index, readNames(reader, new Map()));
  }
}
