/** What is wrong with a JSON text although it is valid, so that two readers could take it for different things. */
export type JsonShapeProblem = 'too-deep' | 'too-many-names' | 'too-many-values' | 'repeated-name' | 'forbidden-name';

/** Readers do not treat these names as data: they change the prototype, or are dropped. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Finds valid JSON that readers understand differently: a repeated name (RFC 8259 4: "unpredictable"), a name that
 * changes the prototype, or too deep nesting. For a text that is not JSON, the result means nothing.
 * @param maxDepth the most nested arrays and objects
 * @param bounds the most members of one object, and values in total
 */
export function jsonShapeProblem(
  text: string,
  maxDepth: number,
  { maxNames = Infinity, maxValues = Infinity }: { readonly maxNames?: number; readonly maxValues?: number } = {},
): JsonShapeProblem | null {
  // The names of each open object; null: an array.
  const open: (Set<string> | null)[] = [];
  // A value follows a comma, or the beginning of its object or array.
  let values = 0;
  return scanJson(text, (part, literal) => {
    switch (part) {
      case 'object':
      case 'array':
        if ((values += 1) > maxValues) return 'too-many-values';
        return open.push(part === 'object' ? new Set() : null) > maxDepth ? 'too-deep' : null;
      case 'comma':
        return (values += 1) > maxValues ? 'too-many-values' : null;
      case 'name':
        return nameProblem(literal, open.at(-1) ?? null, maxNames);
      case 'end':
        open.pop();
        return null;
    }
  });
}

/** Includes repeated names. @param text valid JSON */
export function topLevelNames(text: string): readonly string[] {
  const names: string[] = [];
  scanJson(text, (part, literal, depth) => {
    if (part === 'name' && depth === 1) names.push(JSON.parse(literal) as string);
    return null;
  });
  return names;
}

/** Other strings, numbers and the like are skipped. */
type JsonPart = 'object' | 'array' | 'end' | 'comma' | 'name';

/**
 * Reads the structure of a JSON text in one pass, without recursion.
 * @param visit gets each part, a name with its quotes, and the depth; a result that is not null ends the scan
 */
function scanJson<Result>(
  text: string,
  visit: (part: JsonPart, literal: string, depth: number) => Result | null,
): Result | null {
  const open: ('object' | 'array')[] = [];
  let isName = false;
  for (let index = 0; index < text.length; index += 1) {
    let part: JsonPart | null = null;
    let literal = '';
    switch (text.charCodeAt(index)) {
      case OPEN_BRACE:
        open.push((part = 'object'));
        isName = true;
        break;
      case OPEN_BRACKET:
        open.push((part = 'array'));
        isName = false;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        open.pop();
        part = 'end';
        isName = false;
        break;
      case COMMA:
        part = 'comma';
        isName = open.at(-1) === 'object';
        break;
      case QUOTE: {
        const end = stringEnd(text, index);
        if (isName) {
          part = 'name';
          literal = text.slice(index, end + 1);
        }
        isName = false;
        index = end;
        break;
      }
      default:
        break;
    }
    const result = part === null ? null : visit(part, literal, open.length);
    if (result !== null) return result;
  }
  return null;
}

/** @param literal the name with its quotes */
function nameProblem(literal: string, names: Set<string> | null, maxNames: number): JsonShapeProblem | null {
  const name = literal.includes('\\') ? unescaped(literal) : literal.slice(1, -1);
  if (FORBIDDEN_NAMES.has(name)) return 'forbidden-name';
  if (names === null) return null;
  if (names.has(name)) return 'repeated-name';
  names.add(name);
  return names.size > maxNames ? 'too-many-names' : null;
}

/** Returns an invalid literal unchanged. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal;
  }
}

function stringEnd(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text.charCodeAt(index) !== QUOTE) {
    index += text.charCodeAt(index) === BACKSLASH ? 2 : 1;
  }
  return index;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
