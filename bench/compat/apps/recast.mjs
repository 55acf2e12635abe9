import { init, NavMeshQuery } from 'recast-navigation';
import { generateSoloNavMesh } from 'recast-navigation/generators';

const CORNERS = [-10, 0, -10, 10, 0, -10, 10, 0, 10, -10, 0, 10];
const TRIANGLES = [0, 2, 1, 0, 3, 2];

export async function load() {
  await init();
  return () => {
    const { success, navMesh } = generateSoloNavMesh(CORNERS, TRIANGLES, { cs: 0.2, ch: 0.2 });
    if (!success) return 'no mesh';
    const query = new NavMeshQuery(navMesh);
    const { path } = query.computePath({ x: -8, y: 0, z: -8 }, { x: 8, y: 0, z: 8 });
    const text = path.map(({ x, y, z }) => [x, y, z].map((n) => n.toFixed(2)).join(' ')).join(', ');
    query.destroy();
    navMesh.destroy();
    return text;
  };
}
