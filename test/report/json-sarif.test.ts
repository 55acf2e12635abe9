// JSON against its own schema, SARIF against OASIS's, for every kind of report; then what they say in particular.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Ajv4 from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { jsonText, toJsonValue } from '../../host/report/json.ts';
import { sarifLog, sarifText } from '../../host/report/sarif.ts';
import * as abi from '../../runtime/abi.ts';
import { freedHeap } from './blocks.ts';
import { reportOf, SITE } from './context.ts';
import { leakSample, samples } from './samples.ts';

const REPORTS = [...samples(), leakSample()];

function expectValid(validate: ValidateFunction, value: unknown): void {
  expect(validate(value) ? [] : validate.errors).toEqual([]);
}

function useAfterFree(): ReturnType<typeof reportOf> {
  const { image } = freedHeap();
  image.report({
    kind: abi.KIND_HEAP_UAF,
    access: abi.ACCESS_WRITE,
    address: 0x10014,
    size: 2,
    stack: [SITE.start, SITE.fill],
    shadowByte: 0xfd,
  });
  return reportOf(image);
}

describe('JSON', () => {
  const schema = JSON.parse(readFileSync(new URL('../../host/report/report.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);

  it.each(REPORTS.map((report) => [report.scheme, report.name, report] as const))(
    '%s %s is valid',
    (_s, _n, report) => {
      expectValid(validate, JSON.parse(jsonText(report)));
    },
  );

  it('the schema refuses what it does not know', () => {
    expect(validate({ ...toJsonValue(useAfterFree()), surprise: 1 })).toBe(false);
    expect(validate({ ...toJsonValue(useAfterFree()), schema: 'wasan-report/2' })).toBe(false);
  });

  it('says everything the text says', () => {
    const value = toJsonValue(useAfterFree());
    expect(value).toMatchObject({
      schema: 'wasan-report/1',
      layout: 'access',
      serial: 1,
      name: 'heap-use-after-free',
      title: 'heap-use-after-free',
      scheme: 'asan',
      pid: 7,
      thread: 'T0',
      access: { start: 0x10014, size: 2, firstBad: 0x10014, address: 0x10014, write: true, range: false },
      shadowByte: 0xfd,
      stack: [{ function: '_start' }, { function: 'fill', file: 'src/demo.c', line: 6, column: 12, offset: 0x2a4 }],
      place: {
        where: 'heap',
        begin: 0x10010,
        size: 10,
        freed: true,
        family: 'malloc',
        distance: { relation: 'inside', bytes: 4 },
        released: { thread: 'T0', frames: [{ offset: 0x180 }, { function: 'main', line: 13 }] },
        allocated: { thread: 'T0', frames: [{ function: 'malloc' }, { function: 'main', line: 11 }] },
      },
    });
    const shadow = value.shadow as { first: number; bytes: string; guilty: number };
    expect(shadow.guilty).toBe(0x10014 >> 3);
    expect(shadow.bytes.slice((shadow.guilty - shadow.first) * 2, (shadow.guilty - shadow.first + 1) * 2)).toBe('fd');
  });

  it('is one line', () => {
    expect(jsonText(useAfterFree()).match(/\n/g)).toHaveLength(1);
  });

  it('keeps a size above 2^53 exact', () => {
    const wide = REPORTS.find((report) => report.name === 'negative-size')!;
    expect(toJsonValue(wide)).toMatchObject({
      access: { size: '18446744073709551614' },
      parameters: { what: 'negative-size', size: -2 },
    });
  });
});

describe('SARIF', () => {
  const require = createRequire(import.meta.url);
  const schema = require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as Record<string, unknown>;
  // The schema has a pattern that only compiles without the u flag.
  const ajv = new (Ajv4 as unknown as typeof Ajv)({ strict: false, allErrors: true, unicodeRegExp: false });
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  const validate = ajv.compile(schema);
  interface Result {
    ruleId: string;
    ruleIndex: number;
    level: string;
    message: { text: string };
    locations: unknown[];
    relatedLocations?: unknown[];
    stacks: { message: { text: string }; frames: unknown[] }[];
    partialFingerprints: Record<string, string>;
  }
  const resultsOf = (...reports: typeof REPORTS): Result[] => {
    const log = sarifLog({ reports, toolVersion: '1.2.3' }) as { runs: { results: Result[] }[] };
    return log.runs[0]!.results;
  };

  it('is valid for every kind at once, and for none', () => {
    expectValid(validate, JSON.parse(sarifText({ reports: REPORTS, toolVersion: '1.2.3' })));
    expectValid(validate, JSON.parse(sarifText({ reports: [], toolVersion: '1.2.3' })));
  });

  it('the schema refuses nonsense', () => {
    expect(validate({ version: '2.1.0', runs: [{}] })).toBe(false);
  });

  it('points every result at its rule', () => {
    const log = sarifLog({ reports: REPORTS, toolVersion: '1.2.3' }) as {
      runs: { tool: { driver: { rules: { id: string }[]; semanticVersion: string } }; results: Result[] }[];
    };
    const { tool, results } = log.runs[0]!;
    expect(tool.driver.semanticVersion).toBe('1.2.3');
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(results).toHaveLength(REPORTS.length - 1 + 2); // the leak report has two stacks
  });

  it('places a finding at the innermost frame with a source, and relates its history', () => {
    const [result] = resultsOf(useAfterFree());
    expect(result).toMatchObject({
      ruleId: 'heap-use-after-free',
      level: 'error',
      message: {
        text: 'heap-use-after-free: WRITE of size 2 at 0x00010014, 4 bytes inside freed 10-byte block [0x00010010,0x0001001a)',
      },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'src/demo.c' }, region: { startLine: 6, startColumn: 12 } },
          logicalLocations: [{ fullyQualifiedName: 'fill', kind: 'function' }],
        },
      ],
      relatedLocations: [
        { id: 1, message: { text: 'freed by thread T0' }, physicalLocation: { region: { startLine: 13 } } },
        { id: 2, message: { text: 'allocated by thread T0' }, physicalLocation: { region: { startLine: 11 } } },
      ],
      partialFingerprints: { 'wasan/v1': 'heap-use-after-free|_start<fill|+0x180<main' },
    });
    expect(result!.stacks.map(({ frames }) => frames.length)).toEqual([2, 2, 2]);
    expect(result!.stacks[0]!.frames[0]).toMatchObject({
      location: { physicalLocation: { artifactLocation: { uri: 'demo.wasm' }, region: { byteOffset: 0x3f0 } } },
    });
  });

  it.each([
    ['src/a b.c', 'src/a%20b.c'],
    ['/home/me/x#1.c', 'file:///home/me/x%231.c'],
    ['C:\\src\\x.c', 'file:///C:/src/x.c'],
    ['webpack:///./x.ts', 'webpack:///./x.ts'],
  ])('writes %s as a URI', (file, uri) => {
    const report = { ...useAfterFree(), stack: [{ function: 'f', file, line: 1 }] };
    expect(resultsOf(report)[0]!.locations).toMatchObject([{ physicalLocation: { artifactLocation: { uri } } }]);
    expectValid(validate, JSON.parse(sarifText({ reports: [report], toolVersion: '1.2.3' })));
  });

  it('makes one result of each leaking stack', () => {
    const results = resultsOf(leakSample());
    expect(results.map(({ message, level }) => [message.text, level])).toEqual([
      ['direct leak of 16 bytes in 2 blocks', 'warning'],
      ['indirect leak of 100 bytes in 1 blocks', 'warning'],
    ]);
  });
});
