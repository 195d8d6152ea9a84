/** What is wrong with a JSON text although it is valid, so that two readers could take it for different things. */
export type JsonShapeProblem = 'too-deep' | 'too-many-names' | 'too-many-values' | 'repeated-name' | 'forbidden-name';

/** Names that many readers treat as no data: they reach an object's prototype, or are dropped without a word. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Looks through a JSON text for what its grammar allows and its readers disagree about: an object that names a member
 * twice (RFC 8259 4: "unpredictable"), a name that reaches the prototype, or nesting that exhausts a recursive reader.
 * It works in one pass and never calls itself. It reads texts that are no JSON, too, so that it can be asked before they
 * are parsed: there its answer means nothing, but it takes no longer.
 * @param maxDepth the most arrays and objects inside one another
 * @param bounds the most members of one object, and the most values all in all
 */
export function jsonShapeProblem(
  text: string,
  maxDepth: number,
  { maxNames = Infinity, maxValues = Infinity }: { readonly maxNames?: number; readonly maxValues?: number } = {},
): JsonShapeProblem | null {
  // The names seen so far of every open object; null stands for an open array.
  const open: (Set<string> | null)[] = [];
  let isName = false;
  // Every value but the first in its object or array follows a comma, and the first ones what opened it.
  let values = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case OPEN_BRACE:
        if ((values += 1) > maxValues) return 'too-many-values';
        if (open.push(new Set()) > maxDepth) return 'too-deep';
        isName = true;
        break;
      case OPEN_BRACKET:
        if ((values += 1) > maxValues) return 'too-many-values';
        if (open.push(null) > maxDepth) return 'too-deep';
        isName = false;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        open.pop();
        isName = false;
        break;
      case COMMA:
        if ((values += 1) > maxValues) return 'too-many-values';
        isName = (open.at(-1) ?? null) !== null;
        break;
      case QUOTE: {
        const end = jsonStringEnd(text, index);
        if (isName) {
          const problem = nameProblem(text.slice(index, end + 1), open.at(-1) ?? null, maxNames);
          if (problem !== null) return problem;
          isName = false;
        }
        index = end;
        break;
      }
      default:
        break;
    }
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

/** A name without its escapes; as it stands, where they are none of JSON. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal;
  }
}

/** Where the JSON string that begins at this index ends. */
export function jsonStringEnd(text: string, start: number): number {
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
