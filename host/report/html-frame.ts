// What every page of wasan's has around its contents: one file that loads nothing, a heading, a link past the navigation.
import { escapeHtml } from './html-parts.ts';
import { HTML_STYLE } from './html-style.ts';

export interface HtmlFrame {
  readonly title: string;
  /** Below the title. */
  readonly note: string;
  /** id of the main part, and what it is called. */
  readonly main: { readonly id: string; readonly name: string };
  /** Markup of the navigation and of the main part. */
  readonly navigation: string;
  readonly contents: string;
  /** Rules beside those of every page. */
  readonly style?: string;
  readonly script?: string;
}

/** The whole page. */
export function htmlFrame({ title, note, main, navigation, contents, style = '', script }: HtmlFrame): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'${script === undefined ? '' : "; script-src 'unsafe-inline'"}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${HTML_STYLE}${style}</style>
</head>
<body>
<a class="skip" href="#${main.id}">Skip to ${main.name}</a>
<header><h1>${escapeHtml(title)}</h1><p class="quiet">${escapeHtml(note)}</p></header>
<div class="page">
${navigation}
<main id="${main.id}" tabindex="-1">
${contents}
</main>
</div>
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
}
