import { init } from 'z3-solver';

export async function load() {
  const { Context } = await init();
  return async () => {
    const { Int, Solver, And } = new Context('main');
    const [x, y] = [Int.const('x'), Int.const('y')];
    const solver = new Solver();
    solver.add(And(x.gt(2), y.eq(x.mul(3)), y.lt(20)));
    return `${await solver.check()} ${solver.model()}`;
  };
}
