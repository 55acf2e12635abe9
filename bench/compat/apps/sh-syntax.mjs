import { readFileSync } from 'node:fs';

export async function load() {
  const { parse, print } = await import('sh-syntax');
  const script = readFileSync(new URL('script.sh', import.meta.url), 'utf8');
  return async () => {
    const ast = await parse(script);
    const again = await print(ast, { originalText: script });
    const short = await print(script, { minify: true });
    const wrong = await print('if [').catch((error) => error.message);
    return [JSON.stringify(ast).length, again.length, short, wrong].join('\n');
  };
}
