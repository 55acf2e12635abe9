import rapier from '@dimforge/rapier3d-compat';

export async function load() {
  await rapier.init();
  return () => {
    const world = new rapier.World({ x: 0, y: -9.81, z: 0 });
    world.createCollider(rapier.ColliderDesc.cuboid(10, 0.1, 10));
    const bodies = Array.from({ length: 20 }, (_, i) => {
      const body = world.createRigidBody(rapier.RigidBodyDesc.dynamic().setTranslation((i % 5) * 0.3, 2 + i, 0));
      world.createCollider(rapier.ColliderDesc.cuboid(0.5, 0.5, 0.5), body);
      return body;
    });
    for (let i = 0; i < 60; i++) world.step();
    const text = bodies.map((b) => Object.values(b.translation()).join(' ')).join('\n');
    world.free();
    return text;
  };
}
