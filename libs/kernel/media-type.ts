import { headerValues, type HeaderLines } from './header-lines.js';

/**
 * What a body is declared to be, as far as fields are looked for in it. `unknown`: no media type, one that is malformed,
 * or several that differ, so that each reader may take it for something else; `other`: none of these.
 */
export type BodyKind = 'form' | 'json' | 'multipart' | 'unknown' | 'other';

/** type "/" subtype of RFC 9110 8.3.1, in lower case. */
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;

/** Charsets in which ASCII text is its own bytes: a field's name is the same in all of them. */
const ASCII_BASED = /^(?:utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d)$/;

/** The media type of a Content-Type value, without its parameters and in lower case (RFC 9110 8.3.1). */
export function mediaTypeOf(value: string): string {
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}

/** The media types that the Content-Type lines declare; several of them where there are several lines, or a list. */
export function mediaTypesOf(lines: HeaderLines): readonly string[] {
  return headerValues(lines, 'content-type').flatMap((value) => value.split(',').map(mediaTypeOf));
}

/** What the Content-Type lines declare the body to be. */
export function bodyKindOf(lines: HeaderLines): BodyKind {
  const kinds = new Set(mediaTypesOf(lines).map(kindOfMediaType));
  // A multipart body is looked through by nobody here, so it stays one whatever is said besides.
  if (kinds.has('multipart')) return 'multipart';
  const [kind = 'unknown'] = kinds;
  return kinds.size === 1 ? kind : 'unknown';
}

function kindOfMediaType(type: string): BodyKind {
  if (type.startsWith('multipart/')) return 'multipart';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (/[/+]json$|\/x-json$/.test(type)) return 'json';
  return MEDIA_TYPE.test(type) ? 'other' : 'unknown';
}

/** Whether some Content-Type line declares a form, in whatever company. */
export function declaresForm(lines: HeaderLines): boolean {
  return headerValues(lines, 'content-type').some((value) => value.toLowerCase().includes('x-www-form-urlencoded'));
}

/**
 * Whether the bytes of a body are no text that can be looked through: compressed, or in a charset such as UTF-16 or
 * EBCDIC in which ASCII stands in other bytes.
 */
export function isEncodedBody(lines: HeaderLines): boolean {
  const codings = headerValues(lines, 'content-encoding').flatMap((value) => value.split(','));
  if (codings.some((coding) => !/^(?:|identity)$/i.test(coding.trim()))) return true;
  return headerValues(lines, 'content-type').some((value) =>
    [...value.toLowerCase().matchAll(/charset\s*=\s*"?([^\s";,]*)/g)].some(
      ([, charset = '']) => !ASCII_BASED.test(charset),
    ),
  );
}
