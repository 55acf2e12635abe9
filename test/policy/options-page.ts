// docs/OPTIONS.md, from the tables: every option with its default, where that is not ASan's the reason, and what becomes of
// the options of ASan and LSan that are none here. `npx node test/policy/options-page.ts` writes it.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LSAN_NAMES, OPTIONS, type OptionRow, SHORT_FLAGS } from '../../host/option-table.ts';
import { UPSTREAM_OPTIONS } from '../../host/upstream-options.ts';

export const PAGE = fileURLToPath(new URL('../../docs/OPTIONS.md', import.meta.url));

export function optionsPage(): string {
  const renamed = Object.entries(LSAN_NAMES).map(([theirs, ours]) => `\`${theirs}\` is \`${ours}\` here`);
  const short = Object.entries(SHORT_FLAGS).map(
    ([flag, [name, value]]) => `\`${flag}\` is short for \`--${name}=${value}\``,
  );
  return `# Options

Written by \`npx node test/policy/options-page.ts\` from the tables in \`host/option-table.ts\` and \`host/upstream-options.ts\`; a test
holds both against the flags of compiler-rt (\`asan_flags.inc\`, \`sanitizer_flags.inc\`, \`lsan_flags.inc\`).

Set them in \`ASAN_OPTIONS\` (\`name=value:name=value\`), in \`LSAN_OPTIONS\` (${renamed.join(', ')}), or as flags
(\`--name=value\`, \`--name\`, \`--no-name\`; dashes are as good as underscores; ${short.join(', ')}).

| option | default | what it does |
| --- | --- | --- |
${OPTIONS.map(rowOf).join('\n')}

## Defaults that are not ASan's

| option | here | ASan | why |
| --- | --- | --- | --- |
${OPTIONS.filter((row) => 'differs' in row)
  .map(
    (row: OptionRow) =>
      `| \`${row.name}\` | ${shown(row.default)} | ${row.differs!.upstream} | ${row.differs!.because} |`,
  )
  .join('\n')}

## Options of ASan and LSan without effect

They are accepted, so that settings made for native programs still work; \`verbosity=1\` names those that were given.

| options | why |
| --- | --- |
${grouped(UPSTREAM_OPTIONS.filter((option) => option.only === undefined))}

## Options of ASan that are refused

The run would not be what was asked for. The value in the table is accepted.

| options | instead |
| --- | --- |
${grouped(UPSTREAM_OPTIONS.filter((option) => option.only !== undefined))}
`;
}

function rowOf(row: OptionRow): string {
  const choices = row.type === 'choice' ? ` One of ${row.choices.join(', ')}.` : '';
  return `| \`${row.name}\` | ${shown(row.default)} | ${row.sentence}${choices} |`;
}

function shown(value: boolean | number | string): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}

function grouped(options: typeof UPSTREAM_OPTIONS): string {
  const groups = new Map<string, string[]>();
  for (const { name, because, only } of options) {
    const text = only === undefined ? `\`${name}\`` : `\`${name}=${only}\``;
    groups.set(because, [...(groups.get(because) ?? []), text]);
  }
  return [...groups].map(([because, names]) => `| ${names.join(', ')} | ${because} |`).join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, optionsPage());
