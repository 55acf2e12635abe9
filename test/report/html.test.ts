// The HTML report: parses without an error, loads nothing, escapes everything, and is usable without a mouse or colours.
import { createHash } from 'node:crypto';
import { Window } from 'happy-dom';
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { type HtmlInput, htmlPage } from '../../host/report/html.ts';
import type { HeapEvent } from '../../host/report/html-heap.ts';
import { pageScript } from '../../host/report/html-script.ts';
import * as abi from '../../runtime/abi.ts';
import { freedHeap } from './blocks.ts';
import { reportOf, SITE } from './context.ts';
import { leakSample, samples } from './samples.ts';

type Element = DefaultTreeAdapterMap['element'];
type Node = DefaultTreeAdapterMap['node'];

const SOURCE = Array.from({ length: 30 }, (_, index) => `line${index + 1}(a < b && "c");`).join('\n');
const EVENTS: HeapEvent[] = [
  { what: 'allocate', address: 0x10010, size: 10 },
  { what: 'allocate', address: 0x10100, size: 1000 },
  { what: 'free', address: 0x10010, size: 10 },
  { what: 'release', address: 0x10010, size: 10 },
];

function page(input: Partial<HtmlInput> = {}): { html: string; elements: Element[]; errors: string[] } {
  const html = htmlPage({
    reports: [...samples(), leakSample()],
    moduleName: 'demo.wasm',
    toolVersion: '1.2.3',
    source: (file) => (file === 'src/demo.c' ? SOURCE : undefined),
    heap: { events: EVENTS },
    mappings: [{ begin: 0x30000, end: 0x31000, flags: 'rw-p', name: '<arena>', mapped: true }],
    ...input,
  });
  const errors: string[] = [];
  const document = parse(html, { onParseError: ({ code, startLine }) => errors.push(`${code} in line ${startLine}`) });
  const elements: Element[] = [];
  const walk = (node: Node): void => {
    if ('tagName' in node) elements.push(node);
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(document);
  return { html, elements, errors };
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((candidate) => candidate.name === name)?.value;
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

function withClass(elements: readonly Element[], name: string): Element[] {
  return elements.filter((element) => attribute(element, 'class')?.split(' ').includes(name));
}

function useAfterFree(): ReturnType<typeof reportOf> {
  const { image } = freedHeap();
  image.report({ kind: abi.KIND_HEAP_UAF, address: 0x10014, size: 2, stack: [SITE.fill, SITE.main] });
  return reportOf(image);
}

describe('the page', () => {
  const { html, elements, errors } = page();

  it('parses without an error', () => {
    expect(errors).toEqual([]);
  });

  it('refers to nothing outside itself, and says so to the browser', () => {
    const references = elements.flatMap((element) =>
      ['src', 'href', 'srcset', 'data', 'action', 'poster', 'xlink:href'].map((name) => attribute(element, name)),
    );
    expect(references.filter((reference) => reference !== undefined && !reference.startsWith('#'))).toEqual([]);
    expect(html).not.toMatch(/url\(|@import|https?:/);
    const policy = elements.find((element) => attribute(element, 'http-equiv') === 'Content-Security-Policy');
    expect(attribute(policy!, 'content')).toMatch(/^default-src 'none';/);
  });

  it('has unique ids, and every link and label finds its target', () => {
    const ids = elements.map((element) => attribute(element, 'id')).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = elements.flatMap((element) => [
      ...(attribute(element, 'href')?.slice(1) ? [attribute(element, 'href')!.slice(1)] : []),
      ...(attribute(element, 'aria-labelledby') ? [attribute(element, 'aria-labelledby')!] : []),
    ]);
    expect(targets.length).toBeGreaterThan(100);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });

  it('has one article for each finding, with a heading, and lists them all', () => {
    const articles = elements.filter(({ tagName }) => tagName === 'article');
    expect(articles).toHaveLength(samples().length + 1);
    const nav = elements.find(({ tagName }) => tagName === 'nav')!;
    const titles = [...samples(), leakSample()].map(({ title }) => title);
    for (const title of new Set(titles)) expect(textOf(nav)).toContain(title);
  });

  it('skips no level of headings', () => {
    const levels = elements.filter(({ tagName }) => /^h\d$/.test(tagName)).map(({ tagName }) => Number(tagName[1]));
    expect(levels[0]).toBe(1);
    levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1));
  });

  it('names everything that can be focused or is drawn', () => {
    const scrolling = elements.filter(
      ({ tagName, attrs }) => tagName !== 'main' && attrs.some(({ name }) => name === 'tabindex'),
    );
    for (const element of scrolling) expect(attribute(element, 'aria-label')).toBeTruthy();
    for (const svg of elements.filter(({ tagName }) => tagName === 'svg')) {
      expect(attribute(svg, 'role')).toBe('img');
      expect(attribute(svg, 'aria-label')).toBeTruthy();
    }
    expect(attribute(elements.find(({ tagName }) => tagName === 'html')!, 'lang')).toBe('en');
  });

  it('has a palette for light and for dark', () => {
    const style = textOf(elements.find(({ tagName }) => tagName === 'style')!);
    const [light, dark] = style.split('prefers-color-scheme: dark');
    const variables = (text: string): string[] => [...new Set(text.match(/--[a-z]+(?=:)/g))].sort();
    expect(variables(dark!)).toEqual(variables(light!));
    const used = [...style.matchAll(/var\((--[a-z]+)\)/g)].map(([, name]) => name!);
    expect(used.filter((name) => !variables(light!).includes(name))).toEqual([]);
  });
});

describe('a finding', () => {
  const { html, elements } = page({ reports: [useAfterFree()] });

  it('shows the source of its frames, the guilty line and column marked', () => {
    const [access] = withClass(elements, 'source');
    const code = (line: number): string => `line${line}(a < b && "c");`;
    expect(textOf(access!).split('\n')).toEqual([
      `   2  ${code(2)}`,
      `   3  ${code(3)}`,
      `   4  ${code(4)}`,
      `   5  ${code(5)}`,
      `>  6  ${code(6)}`,
      `                 ^`, // column 12 of the code, which begins after 6 characters
      `   7  ${code(7)}`,
      `   8  ${code(8)}`,
      `   9  ${code(9)}`,
      `  10  ${code(10)}`,
    ]);
    expect(textOf(elements.find(({ tagName }) => tagName === 'mark')!)).toContain('line6');
  });

  it('opens only the innermost source of each stack', () => {
    const stacks = withClass(elements, 'stack');
    expect(stacks).toHaveLength(3);
    const opened = elements.filter((e) => e.tagName === 'details' && attribute(e, 'open') !== undefined);
    expect(opened).toHaveLength(3);
  });

  it('draws eleven rows without a script and frames the guilty cell', () => {
    expect(withClass(elements, 'shadow')[0]!.childNodes.length).toBeGreaterThan(0);
    expect(
      elements.filter(({ tagName, attrs }) => tagName === 'th' && attrs.some(({ value }) => value === 'row')),
    ).toHaveLength(11);
    const guilty = withClass(elements, 'guilty');
    expect(guilty.map(textOf)).toEqual(['fd']);
    expect(textOf(withClass(elements, 'status')[0]!)).toBe('0x00010010 to 0x00010017: fd, Freed heap region');
  });

  it('explains the bytes that occur and no others', () => {
    const legend = textOf(withClass(elements, 'legend')[0]!);
    for (const label of ['Heap left redzone', 'Heap right redzone', 'Freed heap region', 'Addressable'])
      expect(legend).toContain(label);
    expect(legend).not.toContain('Stack left redzone');
  });

  it('gives the script the whole window', () => {
    const data = JSON.parse(attribute(withClass(elements, 'map')[0]!, 'data-map')!);
    expect(data).toMatchObject({ guilty: 0x10010 / 8, digits: 8, granule: 8 });
    expect(data.shadow.length / 2).toBe(65 * 16);
    expect(data.shadow.slice((data.guilty - data.first) * 2).slice(0, 4)).toBe('fdfd');
  });

  it('keeps the report as text', () => {
    expect(html).toContain('ERROR: AddressSanitizer: heap-use-after-free on address 0x00010014');
  });
});

describe('the heap', () => {
  const { elements } = page({ reports: [useAfterFree()] });

  it('is told in words as well as drawn', () => {
    const svg = elements.find(({ tagName }) => tagName === 'svg')!;
    expect(attribute(svg, 'aria-label')).toBe(
      'Heap over time: 4 events; at the end 1,000 bytes live and 0 bytes in quarantine, 1,010 bytes together at the peak.',
    );
  });

  it('marks the moments of the finding’s block only', () => {
    const moments = elements.filter(({ tagName }) => tagName === 'line').map(textOf);
    expect(moments).toEqual(['event 1: allocate 0x10010', 'event 3: free 0x10010', 'event 4: release 0x10010']);
  });

  it('stays small however many events there were', () => {
    const many = Array.from(
      { length: 100_000 },
      (_, i): HeapEvent => ({ what: 'allocate', address: i * 16 + 0x20000, size: 16 }),
    );
    expect(page({ reports: [], heap: { events: many } }).html.length).toBeLessThan(80_000);
  });

  it('is left out when nobody recorded it', () => {
    const html = htmlPage({ reports: [], moduleName: 'demo.wasm', toolVersion: '1.2.3' });
    expect(html).toContain('Nothing was found.');
    expect(html).not.toContain('id="heap"');
    expect(html).not.toContain('id="mappings"');
  });
});

describe('hostile names', () => {
  const nasty = `</script><img src=x onerror="alert('1')">&amp;`;
  it('stay text', () => {
    const report = {
      ...useAfterFree(),
      moduleName: nasty,
      thread: nasty,
      stack: [{ function: nasty, file: nasty, line: 1, offset: 1 }],
    };
    const { elements, errors } = page({ reports: [report], moduleName: nasty, source: () => nasty });
    expect(errors).toEqual([]);
    expect(elements.filter(({ tagName }) => tagName === 'img')).toEqual([]);
    expect(elements.filter(({ tagName }) => tagName === 'script')).toHaveLength(1);
    expect(textOf(elements.find(({ tagName }) => tagName === 'h1')!)).toBe(`1 finding in ${nasty}`);
  });
});

describe('the script', () => {
  it('is the same in the page as in the file, and compiles', () => {
    const { elements } = page({ reports: [] });
    const script = textOf(elements.find(({ tagName }) => tagName === 'script')!);
    expect(createHash('sha256').update(script.replaceAll('<\\/', '</')).digest('hex')).toBe(
      createHash('sha256').update(pageScript()).digest('hex'),
    );
    expect(() => new Function(script)).not.toThrow();
  });

  /** The page with its script run and every map on screen. */
  function live(): {
    window: Window;
    key: (name: string) => void;
    focused: () => string | undefined;
    status: () => string;
  } {
    const window = new Window({ settings: { enableJavaScriptEvaluation: false } });
    window.document.write(page({ reports: [useAfterFree()] }).html);
    class Observer {
      private readonly seen: (entries: unknown[]) => void;
      constructor(seen: (entries: unknown[]) => void) {
        this.seen = seen;
      }
      observe(target: unknown): void {
        this.seen([{ target, isIntersecting: true }]);
      }
      unobserve(): void {}
    }
    new Function('document', 'IntersectionObserver', pageScript())(window.document, Observer);
    const active = (): { dataset: Record<string, string> } => window.document.activeElement as never;
    return {
      window,
      key: (name) =>
        void window.document.activeElement!.dispatchEvent(
          new window.KeyboardEvent('keydown', { key: name, bubbles: true }),
        ),
      focused: () => active().dataset.granule,
      status: () => window.document.querySelector('.status')!.textContent,
    };
  }

  it('draws the whole window, one cell in the order of the tab key', () => {
    const { window } = live();
    const { document } = window;
    expect(document.querySelectorAll('[role=gridcell]')).toHaveLength(65 * 16);
    expect(document.querySelectorAll('[role=row]')).toHaveLength(65);
    expect(document.querySelectorAll('table.shadow [tabindex="0"]')).toHaveLength(1);
    expect((document.querySelector('.tools') as unknown as { hidden: boolean }).hidden).toBe(false);
  });

  it('moves by keys and says where', () => {
    const { window, key, focused, status } = live();
    (window.document.querySelector('.guilty-button') as unknown as { click(): void }).click();
    expect(focused()).toBe(String(0x10010 / 8));
    expect(status()).toBe('0x00010010 to 0x00010017: fd, Freed heap region; the guilty one');
    const moves: [string, number][] = [
      ['ArrowLeft', 0x10008],
      ['ArrowUp', 0xff88],
      ['Home', 0xff80],
      ['End', 0xfff8],
      ['PageDown', 0x103f8],
      ['ArrowDown', 0x10478],
      ['ArrowRight', 0x10480],
      ['PageUp', 0x10080],
      ['g', 0x10010],
      ['x', 0x10010],
    ];
    for (const [name, address] of moves) {
      key(name);
      expect([name, focused()]).toEqual([name, String(address / 8)]);
    }
    key('ArrowLeft');
    expect(status()).toBe('0x00010008 to 0x0001000f: fa, Heap left redzone');
    expect(window.document.querySelectorAll('table.shadow [tabindex="0"]')).toHaveLength(1);
  });

  it('stays inside the window', () => {
    const { window, key, focused } = live();
    (window.document.querySelector('.guilty-button') as unknown as { click(): void }).click();
    // The window begins 32 rows above the guilty one; four pages of eight rows up is its first row.
    for (let i = 0; i < 100; i++) key('PageUp');
    expect(focused()).toBe(String(0x10010 / 8 - 4 * 8 * 16));
    key('ArrowUp');
    expect(focused()).toBe(String(0x10010 / 8 - 4 * 8 * 16));
  });

  it('zooms between four levels', () => {
    const { window, key } = live();
    const level = (): string | null => window.document.querySelector('.view')!.getAttribute('data-zoom');
    (window.document.querySelector('.guilty-button') as unknown as { click(): void }).click();
    expect(level()).toBe('3');
    key('+');
    key('+');
    expect(level()).toBe('4');
    for (let i = 0; i < 9; i++) key('-');
    expect(level()).toBe('1');
  });
});
