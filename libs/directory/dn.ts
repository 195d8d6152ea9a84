/** One relative distinguished name: `cn=Anna` is one part, `cn=Anna+uid=anna` two. */
interface NamePart {
  readonly type: string;
  readonly value: string;
}

const MAX_DN_LENGTH = 4_096;

const HEX_PAIR = /^[\da-f]{2}/i;

const ATTRIBUTE_TYPE = /^(?:[a-z][a-z\d-]*|\d+(?:\.\d+)*)$/i;

/** These may follow a backslash as they are (RFC 4514 2.4). */
const ESCAPABLE = new Set([' ', '"', '#', '+', ',', ';', '<', '=', '>', '\\']);

/**
 * The name in one spelling for comparisons (RFC 4514): without case, with one blank where several stand, with escapes
 * resolved, and the parts of a relative name in order. Null if the text is no distinguished name.
 *
 * The fold is coarser than that of some attributes, which compare with case. No directory that we know has two entries
 * that differ only so.
 */
export function dnKey(text: string): string | null {
  const names = parseDn(text);
  if (names === null) return null;
  return JSON.stringify(names.map(nameKey));
}

/** Whether an entry is the base or below it. False if one of them is no distinguished name. */
export function isWithin(dn: string, base: string): boolean {
  const [inner, outer] = [parseDn(dn), parseDn(base)];
  if (inner === null || outer === null || inner.length < outer.length) return false;
  const tail = inner.slice(inner.length - outer.length);
  return outer.every((parts, index) => nameKey(parts) === nameKey(tail[index] ?? []));
}

function nameKey(parts: readonly NamePart[]): string {
  return JSON.stringify(parts.map(partKey).toSorted());
}

function partKey({ type, value }: NamePart): string {
  return JSON.stringify([type.toLowerCase(), value.trim().replace(/ +/g, ' ').normalize('NFKC').toLowerCase()]);
}

/** From the entry to the root. The empty text is the root. */
function parseDn(text: string): readonly (readonly NamePart[])[] | null {
  if (text.length > MAX_DN_LENGTH) return null;
  if (text.trim() === '') return [];
  const names: NamePart[][] = [[]];
  for (let at = 0; ;) {
    const part = readPart(text, at);
    if (part === null) return null;
    names.at(-1)?.push({ type: part.type, value: part.value });
    const separator = text[part.end];
    if (separator === undefined) return names;
    if (separator !== '+') names.push([]);
    at = part.end + 1;
  }
}

interface ReadPart extends NamePart {
  /** Of the separator after it, or of the text. */
  readonly end: number;
}

function readPart(text: string, start: number): ReadPart | null {
  const equals = text.indexOf('=', start);
  if (equals === -1) return null;
  const type = text.slice(start, equals).trim();
  if (!ATTRIBUTE_TYPE.test(type)) return null;
  const bytes: number[] = [];
  let at = equals + 1;
  while (text[at] === ' ') at += 1;
  /** What is escaped is no blank at the end. */
  let kept = 0;
  for (; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === ',' || character === '+' || character === ';') break;
    if (character === '\\') {
      const escaped = readEscape(text, at + 1);
      if (escaped === null) return null;
      bytes.push(...escaped.bytes);
      at = escaped.last;
      kept = bytes.length;
      continue;
    }
    if (character === '"' || character === '<' || character === '>' || character === '\0') return null;
    const point = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (point.length === 2) at += 1;
    bytes.push(...Buffer.from(point, 'utf8'));
    if (character !== ' ') kept = bytes.length;
  }
  return { type, value: Buffer.from(bytes.slice(0, kept)).toString('utf8'), end: at };
}

/** @param at after the backslash */
function readEscape(text: string, at: number): { readonly bytes: readonly number[]; readonly last: number } | null {
  const character = text[at] ?? '';
  if (ESCAPABLE.has(character)) return { bytes: [character.charCodeAt(0)], last: at };
  const [pair] = HEX_PAIR.exec(text.slice(at, at + 2)) ?? [];
  return pair === undefined ? null : { bytes: [Number.parseInt(pair, 16)], last: at + 1 };
}
