// A campaign as one self-contained HTML page: what it covered and when, its corpus, its findings, the source it reached.

import { htmlFrame } from '../../host/report/html-frame.ts';
import { count, definitions, escapeHtml, type SourceOf, table } from '../../host/report/html-parts.ts';
import { blamed } from '../blame.ts';
import type { Totals } from '../campaign.ts';
import type { Finding } from '../finding.ts';
import type { Sample } from './history.ts';
import { coverageChart } from './html-chart.ts';
import { sourceSection } from './html-source.ts';
import type { CoveredFile } from './source-coverage.ts';

export interface ReportedFinding {
  readonly finding: Finding;
  readonly input: Uint8Array;
  readonly minimized: Uint8Array;
  /** The command that shows it again. */
  readonly replay: string;
}

export interface ReportedUnit {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly features: number;
  readonly chosen: number;
}

export interface CampaignPage {
  readonly moduleName: string;
  readonly toolVersion: string;
  readonly seed: number;
  readonly totals: Totals;
  readonly samples: readonly Sample[];
  readonly units: readonly ReportedUnit[];
  readonly findings: readonly ReportedFinding[];
  readonly files?: readonly CoveredFile[];
  readonly source: SourceOf;
}

const SHOWN_UNITS = 500;
const SHOWN_BYTES = 48;

const STYLE = `
article dl > div:last-child { grid-column: 1 / -1; }
.timeline path { fill: none; stroke-width: 2.5; } path.edges { stroke: var(--accent); } path.units { stroke: var(--held); stroke-dasharray: 7 5; }
line.grid { stroke: var(--line); stroke-width: 1; } .swatch.edges { border-left: 10px solid var(--accent); } .swatch.units { border-left: 10px solid var(--held); }
pre.lines { max-height: 40rem; } pre.lines span { display: inline-block; min-width: 100%; }
span.reached { background: var(--valid); } span.part { background: var(--partial); } span.missed { background: var(--redzone); }
meter { width: 6rem; } td code { overflow-wrap: anywhere; }
`;

export function campaignHtml(page: CampaignPage): string {
  const { moduleName, toolVersion, seed, findings } = page;
  const title = `Fuzzing ${moduleName}: ${count(findings.length, 'finding')}`;
  return htmlFrame({
    title,
    note: `wasan ${toolVersion}, seed ${seed}`,
    main: { id: 'campaign', name: 'the campaign' },
    navigation: `<nav aria-label="Parts">${navigation(page)}</nav>`,
    contents: contents(page),
    style: STYLE,
  });
}

function contents(page: CampaignPage): string {
  const { totals, findings } = page;
  const seconds = page.samples.at(-1)?.seconds ?? 0;
  return `<section class="extra"><h2>Coverage over time</h2>
${coverageChart(page.samples)}
${definitions([
  ['runs', totals.runs.toLocaleString('en')],
  ['runs per second', seconds > 0 ? Math.round(totals.runs / seconds).toLocaleString('en') : undefined],
  ['edges', totals.edges.toLocaleString('en')],
  ['features', totals.features.toLocaleString('en')],
  ['corpus', `${count(totals.units, 'unit')}, ${count(totals.bytes, 'byte')}`],
  ['findings', `${totals.findings} (${count(totals.duplicates, 'duplicate')} left out)`],
])}
</section>
<section id="findings"><h2>Findings</h2>${findings.length === 0 ? '<p>Nothing was found.</p>' : findings.map(findingArticle).join('\n')}</section>
${corpusSection(page)}
${sourceSection(page.files, page.source)}`;
}

function navigation({ findings, files }: CampaignPage): string {
  const items = findings.map(
    ({ finding }, i) =>
      `<li><a href="#finding-${i + 1}">${escapeHtml(finding.title)}</a> <span class="quiet">${escapeHtml(blamed(finding.stack)?.function ?? '')}</span></li>`,
  );
  const parts = [
    '<li><a href="#campaign">Coverage over time</a></li>',
    '<li><a href="#corpus">Corpus</a></li>',
    ...(files ? ['<li><a href="#source">Source coverage</a></li>'] : []),
  ];
  return `<h2>Campaign</h2><ul>${parts.join('')}</ul><h2>Findings</h2>${items.length > 0 ? `<ol>${items.join('')}</ol>` : '<p>none</p>'}`;
}

function findingArticle({ finding, input, minimized, replay }: ReportedFinding, index: number): string {
  return `<article id="finding-${index + 1}"><h2>${escapeHtml(finding.title)}</h2>
${definitions([
  ['kind', finding.kind],
  ['input', `${count(input.length, 'byte')}: ${dump(input)}`],
  ['minimised', minimized.length < input.length ? `${count(minimized.length, 'byte')}: ${dump(minimized)}` : undefined],
  ['replay', `<code>${escapeHtml(replay)}</code>`],
])}
<pre tabindex="0" aria-label="Report">${escapeHtml(finding.text)}</pre></article>`;
}

function corpusSection({ units }: CampaignPage): string {
  const shown = [...units].sort((a, b) => b.features - a.features).slice(0, SHOWN_UNITS);
  const rows = shown.map(({ name, bytes, features, chosen }) => [
    `<code>${escapeHtml(name.slice(0, 12))}</code>`,
    bytes.length.toLocaleString('en'),
    features.toLocaleString('en'),
    chosen.toLocaleString('en'),
    dump(bytes),
  ]);
  const more = units.length > shown.length ? ` (the ${shown.length} with most features of ${units.length})` : '';
  const heads = ['unit', 'bytes', 'features it stands for', 'times mutated', 'begins with'];
  return `<section class="extra" id="corpus"><h2>Corpus</h2>${table(`Units${more}`, heads, rows)}</section>`;
}

/** The first bytes as text, others in hexadecimal. */
function dump(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, SHOWN_BYTES)];
  const text = shown.map((b) =>
    b >= 0x20 && b < 0x7f && b !== 0x5c ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`,
  );
  return `<code>${escapeHtml(text.join(''))}${bytes.length > SHOWN_BYTES ? '...' : ''}</code>`;
}
