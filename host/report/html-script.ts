// What runs inside the HTML report. The functions are written into the page as source text, so they use nothing but each other.
import type { MapData } from './html-map.ts';

/** The script of the page. Taken from the functions themselves, so that a minifier's renames stay consistent. */
export function pageScript(): string {
  const parts = [shadowByte, cellText, makeCell, makeRow, makeTable, stepOf, enlivenMap, listen, enliven];
  return `${parts.map(String).join('\n')}\n${enliven.name}();`;
}

function shadowByte(data: MapData, granule: number): string {
  const at = (granule - data.first) * 2;
  return data.shadow.slice(at, at + 2);
}

function cellText(data: MapData, granule: number): string {
  const begin = granule * data.granule;
  const hex = (value: number): string => `0x${value.toString(16).padStart(data.digits, '0')}`;
  const byte = shadowByte(data, granule);
  const at = data.contentFirst === undefined ? -1 : (begin - data.contentFirst) * 2;
  const content = at < 0 ? '' : (data.content ?? '').slice(at, at + data.granule * 2);
  const bytes = content === '' ? '' : `; bytes ${content.match(/../g)!.join(' ')}`;
  const guilty = granule === data.guilty ? '; the guilty one' : '';
  return `${hex(begin)} to ${hex(begin + data.granule - 1)}: ${byte}, ${data.meanings[byte]?.[0]}${guilty}${bytes}`;
}

function makeCell(data: MapData, granule: number): HTMLTableCellElement {
  const byte = shadowByte(data, granule);
  const guilty = granule === data.guilty;
  const cell = document.createElement('td');
  cell.setAttribute('role', 'gridcell');
  cell.tabIndex = guilty ? 0 : -1;
  cell.dataset.granule = String(granule);
  cell.className = `${data.meanings[byte]?.[1]}${guilty ? ' guilty' : ''}`;
  cell.textContent = byte;
  cell.title = cellText(data, granule);
  return cell;
}

function makeRow(data: MapData, first: number, end: number): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.setAttribute('role', 'row');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = `0x${(first * data.granule).toString(16).padStart(data.digits, '0')}`;
  row.append(head);
  for (let granule = first; granule < end; granule++) row.append(makeCell(data, granule));
  return row;
}

function makeTable(data: MapData): HTMLTableElement {
  const table = document.createElement('table');
  table.className = 'shadow';
  table.setAttribute('role', 'grid');
  table.setAttribute('aria-label', 'Shadow memory');
  const body = table.createTBody();
  const end = data.first + data.shadow.length / 2;
  for (let row = data.first; row < end; row += 16) body.append(makeRow(data, row, Math.min(row + 16, end)));
  return table;
}

/** Where a key moves to, or undefined for a key that does not move. */
function stepOf(key: string, granule: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -16,
    ArrowDown: 16,
    PageUp: -128,
    PageDown: 128,
    Home: -(granule % 16),
    End: 15 - (granule % 16),
  };
  const step = steps[key];
  return step === undefined ? undefined : granule + step;
}

/** Replaces the static table by a grid of the whole window: roving focus, zoom, a status line that is read aloud. */
function enlivenMap(figure: HTMLElement): void {
  const data = JSON.parse(figure.dataset.map!) as MapData;
  const view = figure.querySelector<HTMLElement>('.view')!;
  const zoom = figure.querySelector<HTMLInputElement>('.zoom')!;
  const status = figure.querySelector<HTMLElement>('.status')!;
  const table = makeTable(data);
  view.replaceChildren(table);
  // Its cells take the focus from here on.
  for (const name of ['tabindex', 'role', 'aria-label']) view.removeAttribute(name);
  figure.querySelector<HTMLElement>('.tools')!.hidden = false;
  const current = (): HTMLElement => table.querySelector<HTMLElement>('[tabindex="0"]')!;
  const center = (): void => {
    view.scrollTop = current().offsetTop - view.clientHeight / 2;
  };
  const focus = (granule: number): void => {
    const cell = table.querySelector<HTMLElement>(`[data-granule="${granule}"]`);
    if (!cell) return;
    current().tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
    status.textContent = cellText(data, granule);
  };
  const setZoom = (level: number): void => {
    zoom.value = String(Math.min(4, Math.max(1, level)));
    view.dataset.zoom = zoom.value;
    center();
  };
  zoom.addEventListener('input', () => setZoom(Number(zoom.value)));
  figure.querySelector('.guilty-button')!.addEventListener('click', () => focus(data.guilty));
  listen(table, focus, (key) => {
    if (key === 'g') focus(data.guilty);
    else if (key === '+' || key === '=') setZoom(Number(zoom.value) + 1);
    else if (key === '-') setZoom(Number(zoom.value) - 1);
    else return false;
    return true;
  });
  center();
}

function listen(table: HTMLElement, focus: (granule: number) => void, command: (key: string) => boolean): void {
  const granuleOf = (event: Event): number => Number((event.target as HTMLElement).dataset.granule ?? -1);
  table.addEventListener('click', (event) => focus(granuleOf(event)));
  table.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const next = stepOf(event.key, granuleOf(event));
    if (next !== undefined) focus(next);
    else if (!command(event.key)) return;
    event.preventDefault();
  });
}

/** A page can hold hundreds of findings, so a map is drawn only when it comes near the screen. */
export function enliven(): void {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        enlivenMap(target as HTMLElement);
      }
    },
    { rootMargin: '400px' },
  );
  for (const figure of document.querySelectorAll('figure.map')) observer.observe(figure);
}
