import { headerValues, type HeaderLines } from '@scopegate/kernel';

/**
 * The one form of a cookie's value by which it is recognised again. Upstreams read `a=v`, `a="v"` and `a=%76` alike, so
 * a client must not get past the recognition by another spelling (R11). The name plays no part, for the same reason.
 */
function canonicalValue(text: string): string {
  let value = text.trim();
  if (value.length >= 2 && value.startsWith('"') && value.endsWith('"')) value = value.slice(1, -1).trim();
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function valueAfterEquals(pair: string): string | null {
  const at = pair.indexOf('=');
  if (at < 0) return null;
  const value = canonicalValue(pair.slice(at + 1));
  return value === '' ? null : value;
}

/** The values of the cookies that an answer sets; those it empties are left out. */
export function valuesSet(lines: HeaderLines): readonly string[] {
  const values = new Set<string>();
  for (const name of ['set-cookie', 'set-cookie2']) {
    for (const line of headerValues(lines, name)) {
      const value = valueAfterEquals(line.split(';', 1)[0] ?? '');
      if (value !== null) values.add(value);
    }
  }
  return [...values];
}

/** More than any browser sends; a longer list is not looked through, so it is refused. */
const MAX_VALUES = 200;

/**
 * The values by which a request can carry on a session: of its cookies, and of the path parameters that Tomcat takes in
 * their place (`;jsessionid=…`). Null where there are more than can be looked up.
 */
export function valuesPresented(lines: HeaderLines, rawPath: string): readonly string[] | null {
  const cookies = headerValues(lines, 'cookie');
  if (cookies.length === 0 && !rawPath.includes(';')) return NONE;
  const values = new Set<string>();
  // Older readers take the comma for a separator as well.
  for (const line of cookies) {
    for (const pair of line.split(';')) {
      for (const part of pair.includes(',') ? [pair, ...pair.split(',')] : [pair]) addValue(values, part);
    }
  }
  for (const parameter of rawPath.split(';').slice(1)) addValue(values, parameter.split('/', 1)[0] ?? '');
  return values.size > MAX_VALUES ? null : [...values];
}

const NONE: readonly string[] = [];

function addValue(values: Set<string>, pair: string): void {
  const value = valueAfterEquals(pair);
  if (value !== null) values.add(value);
}
