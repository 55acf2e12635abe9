// Whether a function returns a value: read from the type and function sections, which the symbolizer has no use for.

import { ByteReader } from './symbols/byte-reader.ts';
import { readWasmModule } from './symbols/wasm-module.ts';

const TYPE_SECTION = 1;
const FUNCTION_SECTION = 3;
const FUNCTION_TYPE = 0x60;
/** Reference types with a heap type behind them: (ref null ht), (ref ht). */
const TYPED_REFERENCES: readonly number[] = [0x63, 0x64];

/** Answers for function indices of the module. What cannot be read is taken to return something. */
export function functionReturns(module: Uint8Array): (func: number) => boolean {
  const imported = readWasmModule(module).importedFunctions.length;
  const types = section(module, TYPE_SECTION);
  const functions = section(module, FUNCTION_SECTION);
  if (!types || !functions) return () => true;
  const returning = readTypes(types);
  const typeOf: number[] = [];
  for (let n = functions.uleb(); n > 0; n--) typeOf.push(functions.uleb());
  return (func) => returning[typeOf[func - imported] ?? -1] ?? true;
}

/** By type index; ends at the first type that is no plain function type. */
function readTypes(reader: ByteReader): boolean[] {
  const returning: boolean[] = [];
  for (let n = reader.uleb(); n > 0; n--) {
    if (reader.u8() !== FUNCTION_TYPE) return returning;
    skipValueTypes(reader);
    returning.push(skipValueTypes(reader) > 0);
  }
  return returning;
}

function skipValueTypes(reader: ByteReader): number {
  const count = reader.uleb();
  for (let i = 0; i < count; i++) if (TYPED_REFERENCES.includes(reader.u8())) reader.uleb();
  return count;
}

function section(module: Uint8Array, wanted: number): ByteReader | undefined {
  const reader = new ByteReader(module, 8);
  while (!reader.atEnd) {
    const id = reader.u8();
    const size = reader.uleb();
    const start = reader.position;
    if (id === wanted) return new ByteReader(module, start, start + size);
    reader.skip(size);
  }
  return undefined;
}
