import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** The members of a JSON schema that tests read. */
export type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [keyword: string]: unknown;
};

export type Content = Readonly<
  Record<
    string,
    {
      readonly schema?: Schema;
      readonly example?: unknown;
      readonly examples?: Readonly<Record<string, { value: unknown }>>;
    }
  >
>;

export type Operation = {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly headers?: Readonly<Record<string, unknown>>;
        readonly content?: Content;
      }
    >
  >;
};

export type OpenApiDocument = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** Returns what is wrong with a value by a schema of the document, each with the path to it. */
export type SchemaCheck = (schema: Schema, value: unknown) => readonly string[];

const DOCUMENT_ID = 'document';

/**
 * Makes the check of a document. It is stricter than the schemas: a member that is not documented is wrong, unless the
 * schema allows others, and so is an item of an array whose items are not documented.
 */
export function createSchemaCheck({ components }: OpenApiDocument): SchemaCheck {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: DOCUMENT_ID, components: closed(components) as object });
  const validators = new WeakMap<Schema, ValidateFunction>();
  return (schema, value) => {
    const validate = validators.get(schema) ?? ajv.compile(closed(schema) as object);
    validators.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `$${instancePath} ${message}: ${JSON.stringify(params)}`,
    );
  };
}

/** The same schema, or schemas, without room for what is not documented. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, closed(member)]),
  );
  if (typeof copy['$ref'] === 'string') copy['$ref'] = `${DOCUMENT_ID}${copy['$ref']}`;
  if (typeof copy['properties'] === 'object') copy['additionalProperties'] ??= false;
  if (copy['type'] === 'array') copy['items'] ??= false;
  return copy;
}
