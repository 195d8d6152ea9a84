/** What is wrong with a JSON text although it is valid, so that two readers could take it for different things. */
export type JsonShapeProblem = 'too-deep' | 'too-many-names' | 'too-many-values' | 'repeated-name' | 'forbidden-name';

/** Names that many readers do not treat as data: they reach an object's prototype, or are dropped silently. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Finds what the grammar of JSON allows and its readers disagree about: an object that names a member twice (RFC 8259 4:
 * "unpredictable"), a name that reaches the prototype, or nesting that exhausts a recursive reader. It also takes texts
 * that are not JSON, so that it can run before they are parsed: its result means nothing there, but costs no more.
 * @param maxDepth the most arrays and objects inside one another
 * @param bounds the most members of one object, and the most values in total
 */
export function jsonShapeProblem(
  text: string,
  maxDepth: number,
  { maxNames = Infinity, maxValues = Infinity }: { readonly maxNames?: number; readonly maxValues?: number } = {},
): JsonShapeProblem | null {
  // The names seen so far of every open object; null stands for an open array.
  const open: (Set<string> | null)[] = [];
  // Every value but the first in its object or array follows a comma, and the first ones what opened it.
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

/** The names of an object's own members, as often as they stand in the text. The text has to be valid JSON. */
export function topLevelNames(text: string): readonly string[] {
  const names: string[] = [];
  scanJson(text, (part, literal, depth) => {
    if (part === 'name' && depth === 1) names.push(JSON.parse(literal) as string);
    return null;
  });
  return names;
}

/** What `scanJson` reports. Strings that are not names, numbers and the like are skipped. */
type JsonPart = 'object' | 'array' | 'end' | 'comma' | 'name';

/**
 * Reads the structure of a JSON text in one pass, without recursion.
 * @param visit gets each part, the name with its quotation marks, and the number of open objects and arrays. The scan
 * ends where it returns something else than null
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

/** Notes one name of an object. @param literal the name as it stands in the text, with its quotation marks */
function nameProblem(literal: string, names: Set<string> | null, maxNames: number): JsonShapeProblem | null {
  const name = literal.includes('\\') ? unescaped(literal) : literal.slice(1, -1);
  if (FORBIDDEN_NAMES.has(name)) return 'forbidden-name';
  if (names === null) return null;
  if (names.has(name)) return 'repeated-name';
  names.add(name);
  return names.size > maxNames ? 'too-many-names' : null;
}

/** A name without its escapes; as it stands, where they are not valid in JSON. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal;
  }
}

/** The index of the quotation mark that ends the string. */
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
