import { createRequire } from 'node:module';
import { Language, Parser } from 'web-tree-sitter';

const require = createRequire(import.meta.url);

export async function load() {
  await Parser.init();
  const language = await Language.load(require.resolve('tree-sitter-json/tree-sitter-json.wasm'));
  return () => {
    const parser = new Parser();
    parser.setLanguage(language);
    const source = JSON.stringify(Array.from({ length: 300 }, (_, i) => ({ id: i, name: `n${i}`, list: [i, null, true] })));
    const tree = parser.parse(source);
    const changed = source.replace('"n1"', '"one"');
    tree.edit({
      startIndex: 0,
      oldEndIndex: source.length,
      newEndIndex: changed.length,
      startPosition: { row: 0, column: 0 },
      oldEndPosition: { row: 0, column: source.length },
      newEndPosition: { row: 0, column: changed.length },
    });
    const again = parser.parse(changed, tree);
    const text = again.rootNode.toString();
    tree.delete();
    again.delete();
    parser.delete();
    return `${text.length} ${text.slice(0, 400)}`;
  };
}
