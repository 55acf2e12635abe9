import manifold from 'manifold-3d';

export async function load() {
  const wasm = await manifold();
  wasm.setup();
  return () => {
    const cube = wasm.Manifold.cube([2, 2, 2], true);
    const sphere = wasm.Manifold.sphere(1.3, 32);
    const cut = cube.subtract(sphere);
    const text = `${cut.volume()} ${cut.surfaceArea()} ${cut.getMesh().triVerts.length}`;
    for (const each of [cube, sphere, cut]) each.delete();
    return text;
  };
}
