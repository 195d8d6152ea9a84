import { describe, expect, it } from 'vitest';
import { readSource } from '../architecture/source-tree.js';
import { createSchemaCheck, type OpenApiDocument, type Schema } from './open-api.checker.js';

const document = {
  openapi: '3.1.0',
  paths: {},
  components: {
    schemas: {
      Page: { type: 'object', properties: { at: { type: 'string', format: 'date-time' } }, required: ['at'] },
      Open: { type: 'object', properties: {}, additionalProperties: true },
    },
  },
};

describe('the check of values by the OpenAPI document', () => {
  const check = createSchemaCheck(document);
  const page: Schema = { $ref: '#/components/schemas/Page' };

  it.each<readonly [string, Schema, unknown, number]>([
    ['what fits', page, { at: '2026-01-31T10:00:00Z' }, 0],
    ['a member that is missing', page, {}, 1],
    ['a member that is not documented', page, { at: '2026-01-31T10:00:00Z', more: 1 }, 1],
    ['a member of an open object', { $ref: '#/components/schemas/Open' }, { more: 1 }, 0],
    ['a text in another format', page, { at: 'yesterday' }, 1],
    ['an item that is not documented', { type: 'array' }, [1], 1],
  ])('support: %s', (_what, schema, value, problems) => {
    expect(check(schema, value)).toHaveLength(problems);
  });

  it('support: every example of the committed document fits its schema', () => {
    const committed = JSON.parse(readSource('docs/openapi.json')) as OpenApiDocument;
    const checkCommitted = createSchemaCheck(committed);
    let examples = 0;
    for (const operation of Object.values(committed.paths).flatMap((operations) => Object.values(operations))) {
      const contents = [operation.requestBody?.content, ...Object.values(operation.responses).map((r) => r.content)];
      for (const { schema = {}, examples: named = {} } of contents.flatMap((content) => Object.values(content ?? {}))) {
        for (const { value } of Object.values(named)) {
          expect(checkCommitted(schema, value), operation.operationId).toEqual([]);
          examples += 1;
        }
      }
    }
    expect(examples).toBeGreaterThan(100);
  });
});
