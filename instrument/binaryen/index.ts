// The Binaryen engine: follows the same plan as the streaming engine, but edits an expression tree. It is where transforms
// that need the tree belong, and the oracle the streaming engine is compared with: same sites, same findings.
//
//   original ──stream/ links the runtime, applies the plan's edits──► linked ──Binaryen reads──► tree
//       └── events: every access and call, with site and offset ──────────────────────────────► checks inserted
//   output ◄── custom sections put back, "wasan.sites" from the source map ◄── Binaryen writes ◄──┘
//
// Importing this file loads Binaryen (14 MB), so nothing else does: pass `binaryenEngine` as InstrumentOptions.engine.

import { InstrumentError } from '../errors.ts';
import type { Edit, FunctionPlan, Plan, Target } from '../plan.ts';
import { LARGEST_INLINED, MAX_BODY, MAX_LOCALS } from '../stream/assemble-body.ts';
import { type EngineInput, type EngineOutput, rewriteModule } from '../stream/engine.ts';
import { SITE_SECTION, SiteMap } from '../stream/site-map.ts';
import { joined } from '../wasm/bytes.ts';
import { Decoder } from '../wasm/decoder.ts';
import { type Body, type Module, parseModule } from '../wasm/module.ts';
import { Builder } from './build.ts';
import {
  EDIT,
  type Event,
  EventReader,
  enterBody,
  type FunctionEvents,
  readLinkedEvents,
  UNTOUCHED,
} from './events.ts';
import { featuresOf } from './features.ts';
import { FunctionPass } from './insert.ts';
import { describeBody, LinkedOffsets, marksByBody, readMarks } from './offsets.ts';
import { raw, readBinary } from './raw.ts';
import { reassemble, withoutCustomSections } from './sections.ts';
import { loadRows, Walker } from './walk.ts';

const walker = new Walker(loadRows());

/** Instruments by Binaryen. Throws E_UNSUPPORTED for what Binaryen, or our table of its expressions, does not know. */
export function binaryenEngine(input: EngineInput): EngineOutput {
  const { program, plan } = input;
  const reader = new EventReader(program.bytes, plan.reachesAllocator);
  const found = program.bodies.map((body, i) => reader.read(body, plan.functions[i]!, plan.elision?.actions(i)));
  const linked = rewriteModule({
    ...input,
    plan: linkOnly(plan, reader.editSites),
    siteCount: reader.sites,
    wholeRuntime: true,
    progress: () => {},
  });
  const steps = linkedSteps(parseModule(linked.bytes), program, found);
  let modes = plan.functions;
  let bytes = writeTree(input, linked, steps, found, modes);
  const oversized = oversizedBodies(bytes, program.bodies.length, LARGEST_INLINED);
  if (oversized.length > 0) {
    modes = modes.map((f, i) => (oversized.includes(i) ? { ...f, mode: 'outline' } : f));
    bytes = writeTree(input, linked, steps, found, modes);
    const still = oversizedBodies(bytes, program.bodies.length, MAX_BODY)[0];
    if (still !== undefined) {
      throw new InstrumentError('E_LIMIT', `the function at offset ${program.bodies[still]!.start} grows too large`);
    }
  }
  return { bytes, sites: reader.sites, target: linked.target };
}

/** The plan for the linking step: calls redirected, edits made with the sites they will have, nothing checked. */
function linkOnly(plan: Plan, editSites: ReadonlyMap<Edit, number>): Plan {
  const numbered = (edit: Edit): Edit => {
    const site = editSites.get(edit);
    if (site === undefined) return edit;
    return { ...edit, write: (emit) => edit.write(Object.assign(Object.create(emit), { site: () => site })) };
  };
  const bare = (f: FunctionPlan): FunctionPlan => ({
    ...f,
    skip: 'ignored',
    recordsCalls: false,
    ...(f.edits ? { edits: f.edits.map(numbered) } : {}),
  });
  return { reachesAllocator: plan.reachesAllocator, functions: plan.functions.map(bare) };
}

/** What the walk will meet in each function of the linked file. */
function linkedSteps(linked: Module, program: Module, found: readonly FunctionEvents[]): Event[][] {
  const section = linked.sections.find((s) => s.name === SITE_SECTION)!;
  const offsets = new LinkedOffsets(linked, section);
  const decoder = new Decoder(linked.bytes);
  return program.bodies.map((original, i) => {
    const met = readLinkedEvents(decoder, linked.bodies[i]!);
    const own = found[i]!.events.filter((event) => event.kind !== EDIT);
    let next = 0;
    const steps = offsets.next(met.offsets).map((origin, k): Event => {
      if (!origin.inserted) return own[next++]!;
      const offset = original.start + origin.offset;
      return { ...UNTOUCHED, offset, kind: met.kinds[k]! };
    });
    if (next !== own.length) throw new Error('the linked file lost an instruction: this is a bug in wasan');
    return steps;
  });
}

function writeTree(
  input: EngineInput,
  linked: EngineOutput,
  steps: readonly Event[][],
  found: readonly FunctionEvents[],
  plans: readonly FunctionPlan[],
): Uint8Array {
  const { program } = input;
  const linkedModule = parseModule(linked.bytes);
  const module = readTree(withoutCustomSections(linkedModule), featuresOf([program, input.runtime]));
  try {
    const importedMemories = linkedModule.memories.filter((m) => m.imported).length;
    const builder = new Builder(module.ptr, linked.target, String(linked.target.memory - importedMemories));
    const file = module.addDebugInfoFileName('original');
    plans.forEach((plan, i) => {
      instrumentFunction(builder, linked.target, plan, steps[i]!, {
        module: module.ptr,
        index: linked.target.functionMap[program.importedFunctions + i]!,
        file,
        body: program.bodies[i]!,
      });
      if ((i & 1023) === 0) input.progress?.(i, program.bodies.length);
    });
    builder.dispose();
    const { binary, sourceMap } = module.emitBinary('wasan.map');
    input.progress?.(program.bodies.length, program.bodies.length);
    return reassemble(linkedModule, binary, siteSection(program, binary, sourceMap!, found));
  } finally {
    module.dispose();
  }
}

interface Place {
  readonly module: number;
  /** Function index in the linked file. */
  readonly index: number;
  readonly file: number;
  readonly body: Body;
}

function instrumentFunction(b: Builder, target: Target, plan: FunctionPlan, steps: Event[], place: Place): void {
  const func = raw.functionAt(place.module, place.index);
  new FunctionPass(b, walker, target, plan, steps, func, place.file).run();
  if (raw.localCount(func) > MAX_LOCALS) {
    throw new InstrumentError('E_LIMIT', `too many locals in the function at offset ${place.body.start}`);
  }
}

/** Binaryen says "invalid" for what is malformed and for what it does not support. */
function readTree(bytes: Uint8Array, features: number) {
  try {
    return readBinary(bytes, features);
  } catch (error) {
    throw new InstrumentError('E_UNSUPPORTED', `Binaryen cannot read it (${messageOf(error)})`);
  }
}

function messageOf(error: unknown): string {
  return error && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
}

function siteSection(program: Module, binary: Uint8Array, map: string, found: readonly FunctionEvents[]): Uint8Array {
  const written = parseModule(binary);
  const marks = marksByBody(readMarks(map), written.bodies);
  const sites = new SiteMap();
  const d = new Decoder(binary);
  found.forEach((events, i) => {
    const body = written.bodies[i]!;
    describeBody(sites, events, program.bodies[i]!, body, body.start + enterBody(d, body), marks[i]!);
  });
  return joined(sites.encode());
}

function oversizedBodies(bytes: Uint8Array, count: number, most: number): number[] {
  const { bodies } = parseModule(bytes);
  const large: number[] = [];
  for (let i = 0; i < count; i++) if (bodies[i]!.end - bodies[i]!.start > most) large.push(i);
  return large;
}
