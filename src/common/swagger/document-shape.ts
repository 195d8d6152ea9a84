import type { OpenAPIObject } from '@nestjs/swagger';
import { REQUEST_ID_HEADER } from './response-headers.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

const SCHEMA_PATH = '#/components/schemas/';

/** Members and parameters with these names are instants. */
const INSTANT = /^(?:at|from|to)$|(?:At|Until|From|(?<!^return)To)$/;

/** For all operations and schemas: removes what the generator adds, and adds what the code does not say. */
export function shapeDocument(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined) continue;
      // The CLI plugin adds this answer; `ApiRoute` sets the real status.
      delete operation.responses['default'];
      for (const response of Object.values(operation.responses)) {
        if (response !== undefined && !('$ref' in response)) response.headers ??= { ...REQUEST_ID_HEADER };
      }
      for (const parameter of operation.parameters ?? []) {
        if (!('$ref' in parameter) && parameter.schema !== undefined) labelInstant(parameter.name, parameter.schema);
      }
    }
  }
  const schemas = document.components?.schemas ?? {};
  for (const schema of Object.values(schemas)) {
    if ('$ref' in schema) continue;
    for (const [name, member] of Object.entries(schema.properties ?? {})) labelInstant(name, member);
  }
  return withPublicNames(document, schemas);
}

/** Instants are `date-time` (RFC 3339). */
function labelInstant(name: string, schema: object): void {
  const { type } = schema as { readonly type?: unknown };
  const isText = type === 'string' || (Array.isArray(type) && type.includes('string'));
  if (isText && INSTANT.test(name)) Object.assign(schema, { format: 'date-time' });
}

/** Without the suffix of the classes: `TokenDto` becomes `Token` for generated clients. */
function withPublicNames(document: OpenAPIObject, schemas: Schemas): OpenAPIObject {
  const names = Object.keys(schemas).map((name) => [name, name.replace(/Dto$/, '')] as const);
  const isUnique = new Set(names.map(([, name]) => name)).size === names.length;
  if (!isUnique) throw new Error('Two schemas of the API would have one name.');
  const byPath = new Map(names.map(([name, shown]) => [`${SCHEMA_PATH}${name}`, `${SCHEMA_PATH}${shown}`]));
  const renamed = JSON.parse(
    JSON.stringify(document, (key, value: unknown) =>
      key === '$ref' && typeof value === 'string' ? (byPath.get(value) ?? value) : value,
    ),
  ) as OpenAPIObject;
  const shown = renamed.components?.schemas ?? {};
  return {
    ...renamed,
    components: {
      ...renamed.components,
      schemas: Object.fromEntries(names.map(([name, to]) => [to, shown[name] ?? {}])),
    },
  };
}
