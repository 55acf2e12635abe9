import { init } from 'z3-solver';

export async function load() {
  const { Context } = await init();
  const { Int, Solver, And } = new Context('main'); // one: contexts are not freed, and 2 GiB hold a few hundred of them
  return async () => {
    const [x, y] = [Int.const('x'), Int.const('y')];
    const solver = new Solver();
    solver.add(And(x.gt(2), y.eq(x.mul(3)), y.lt(20)));
    return `${await solver.check()} ${solver.model()}`;
  };
}
