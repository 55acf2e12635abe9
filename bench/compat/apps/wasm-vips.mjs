import Vips from 'wasm-vips';

export async function load() {
  const vips = await Vips({ dynamicLibraries: [] });
  return () => {
    const gradient = vips.Image.xyz(200, 150);
    const picture = vips.Image.black(200, 150).bandjoin([gradient, 30]).cast('uchar').copy({ interpretation: 'srgb' });
    const small = picture.resize(0.5).gaussblur(2).rotate(30);
    const files = ['.png', '.jpg', '.webp'].map((format) => small.writeToBuffer(format));
    const sizes = files.map((file) => {
      const back = vips.Image.newFromBuffer(file);
      return `${file.length} ${back.width}x${back.height} ${back.avg().toFixed(3)}`;
    });
    return sizes.join('\n');
  };
}
