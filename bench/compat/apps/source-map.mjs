import { createRequire } from 'node:module';

export async function load() {
  const { SourceMapConsumer, SourceMapGenerator } = createRequire(import.meta.url)('source-map');
  const generator = new SourceMapGenerator({ file: 'out.js' });
  for (let i = 1; i < 2000; i++) {
    generator.addMapping({
      generated: { line: i, column: (i * 7) % 80 },
      original: { line: 2 * i, column: i % 40 },
      source: `in${i % 5}.js`,
      name: `n${i % 31}`,
    });
  }
  const map = generator.toString();
  return () =>
    SourceMapConsumer.with(map, null, (consumer) => {
      let text = '';
      for (let i = 1; i < 2000; i += 13)
        text += JSON.stringify(consumer.originalPositionFor({ line: i, column: (i * 7) % 80 }));
      consumer.eachMapping((m) => {
        text += `${m.generatedLine}:${m.originalColumn};`;
      });
      return text;
    });
}
