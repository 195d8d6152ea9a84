/** A JSON schema as far as the document of this server uses it. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly nullable?: boolean;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
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

/**
 * What is wrong with a value by its schema, each with the path to it. A member that the schema does not name is wrong
 * as well, unless the schema allows others: what is answered has to be what is documented.
 */
export function schemaProblems(
  document: OpenApiDocument,
  schema: Schema,
  value: unknown,
  path = '$',
): readonly string[] {
  if (schema.$ref !== undefined) {
    const target = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
    return target === undefined
      ? [`${path}: ${schema.$ref} is not there`]
      : schemaProblems(document, target, value, path);
  }
  if (schema.allOf !== undefined) {
    // Wrappers of one reference alone: members of several could not be told apart from unknown ones.
    return schema.allOf.flatMap((part) => schemaProblems(document, part, value, path));
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const found = choices.map((choice) => schemaProblems(document, choice, value, path));
    return found.some((problems) => problems.length === 0) ? [] : (found[0] ?? []);
  }
  if (value === null && schema.nullable === true) return [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return [`${path}: ${JSON.stringify(value)} is no ${types.join(' or ')}`];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [`${path}: ${JSON.stringify(value)} is none of ${schema.enum.join(', ')}`];
  }
  if (typeof value === 'string') return textProblems(schema, value, path);
  if (typeof value === 'number') return numberProblems(schema, value, path);
  if (Array.isArray(value)) return arrayProblems(document, schema, value, path);
  if (typeof value === 'object' && value !== null) return objectProblems(document, schema, value, path);
  return [];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function textProblems(schema: Schema, value: string, path: string): readonly string[] {
  const length = [...value].length;
  if (length < (schema.minLength ?? 0) || length > (schema.maxLength ?? Infinity)) {
    return [`${path}: the length is wrong`];
  }
  const isOdd = schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value);
  return isOdd ? [`${path}: ${value} does not match ${schema.pattern}`] : [];
}

function numberProblems(schema: Schema, value: number, path: string): readonly string[] {
  const fits = value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  return fits ? [] : [`${path}: ${value} is out of range`];
}

function arrayProblems(
  document: OpenApiDocument,
  schema: Schema,
  value: readonly unknown[],
  path: string,
): readonly string[] {
  if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)) {
    return [`${path}: the number of items is wrong`];
  }
  const { items } = schema;
  return items === undefined
    ? [`${path}: the items are not documented`]
    : value.flatMap((item, index) => schemaProblems(document, items, item, `${path}.${index}`));
}

function objectProblems(document: OpenApiDocument, schema: Schema, value: object, path: string): readonly string[] {
  const properties = schema.properties ?? {};
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  const others = schema.additionalProperties ?? schema.properties === undefined;
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (known !== undefined) return schemaProblems(document, known, member, `${path}.${name}`);
      if (others === false) return [`${path}.${name} is not documented`];
      return others === true ? [] : schemaProblems(document, others, member, `${path}.${name}`);
    }),
  ];
}
