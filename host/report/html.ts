// Findings as one self-contained HTML page: nothing is loaded from anywhere, and it reads well without its script.
import { htmlFrame } from './html-frame.ts';
import { type HeapHistory, heapTimeline, mappingTable } from './html-heap.ts';
import { shadowMap } from './html-map.ts';
import { type MemoryOverview, memoryOverview } from './html-overview.ts';
import { count, definitions, escapeHtml, type SourceOf, stackList, table } from './html-parts.ts';
import { pageScript } from './html-script.ts';
import type { HeapPlace, MappingDescription, Place, StackPlace } from './place.ts';
import type { ProgramPicture } from './program-picture.ts';
import type { LeakReport, Report } from './report.ts';
import { parametersSentence, placeSentence, sentenceOf, verbOf } from './sentence.ts';
import { asanAddress, PLAIN_STYLE } from './style.ts';
import { asanText } from './text-asan.ts';

export interface HtmlInput {
  readonly reports: readonly Report[];
  readonly moduleName: string;
  readonly toolVersion: string;
  /** Source text by the name debug information gives the file. */
  readonly source?: SourceOf;
  readonly heap?: HeapHistory;
  readonly mappings?: readonly MappingDescription[];
  readonly overview?: MemoryOverview;
}

/** A program's picture as the page takes it. */
export function pictureInput(picture: ProgramPicture | undefined): Pick<HtmlInput, 'heap' | 'mappings' | 'overview'> {
  if (!picture) return {};
  const { heap, areas, overview } = picture;
  return { ...(heap && { heap }), mappings: areas, ...(overview && { overview }) };
}

/** The whole page. */
export function htmlPage(input: HtmlInput): string {
  const { reports, moduleName, toolVersion } = input;
  const title = `${count(reports.length, 'finding')} in ${moduleName}`;
  return htmlFrame({
    title,
    note: `wasan ${toolVersion}`,
    main: { id: 'findings', name: 'the findings' },
    navigation: htmlNavigation(input),
    contents: htmlFindings(input),
    script: scriptText(),
  });
}

/** The list of what `htmlFindings` shows. */
export function htmlNavigation(input: HtmlInput): string {
  return `<nav aria-label="Findings"><h2>Findings</h2>${findingList(input.reports)}${extraLinks(input)}</nav>`;
}

/** The findings and the program's pictures, for a page that has HTML_STYLE and calls `enliven` when they are in place. */
export function htmlFindings(input: HtmlInput): string {
  const { reports } = input;
  const found = reports.map((report, index) => finding(report, index, input)).join('\n');
  return `${reports.length === 0 ? '<p>Nothing was found.</p>' : found}\n${extras(input)}`;
}

/** The script as text; "</" would end the element it stands in. */
function scriptText(): string {
  return pageScript().replaceAll('</', '<\\/');
}

function findingList(reports: readonly Report[]): string {
  const items = reports.map((report, index) => {
    const where = report.stack.find(({ file }) => file !== undefined)?.function ?? report.stack[0]?.function ?? '';
    const place = where === '' ? '' : ` <span class="quiet">in ${escapeHtml(where)}</span>`;
    return `<li><a href="#finding-${index + 1}">${escapeHtml(report.title)}</a>${place}</li>`;
  });
  return `<ol>${items.join('')}</ol>`;
}

function extraLinks({ heap, mappings, overview }: HtmlInput): string {
  const links = [
    ...(heap ? ['<li><a href="#heap">Heap over time</a></li>'] : []),
    ...(overview ? ['<li><a href="#overview">Memory as a picture</a></li>'] : []),
    ...(mappings ? ['<li><a href="#mappings">Areas of memory</a></li>'] : []),
  ];
  return links.length === 0 ? '' : `<h2>Program</h2><ul>${links.join('')}</ul>`;
}

function extras({ heap, mappings, overview, reports }: HtmlInput): string {
  const blocks = reports
    .flatMap((report) => placesOf(report))
    .flatMap((place) => (place.where === 'heap' ? [place.begin] : []));
  const timeline =
    heap && `<section class="extra" id="heap"><h2>Heap over time</h2>${heapTimeline(heap, blocks)}</section>`;
  const map =
    mappings && `<section class="extra" id="mappings"><h2>Areas of memory</h2>${mappingTable(mappings)}</section>`;
  const picture =
    overview &&
    `<section class="extra" id="overview"><h2>Memory as a picture</h2>${memoryOverview(overview)}</section>`;
  return [timeline, picture, map].filter((part) => part !== undefined).join('\n');
}

function finding(report: Report, index: number, input: HtmlInput): string {
  const id = `finding-${index + 1}`;
  const body = report.layout === 'leak' ? leakBody(report, input) : findingBody(report, id, input);
  return `<article id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${index + 1}. ${escapeHtml(report.title)}</h2>
<p>${escapeHtml(sentenceOf(report))}</p>
${body}
<details><summary>Report as text</summary><pre tabindex="0" aria-label="Report as text">${escapeHtml(asanText(report, PLAIN_STYLE))}</pre></details>
</article>`;
}

function findingBody(report: Exclude<Report, LeakReport>, id: string, input: HtmlInput): string {
  const source = sourceOf(input);
  const shadow =
    report.layout === 'segv' || (report.layout === 'parameter' && report.places.length === 0)
      ? undefined
      : report.shadow;
  const content = report.layout === 'access' ? report.content : undefined;
  return `${figures(report)}
<h3>${report.layout === 'free' ? 'Freed' : 'Accessed'} by thread ${escapeHtml(report.thread)}</h3>
${stackList(report.stack, report.moduleName, source)}
${placesOf(report)
  .map((place) => placeHtml(place, report, source))
  .join('\n')}
${shadow ? `<h3>Shadow map</h3>${shadowMap(shadow, content, report, `${id}-map`)}` : ''}`;
}

function figures(report: Exclude<Report, LeakReport>): string {
  const address = (at: number | bigint): string => `<code>${asanAddress(at, report)}</code>`;
  const offset = report.stack[0]?.offset;
  const access = 'access' in report && report.layout !== 'parameter' ? report.access : undefined;
  return definitions([
    [
      'Access',
      access &&
        `${verbOf(access)} of ${count(Number(access.size), 'byte')}${access.range ? ', part of a range' : ''}${access.host ? ', by the host' : ''}`,
    ],
    ['Address', access && address(access.exactStart)],
    ['First bad byte', access && address(access.firstBad)],
    ['Pointer', report.layout === 'free' ? address(report.pointer) : undefined],
    [
      'Parameters',
      report.layout === 'parameter' ? escapeHtml(parametersSentence(report.parameters, report)) : undefined,
    ],
    [
      'Instruction',
      offset === undefined ? undefined : `<code>${escapeHtml(report.moduleName)}+0x${offset.toString(16)}</code>`,
    ],
    ['Kind', `<code>${escapeHtml(report.name)}</code>, scheme ${report.scheme}`],
  ]);
}

function placesOf(report: Report): readonly Place[] {
  if (report.layout === 'leak') return [];
  return report.layout === 'parameter' ? report.places : [report.place];
}

function placeHtml(place: Place, report: Report, source: SourceOf): string {
  const sentence = placeSentence(place, report);
  const opening = sentence === undefined ? '' : `<h3>Place</h3><p>${escapeHtml(sentence)}</p>`;
  if (place.where === 'heap') return opening + heapHtml(place, report, source);
  return place.where === 'stack' ? opening + frameHtml(place, report, source) : opening;
}

function heapHtml(place: HeapPlace, report: Report, source: SourceOf): string {
  const freed = place.released
    ? `<h3>Freed by thread ${escapeHtml(place.released.thread)}</h3>${stackList(place.released.frames, report.moduleName, source)}`
    : '';
  const title = `Allocated by thread ${escapeHtml(place.allocated.thread)} with ${escapeHtml(place.family)}`;
  return `${freed}<h3>${title}</h3>${stackList(place.allocated.frames, report.moduleName, source)}`;
}

function frameHtml(place: StackPlace, report: Report, source: SourceOf): string {
  if (!place.frame) return '';
  const rows = place.objects.map(({ name, begin, size, line, mark }) => [
    `<code>${escapeHtml(name)}</code>`,
    `[${begin}, ${begin + size})`,
    line === undefined ? '' : String(line),
    mark ? `<strong>the access ${mark}</strong>` : '',
  ]);
  const variables = table(
    `Variables of the frame; the access is at offset ${place.offset}`,
    ['Name', 'Offsets', 'Line', 'Access'],
    rows,
  );
  return stackList([place.frame], report.moduleName, source) + variables;
}

function leakBody(report: LeakReport, input: HtmlInput): string {
  const sections = report.leaks.map((leak) => {
    const title = `${leak.direct ? 'Direct' : 'Indirect'} leak of ${count(leak.bytes, 'byte')} in ${count(leak.objects.length, 'block')}`;
    return `<h3>${title}, allocated from</h3>${stackList(leak.stack, report.moduleName, sourceOf(input))}`;
  });
  return sections.join('\n');
}

function sourceOf(input: HtmlInput): SourceOf {
  return input.source ?? (() => undefined);
}
