// Custom sections around Binaryen: taken out before it reads, put back in their places after it has written, so that none is
// lost, reordered or reinterpreted.

import { SITE_SECTION } from '../stream/site-map.ts';
import { Writer } from '../wasm/bytes.ts';
import { type Module, parseModule, SECTION, SECTION_ORDER, type Section } from '../wasm/module.ts';

function copySection(module: Module, section: Section, w: Writer): void {
  w.byte(section.id);
  w.u32(section.end - section.start);
  w.append(module.bytes, section.start, section.end);
}

export function withoutCustomSections(module: Module): Uint8Array {
  const w = new Writer(module.bytes.length);
  w.append(module.bytes, 0, 8);
  for (const section of module.sections) if (section.id !== SECTION.CUSTOM) copySection(module, section, w);
  return w.view();
}

/** What Binaryen wrote, with the custom sections of the linked file and new contents for "wasan.sites". */
export function reassemble(linked: Module, binary: Uint8Array, siteMap: Uint8Array): Uint8Array {
  const written = parseModule(binary);
  const w = new Writer(binary.length + linked.bytes.length);
  w.append(binary, 0, 8);
  const bodies = written.sections.filter((s) => s.id !== SECTION.CUSTOM);
  let next = 0;
  for (const section of linked.sections) {
    if (section.id !== SECTION.CUSTOM) continue;
    const followed = SECTION_ORDER.indexOf(precedingId(linked, section));
    while (next < bodies.length && SECTION_ORDER.indexOf(bodies[next]!.id) <= followed) {
      copySection(written, bodies[next++]!, w);
    }
    if (section.name === SITE_SECTION) writeCustom(SITE_SECTION, siteMap, w);
    else copySection(linked, section, w);
  }
  while (next < bodies.length) copySection(written, bodies[next++]!, w);
  return w.view().slice();
}

/** Id of the last section before a custom one that is not custom; 0 if there is none. */
function precedingId(module: Module, custom: Section): number {
  let id = 0;
  for (const section of module.sections) {
    if (section === custom) return id;
    if (section.id !== SECTION.CUSTOM) id = section.id;
  }
  return id;
}

function writeCustom(name: string, contents: Uint8Array, out: Writer): void {
  const w = new Writer(contents.length + 32);
  w.name(name);
  w.append(contents);
  out.section(SECTION.CUSTOM, w);
}
