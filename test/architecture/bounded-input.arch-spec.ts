import 'reflect-metadata';
import { PARAMTYPES_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { getMetadataStorage, validate } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BODY_LIMIT } from '../../src/common/access/route.decorators.js';
import { BODY_LIMITS } from '../../src/common/http/body-limits.js';
import { parseJsonBody } from '../../src/common/http/json-body.parser.js';
import { ProblemException } from '../../src/common/http/problem.exception.js';
import { createValidationPipe, validateAs } from '../../src/common/validation/validation.pipe.js';
import { expectLinearTime } from '../support/linear-time.js';
import { sourceFiles } from './source-tree.js';

type Dto = new () => object;

interface Storage {
  readonly validationMetadatas: ReadonlyMap<Dto, readonly { readonly propertyName: string; readonly type: string }[]>;
}

/** A body or query that a route takes. */
interface Input {
  readonly route: string;
  readonly dto: Dto;
  readonly maxBytes: number;
}

/** Every file that declares a DTO or takes one. */
const loaded = await Promise.all(
  sourceFiles('src', (name) => /\.(?:dto|controller)\.ts$|\/paging\/page\.ts$/.test(name)).map(
    async ({ path }) => (await import(`../../${path}`)) as Readonly<Record<string, unknown>>,
  ),
);

const classes = (getMetadataStorage() as unknown as Storage).validationMetadatas;

/** What is ignored, so that what was read can be sent back. */
const IGNORED = new Set(['warnings', 'chosen']);

/** Lists whose elements are checked one by one after the list itself, each with an error of its own. */
const CHECKED_LATER = new Set(['allowList', 'trustedProxies', 'readOnlyExceptions', 'headers']);

function propertiesOf(dto: Dto): readonly string[] {
  const names = getMetadataStorage()
    .getTargetValidationMetadatas(dto, '', true, false)
    .map(({ propertyName }) => propertyName);
  return [...new Set(names)].filter((name) => !IGNORED.has(name));
}

async function isRefused(dto: Dto, property: string, value: unknown): Promise<boolean> {
  const errors = await validate(Object.assign(new dto(), { [property]: value }), { forbidUnknownValues: true });
  return errors.some((error) => error.property === property);
}

const LONG_TEXT = 'x'.repeat(70_000);

describe('every property of every body and query', () => {
  const properties = [...classes.keys()].flatMap((dto) =>
    propertiesOf(dto).map((property) => ({ name: `${dto.name}.${property}`, dto, property })),
  );

  it('R112: is known here', () => {
    expect(properties.length).toBeGreaterThan(100);
    expect([...classes.keys()].map((dto) => dto.name)).toEqual(
      expect.arrayContaining([
        'CreateTokenDto',
        'ReplaceSettingsDto',
        'VendorTokenQuery',
        'PageQuery',
        'ChangedUserDto',
      ]),
    );
  });

  it.each(properties)('R112: $name refuses a text without bounds', async ({ dto, property }) => {
    expect(await isRefused(dto, property, LONG_TEXT)).toBe(true);
  });

  it.each(properties)('R112: $name refuses a list without bounds', async ({ dto, property }) => {
    const many = Array.from({ length: 30_000 }, (_, index) => `${index}`);
    expect(await isRefused(dto, property, many)).toBe(true);
    if (!CHECKED_LATER.has(property)) expect(await isRefused(dto, property, [LONG_TEXT])).toBe(true);
  });
});

/** The parameters of the handlers that are read from a body or a query, and their classes. */
function inputs(): readonly Input[] {
  return loaded.flatMap((module) =>
    Object.values(module)
      .filter((value): value is Dto => typeof value === 'function' && value.name.endsWith('Controller'))
      .flatMap((controller) =>
        Object.getOwnPropertyNames(controller.prototype).flatMap((name) => inputsOf(controller, name)),
      ),
  );
}

function inputsOf(controller: Dto, name: string): readonly Input[] {
  const prototype = controller.prototype as Readonly<Record<string, object>>;
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Readonly<
    Record<string, { readonly index: number }>
  >;
  const types = (Reflect.getMetadata(PARAMTYPES_METADATA, prototype, name) ?? []) as readonly Dto[];
  const maxBytes = (Reflect.getMetadata(BODY_LIMIT, prototype[name] ?? {}) as number | undefined) ?? BODY_LIMITS.small;
  return Object.entries(parameters)
    .filter(([key]) => /^[34]:/.test(key))
    .map(([, { index }]) => ({ route: `${controller.name}.${name}`, dto: types[index] ?? Object, maxBytes }));
}

/** Fills a text with pieces up to a size. */
function filled(begin: string, piece: (index: number) => string, end: string, bytes: number): string {
  const pieces: string[] = [];
  for (let size = begin.length + end.length, index = 0; ; index += 1) {
    const next = piece(index);
    size += next.length + 1;
    if (size > bytes) return `${begin}${pieces.join(',')}${end}`;
    pieces.push(next);
  }
}

/** Bodies of any size on which a quadratic reader of any kind takes minutes at the maximum. */
function hostileBodies(names: readonly string[]): readonly ((bytes: number) => string)[] {
  const of =
    (begin: string, piece: (index: number) => string, end: string) =>
    (bytes: number): string =>
      filled(begin, piece, end, bytes);
  return [
    of('{', (index) => `"${index.toString(36)}":0`, '}'),
    of('[', (index) => `"${index.toString(36)}"`, ']'),
    of('{"unknown":[', (index) => `{"${index % 50}":[{}]}`, ']}'),
    ...names.flatMap((name) => [
      of(`{"${name}":[`, (index) => `"${index.toString(36)}"`, ']}'),
      of(`{"${name}":[`, () => '""', ']}'),
      of(`{"${name}":[`, () => '{}', ']}'),
      of(`{"${name}":[`, () => '[[]]', ']}'),
      (bytes: number) => `{"${name}":"${'a@'.repeat((bytes - name.length - 8) / 2)}"}`,
      (bytes: number) => `{"${name}":"${' '.repeat(bytes - name.length - 8)}"}`,
    ]),
  ];
}

describe('a hostile body of the maximum size', () => {
  const bodies = inputs().filter(({ dto }) => dto !== Object && classes.has(dto));
  const pipe = createValidationPipe();

  it('R112: is tried on every route whose body has a class', () => {
    expect(bodies.length).toBeGreaterThan(12);
  });

  // With 180,000 names, a quadratic reader took 76 seconds for one body.
  it.each(bodies)('R112: takes bounded work and a short answer at $route', async ({ dto, maxBytes }) => {
    for (const bodyOf of hostileBodies(propertiesOf(dto))) {
      const body = bodyOf(maxBytes);
      const told = body.slice(0, 40);
      const refusalOf = (text: string): Promise<unknown> => read(text, dto).catch((error: unknown) => error);
      await expectLinearTime(maxBytes, bodyOf, refusalOf);
      const refusal = await refusalOf(body);
      if (!(refusal instanceof ProblemException)) continue;
      expect(refusal.status, told).toBe(400);
      expect(refusal.errors?.length ?? 0, told).toBeLessThanOrEqual(50);
      expect(JSON.stringify([refusal.detail, refusal.errors]).length, told).toBeLessThan(40_000);
    }
  });

  async function read(body: string, dto: Dto): Promise<unknown> {
    const value = parseJsonBody(Buffer.from(body));
    return pipe.transform(value, { type: 'body', metatype: dto });
  }

  it('R112: refuses unknown names, and lists at most some of them', async () => {
    const first = [...classes.keys()].find((dto) => dto.name === 'CreateTokenDto');
    const body = `{${Array.from({ length: 90 }, (_, index) => `"${'n'.repeat(300)}${index}":0`).join(',')}}`;
    const refusal: unknown = await validateAs(first as Dto, parseJsonBody(Buffer.from(body))).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ProblemException);
    const { errors, detail } = refusal as ProblemException;
    expect(errors).toHaveLength(50);
    expect(detail).toMatch(/ and \d+ more$/);
  });
});
