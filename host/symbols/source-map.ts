// Source maps (version 3) for wasm: a "line" is the whole module and a generated column is a byte offset in it.

export interface MappedPosition {
  file: string;
  line: number;
  column: number;
}

export interface SourceMap {
  /** Position of the last mapping at or before the offset, if it is not before `from` (the function's start). */
  at(fileOffset: number, from: number): MappedPosition | undefined;
  /** The text of a file, where the map carries it. */
  text(file: string): string | undefined;
}

interface MapData {
  sourceRoot?: string;
  sources?: (string | null)[];
  sourcesContent?: (string | null)[];
  mappings?: string;
  sections?: { offset?: { line?: number; column?: number }; map?: MapData }[];
}

interface Mapping {
  offset: number;
  /** -1 if the code from here on has no source. */
  source: number;
  line: number;
  column: number;
}

/** The map inside a `data:` URL; undefined for any other, which someone must load. */
export function sourceMapFromUrl(url: string): string | undefined {
  const match = /^data:[^,]*?(;base64)?,/.exec(url);
  if (!match) return undefined;
  const body = url.slice(match[0].length);
  if (!match[1]) return decodeURIComponent(body);
  const binary = atob(body);
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}

export function readSourceMap(given: string | object): SourceMap | undefined {
  // Some servers put )]}' before JSON so that it cannot run as a script.
  const data = (typeof given === 'string' ? JSON.parse(given.replace(/^\)\]\}'[^\n]*\n/, '')) : given) as MapData;
  const files: string[] = [];
  const texts = new Map<string, string>();
  const mappings: Mapping[] = [];
  addMap(data, 0, { files, texts }, mappings);
  if (mappings.length === 0) return undefined;
  mappings.sort((a, b) => a.offset - b.offset);
  return { at: (fileOffset, from) => lookUp(mappings, files, fileOffset, from), text: (file) => texts.get(file) };
}

interface Sources {
  readonly files: string[];
  readonly texts: Map<string, string>;
}

function addMap(data: MapData, base: number, sources: Sources, mappings: Mapping[]): void {
  for (const { offset, map } of Array.isArray(data.sections) ? data.sections : []) {
    if (map && !map.sections) addMap(map, base + (offset?.column ?? 0), sources, mappings);
  }
  if (typeof data.mappings !== 'string') return;
  const { files, texts } = sources;
  const firstFile = files.length;
  const root =
    typeof data.sourceRoot === 'string' && data.sourceRoot !== '' ? `${data.sourceRoot.replace(/\/$/, '')}/` : '';
  for (const source of Array.isArray(data.sources) ? data.sources : []) files.push(root + (source ?? '?'));
  const contents = Array.isArray(data.sourcesContent) ? data.sourcesContent : [];
  contents.forEach((text, i) => {
    const file = files[firstFile + i];
    if (typeof text === 'string' && file !== undefined) texts.set(file, text);
  });
  decodeMappings(data.mappings, base, firstFile, mappings);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGITS = new Int8Array(128).fill(-1);
for (let i = 0; i < BASE64.length; i++) DIGITS[BASE64.charCodeAt(i)] = i;

/** Fields of a segment: generated column, source, line, column, name, each relative to the one before. */
function decodeMappings(text: string, base: number, firstFile: number, into: Mapping[]): void {
  const state = [0, 0, 0, 0, 0];
  let field = 0;
  let value = 0;
  let shift = 0;
  const endSegment = () => {
    const [column, source, line, sourceColumn] = state as [number, number, number, number, number];
    if (field >= 4)
      into.push({ offset: base + column, source: firstFile + source, line: line + 1, column: sourceColumn + 1 });
    else if (field >= 1) into.push({ offset: base + column, source: -1, line: 0, column: 0 });
    field = 0;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2c) {
      endSegment();
      continue;
    }
    if (code === 0x3b) break; // a second generated line: no wasm module has one
    const digit = code < 128 ? DIGITS[code]! : -1;
    if (digit < 0 || shift > 30) throw new SyntaxError(`source map: bad mappings at ${i}`);
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit & 32) continue;
    const magnitude = Math.floor(value / 2);
    if (field < 5) state[field]! += value & 1 ? -magnitude : magnitude;
    field++;
    value = 0;
    shift = 0;
  }
  endSegment();
}

function lookUp(mappings: Mapping[], files: string[], offset: number, from: number): MappedPosition | undefined {
  let low = 0;
  for (let high = mappings.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (mappings[middle]!.offset <= offset) low = middle + 1;
    else high = middle;
  }
  const found = mappings[low - 1];
  const file = found && files[found.source];
  if (!found || found.offset < from || file === undefined) return undefined;
  return { file, line: found.line, column: found.column };
}
