import { headerValues, type HeaderLines } from './header-lines.js';

/** Without marks that some reader ends the boundary at. Clients make theirs of these characters. */
const CONTENT_TYPE = /^multipart\/form-data; ?boundary=(?:"([\w.'+-]{1,70})"|([\w.'+-]{1,70}))$/i;

const DISPOSITION =
  /^content-disposition: form-data; name="([^"\\%\x00-\x1f\x7f]*)"(?:; filename="[^"\\\x00-\x1f\x7f]*")?(?:; filename\*=utf-8''[\w.%!#$&+^`|~-]*)?$/i;

const OTHER_LINE =
  /^(?:content-type: (?!multipart\/|message\/)[\x21-\x7e][\x20-\x7e]*|content-transfer-encoding: (?:binary|8bit|7bit)|content-length: \d+)$/i;

/** More than any client writes. */
const MAX_PART_HEAD = 2_048;

/**
 * The names of the fields of a form (RFC 7578), one character a byte. Null unless every reader finds the same ones: the
 * boundary stands nowhere but between parts, and their heads are in the plain form that clients write.
 * @param body whole
 */
export function multipartNames(lines: HeaderLines, body: Buffer): readonly string[] | null {
  const [type = '', second] = headerValues(lines, 'content-type');
  const [, quoted, plain] = CONTENT_TYPE.exec(type.trim()) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || second !== undefined) return null;
  const [preamble, ...parts] = body.toString('latin1').split(`--${boundary}`);
  const end = parts.pop();
  if (preamble !== '' || (end !== '--' && end !== '--\r\n')) return null;
  const names: string[] = [];
  for (const part of parts) {
    const name = nameOfPart(part);
    if (name === null) return null;
    names.push(name);
  }
  return names;
}

/** @param part what follows a boundary, up to the next one */
function nameOfPart(part: string): string | null {
  const headEnd = part.indexOf('\r\n\r\n');
  if (!part.startsWith('\r\n') || headEnd < 0 || headEnd > MAX_PART_HEAD || !part.endsWith('\r\n')) return null;
  const [, ...head] = part.slice(0, headEnd).split('\r\n');
  let name: string | null = null;
  for (const line of head) {
    const [, found] = DISPOSITION.exec(line) ?? [];
    if (found === undefined ? !OTHER_LINE.test(line) : name !== null) return null;
    name = found ?? name;
  }
  return name;
}
