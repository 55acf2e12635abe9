// The part of docs/ABI.md about the sanitizer interface, from its table. `npx node test/report/interface-page.ts` writes it.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HOOKS, INTERFACE } from '../../instrument/interface-table.ts';

export const PAGE = fileURLToPath(new URL('../../docs/ABI.md', import.meta.url));
const BEGIN = '## For compiled code and for users\n';
const END = '## Between inserted code and the runtime\n';

export function interfaceSection(): string {
  return `${BEGIN}
Code that imports these (from any module name) is bound to the runtime when it is instrumented; one of another type is refused.
Signatures and meanings are those of compiler-rt and of the kernel's KASAN. A module instrumented without \`--host\` also exports
those that the runtime answers. "host": the runtime asks wasan's host (\`wasan run\`, \`wasan node\`, \`load()\`, \`wasan fuzz\`), and
without one answers 0; "nobody": there is nothing to do. Texts that are answered lie in blocks of the program's own allocator. The section is written by
\`npx node test/report/interface-page.ts\` from \`instrument/interface-table.ts\`.

${INTERFACE.map(([header, rows]) =>
  [
    `| ${header} | signature | by | meaning |`,
    '|---|---|---|---|',
    ...rows.map((row) => `| \`${row.names}\` | ${row.type} | ${row.by} | ${row.meaning} |`),
  ].join('\n'),
).join('\n\n')}

What a program may define, and must keep from the linker (\`__attribute__((used, export_name("__asan_on_error")))\`, or a name in
the name section). Texts of options are read from the module's data, not asked for: the function must return a constant. They may
not name files.

| defined by the program | signature | meaning |
|---|---|---|
${HOOKS.map((hook) => `| \`${hook.name}\` | ${hook.type} | ${hook.meaning} |`).join('\n')}

While a callback runs, nothing it does is judged. Death and report callbacks are not called for what the engine itself finds (an
access past the end of memory, endless recursion), which stops the program before anybody can be called.

`;
}

/** The page with the section as the table has it. */
export function pageWith(page: string): string {
  return page.slice(0, page.indexOf(BEGIN)) + interfaceSection() + page.slice(page.indexOf(END));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8')));
