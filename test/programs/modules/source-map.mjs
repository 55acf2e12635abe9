// Large source maps: 120,000 mappings made, read, asked in every direction and order, with sections, and maps over maps.
import { SourceMapConsumer, SourceMapGenerator, SourceNode } from 'source-map';

const generator = new SourceMapGenerator({ file: 'out.js', sourceRoot: '/src/' });
let seed = 3;
const random = (below) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed >>> 8) % below;
};
for (let line = 1; line <= 6000; line++) {
  for (let k = 0, column = 0; k < 20; k++, column += 1 + random(9)) {
    generator.addMapping({
      generated: { line, column },
      original: { line: 1 + random(3000), column: random(120) },
      source: `dir${random(9)}/file${random(40)}.ts`,
      ...(k % 3 === 0 ? { name: `name${random(500)}` } : {}),
    });
  }
}
for (let i = 0; i < 40; i++) generator.setSourceContent(`dir1/file${i}.ts`, `// ${i}\n`.repeat(50));
const text = generator.toString();
const digest = (values) => {
  let hash = 5381;
  for (const c of JSON.stringify(values)) hash = (Math.imul(hash, 33) ^ c.charCodeAt(0)) >>> 0;
  return hash.toString(16);
};
console.log('map', text.length, digest(text));

await SourceMapConsumer.with(text, null, (consumer) => {
  const found = [];
  for (let line = 1; line <= 6000; line += 3)
    for (const bias of [SourceMapConsumer.GREATEST_LOWER_BOUND, SourceMapConsumer.LEAST_UPPER_BOUND])
      found.push(consumer.originalPositionFor({ line, column: random(120), bias }));
  console.log('original', found.length, digest(found));
  const back = [];
  for (const source of consumer.sources.slice(0, 60))
    for (let line = 1; line < 3000; line += 211) {
      back.push(consumer.generatedPositionFor({ source, line, column: 40, bias: SourceMapConsumer.LEAST_UPPER_BOUND }));
      back.push(consumer.allGeneratedPositionsFor({ source, line }));
    }
  console.log('generated', back.length, digest(back));
  for (const order of [SourceMapConsumer.GENERATED_ORDER, SourceMapConsumer.ORIGINAL_ORDER]) {
    const mappings = [];
    consumer.eachMapping((m) => mappings.push([m.generatedLine, m.generatedColumn, m.originalLine, m.originalColumn, m.name]), null, order);
    console.log('each', mappings.length, digest(mappings));
  }
  consumer.computeColumnSpans();
  console.log('spans', digest(consumer.allGeneratedPositionsFor({ source: consumer.sources[3], line: 500 })));
  console.log('contents', consumer.hasContentsOfAllSources(), consumer.sources.map((s) => consumer.sourceContentFor(s, true)?.length ?? 0).join());
});

const sections = { version: 3, file: 'all.js', sections: [0, 7000, 14000].map((line) => ({ offset: { line, column: 0 }, map: JSON.parse(text) })) };
await SourceMapConsumer.with(sections, null, (consumer) => {
  const found = [];
  for (let line = 1; line < 20000; line += 17) found.push(consumer.originalPositionFor({ line, column: 30 }));
  console.log('sections', digest(found));
});

for (let round = 0; round < 6; round++) {
  const small = new SourceMapGenerator({ file: 'dir1/file1.ts' });
  for (let i = 1; i < 4000; i++)
    small.addMapping({ generated: { line: i, column: i % 70 }, original: { line: i * 2, column: 1 }, source: `deep${round}.coffee` });
  await SourceMapConsumer.with(small.toString(), null, async (inner) => {
    const copy = await SourceMapConsumer.with(text, null, (outer) => SourceMapGenerator.fromSourceMap(outer));
    copy.applySourceMap(inner, '/src/dir1/file1.ts');
    console.log('applied', digest(copy.toString()));
  });
}

const tree = new SourceNode(null, null, null, Array.from({ length: 8000 }, (_, i) => new SourceNode(i + 1, i % 50, `s${i % 7}.js`, `f(${i});${i % 5 ? '' : '\n'}`, i % 4 ? null : `f${i}`)));
const { code, map } = tree.toStringWithSourceMap({ file: 'tree.js' });
const node = await SourceMapConsumer.with(map.toString(), null, (consumer) => SourceNode.fromStringWithSourceMap(code, consumer));
console.log('tree', code.length, digest(node.toString()), digest(map.toString()));
for (const wrong of ['{"version":3,"sources":["a"],"names":[],"mappings":"A!"}', '{"version":3,"sources":[],"names":[],"mappings":"gggggggggggggggB"}']) {
  await SourceMapConsumer.with(wrong, null, (consumer) => consumer.eachMapping(() => {})).catch((error) => console.log('refused', error.message));
}
