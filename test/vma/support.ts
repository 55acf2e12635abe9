// What the VMA tests share: the compiled model, and a window with everything that a comparison of states needs.

import { parseLine } from '../../host/vma/language.ts';
import { apply, type Outcome } from '../../host/vma/replay.ts';
import { PAGE_SIZE, type Policy, type VmaOptions, VmaSpace } from '../../host/vma/space.ts';
import { buildVma } from '../../runtime/build-vma.mts';

export async function vmaModule(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module((await buildVma()) as Uint8Array<ArrayBuffer>);
}

export function run(space: VmaSpace, text: string, policy: Policy = 'linux'): Outcome {
  return apply(space, parseLine(text)!.op, policy);
}

/** A window small enough that its whole state can be compared after every step. */
export function smallSpace(module: WebAssembly.Module, options: Partial<VmaOptions> = {}): VmaSpace {
  return new VmaSpace({ pages: 240, ...options, module });
}

/** Everything that can be seen of a space: areas, pages and bytes. Identities are numbered by first appearance. */
export function stateOf(space: VmaSpace): string {
  const anons = new Map<number, number>();
  const areas = space.areas().map(({ serial: _, anon, ...rest }) => {
    if (anon && !anons.has(anon)) anons.set(anon, anons.size + 1);
    return { ...rest, anon: anons.get(anon) ?? 0 };
  });
  const pages = Array.from({ length: space.pages }, (_, i) => space.page(space.startPage + i));
  const view = new DataView(space.memory!.buffer);
  const words = pages.map((_, i) => String(view.getBigUint64((space.startPage + i) * PAGE_SIZE, true)));
  return JSON.stringify({ areas, pages, words });
}
