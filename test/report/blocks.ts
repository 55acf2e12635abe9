// Blocks around 0x10010 that several tests need, and their texts in format=asan.
import type { ReportContext } from '../../host/report/describe.ts';
import { PLAIN_STYLE } from '../../host/report/style.ts';
import { asanText } from '../../host/report/text-asan.ts';
import * as abi from '../../runtime/abi.ts';
import { reportOf, SITE } from './context.ts';
import { RuntimeImage } from './image.ts';

export const NO_LEGEND = { ...PLAIN_STYLE, printLegend: false };
export const CLEAN_ROW = ' 00'.repeat(16);

export function textOf(image: RuntimeImage, context: Partial<ReportContext> = {}): string {
  return asanText(reportOf(image, context), NO_LEGEND);
}

/** A live block of 10 bytes at 0x10010 between redzones. */
export function heap(): { image: RuntimeImage; chunk: number } {
  const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0x00, 0x02, 0xfc, 0xfc);
  const chunk = image.chunk({ begin: 0x10010, size: 10, allocStack: [SITE.malloc, SITE.makes] });
  return { image, chunk };
}

/** The same block after free. */
export function freedHeap(): { image: RuntimeImage; chunk: number } {
  const image = new RuntimeImage().shadow(0x10000, 0xfa, 0xfa, 0xfd, 0xfd, 0xfc, 0xfc);
  const chunk = image.chunk({
    begin: 0x10010,
    size: 10,
    state: abi.CHUNK_QUARANTINED,
    allocStack: [SITE.malloc, SITE.makes],
    freeStack: [SITE.free, SITE.releases],
  });
  return { image, chunk };
}
