// How the bad pointer or number gets from where it is made to where it is used: in one function, behind conditions and
// loops, through arguments, globals, containers and objects. Each flow writes one function `name` and what it needs.

export interface Parts {
  readonly name: string;
  /** Type of the variable `data` that goes from `make` to `use`. */
  readonly type: string;
  readonly initial: string;
  /** Objects that must live as long as the function. */
  readonly declare: string;
  /** Statements that give `data` its value. */
  readonly make: string;
  /** Statements that use `data`. */
  readonly use: string;
}

export interface Flow {
  readonly name: string;
  readonly cpp?: boolean;
  readonly write: (parts: Parts) => string;
}

/** A function of straight code around `body`. */
function around({ name, type, initial, declare }: Parts, body: string): string {
  return `NOINLINE static void ${name}(void) {
  ${type} data;
  ${declare}
  data = ${initial};
  ${body}
}`;
}

/** Two conditions around what is made and what is used. */
function guarded(name: string, open: string, close = '}'): Flow {
  return {
    name,
    write: (p) => around(p, `${open}\n    ${p.make}\n  ${close}\n  ${open}\n    ${p.use}\n  ${close}`),
  };
}

const helper = (p: Parts, suffix: string, parameter: string, before: string): string =>
  `NOINLINE static void ${p.name}_${suffix}(${parameter}) {\n  ${before}\n  ${p.use}\n}\n`;

/** `pass` is called with `data` in the outer function; `unpack` gets it back inside. */
function passed(
  name: string,
  parameter: (type: string) => string,
  pass: string,
  unpack: (type: string) => string,
): Flow {
  return {
    name,
    write: (p) =>
      helper(p, 'sink', parameter(p.type), unpack(p.type)) +
      around(p, `${p.make}\n  ${pass.replace('SINK', `${p.name}_sink`)}`),
  };
}

const TEMPLATES: readonly Flow[] = [
  { name: 'direct', write: (p) => around(p, `${p.make}\n  {\n    ${p.use}\n  }`) },
  guarded('if_constant', 'if (constant_five == 5) {'),
  guarded('if_global', 'if (global_five == 5) {'),
  guarded('if_returns', 'if (returns_true()) {'),
  guarded('switch', 'switch (6) {\n  case 6:', 'break;\n  default:\n    print_line("never");\n  }'),
  guarded('while', 'while (1) {', 'break;\n  }'),
  guarded('for', 'for (int once = 0; once < 1; once++) {'),
  {
    name: 'goto',
    write: (p) => around(p, `goto source;\nsource:\n  ${p.make}\n  goto sink;\nsink:\n  {\n    ${p.use}\n  }`),
  },
  {
    name: 'through_pointer',
    write: (p) =>
      around(
        p,
        `${p.type} *one = &data;
  ${p.type} *other = &data;
  {
    ${p.type} data = *one;
    ${p.make}
    *one = data;
  }
  {
    ${p.type} data = *other;
    ${p.use}
  }`,
      ),
  },
  {
    name: 'union',
    write: (p) =>
      around(
        p,
        `union { ${p.type} one; ${p.type} other; } both;
  ${p.make}
  both.one = data;
  {
    ${p.type} data = both.other;
    ${p.use}
  }`,
      ),
  },
  passed(
    'argument',
    (t) => `${t} data`,
    'SINK(data);',
    () => '',
  ),
  passed(
    'pointer_argument',
    (t) => `${t} *in`,
    'SINK(&data);',
    (t) => `${t} data = *in;`,
  ),
  passed(
    'void_argument',
    () => 'void *in',
    'SINK(&data);',
    (t) => `${t} data = *(${t} *)in;`,
  ),
  {
    name: 'struct_argument',
    write: (p) => `struct ${p.name}_box { ${p.type} data; };
${helper(p, 'sink', `struct ${p.name}_box box`, `${p.type} data = box.data;`)}${around(p, `struct ${p.name}_box box;\n  ${p.make}\n  box.data = data;\n  ${p.name}_sink(box);`)}`,
  },
  passed(
    'array_argument',
    (t) => `${t} in[]`,
    `{ PTYPE all[5]; all[2] = data; SINK(all); }`,
    (t) => `${t} data = in[2];`,
  ),
  {
    name: 'function_pointer',
    write: (p) =>
      helper(p, 'sink', `${p.type} data`, '') +
      around(p, `void (*sink)(${p.type}) = ${p.name}_sink;\n  ${p.make}\n  sink(data);`),
  },
  {
    name: 'global_variable',
    write: (p) => `static ${p.type} ${p.name}_shared;
${helper(p, 'sink', 'void', `${p.type} data = ${p.name}_shared;`)}${around(p, `${p.make}\n  ${p.name}_shared = data;\n  ${p.name}_sink();`)}`,
  },
  {
    name: 'global_flag',
    write: (p) => `static int ${p.name}_flag = 0;
NOINLINE static void ${p.name}_sink(${p.type} data) {
  if (${p.name}_flag) {
    ${p.use}
  }
}
${around(p, `${p.make}\n  ${p.name}_flag = 1;\n  ${p.name}_sink(data);`)}`,
  },
  {
    name: 'four_deep',
    write: (p) => {
      const next = (n: number) =>
        `NOINLINE static void ${p.name}_${n}(${p.type} data) {\n  ${p.name}_${n + 1}(data);\n}\n`;
      return `${helper(p, '4', `${p.type} data`, '')}${next(3)}${next(2)}${next(1)}${around(p, `${p.make}\n  ${p.name}_1(data);`)}`;
    },
  },
  {
    ...passed(
      'reference',
      (t) => `${t} &data`,
      'SINK(data);',
      () => '',
    ),
    cpp: true,
  },
  {
    ...passed(
      'vector',
      (t) => `std::vector<${t}> in`,
      '{ std::vector<PTYPE> all(5, data); all[2] = data; SINK(all); }',
      (t) => `${t} data = in[2];`,
    ),
    cpp: true,
  },
  {
    ...passed(
      'list',
      (t) => `std::list<${t}> in`,
      '{ std::list<PTYPE> all; all.push_back(data); all.push_back(data); SINK(all); }',
      (t) => `${t} data = in.back();`,
    ),
    cpp: true,
  },
  {
    ...passed(
      'map',
      (t) => `std::map<int, ${t}> in`,
      '{ std::map<int, PTYPE> all; all[0] = data; all[2] = data; SINK(all); }',
      (t) => `${t} data = in[2];`,
    ),
    cpp: true,
  },
  {
    name: 'class',
    cpp: true,
    write: (p) => `struct ${p.name}_class {
  ${p.type} data;
  ${p.name}_class(${p.type} in) : data(in) {}
  ~${p.name}_class() {
    ${p.use}
  }
};
${around(p, `${p.make}\n  ${p.name}_class object(data);`)}`,
  },
  {
    name: 'virtual',
    cpp: true,
    write: (p) => `struct ${p.name}_base {
  virtual void act(${p.type} data) const = 0;
  virtual ~${p.name}_base() {}
};
struct ${p.name}_derived : ${p.name}_base {
  void act(${p.type} data) const override {
    ${p.use}
  }
};
${around(p, `${p.make}\n  const ${p.name}_base &object = ${p.name}_derived();\n  object.act(data);`)}`,
  },
];

/** `PTYPE` stands for the type of the data where a flow is written as a template. */
export const FLOWS: readonly Flow[] = TEMPLATES.map((flow) => ({
  ...flow,
  write: (p: Parts) => flow.write(p).replaceAll('PTYPE', p.type),
}));
