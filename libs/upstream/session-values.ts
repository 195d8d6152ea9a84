import { headerValues, type HeaderLines } from '@scopegate/kernel';

/**
 * The one form of a cookie's value by which it is recognised again. Upstreams read `a=v`, `a="v"`, `a="\v"` and `a=%76`
 * alike, so a client must not get past the recognition by another spelling (R11).
 */
function canonicalValue(text: string): string {
  let value = text.trim();
  if (value.length >= 2 && value.startsWith('"') && value.endsWith('"')) {
    value = value.slice(1, -1).replace(/\\(.)/g, '$1').trim();
  }
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * A session id has 64 bits at the very least, 16 hexadecimal digits. What is shorter is set for everybody alike: a
 * language, or the node that a load balancer chose (`SERVERID=node1`). It tells a session by its name as well, and only
 * in a request that carries no longer session id; else the sessions of all users would be held to the last token.
 */
const SESSION_ID_LENGTH = 16;

/**
 * Jira's own session, the only one that is made with a token. No cookie of another name stands above the short ones:
 * whoever holds a session that is told by one could add a long cookie that nobody asked for.
 */
const SESSION_NAME = 'jsessionid';

/** What a cookie is recognised by, or null where it is empty. */
function markOf(pair: string): Mark | null {
  const at = pair.indexOf('=');
  if (at < 0) return null;
  const value = canonicalValue(pair.slice(at + 1));
  if (value === '') return null;
  const name = canonicalValue(pair.slice(0, at)).toLowerCase();
  const isLong = value.length >= SESSION_ID_LENGTH;
  return { text: isLong ? value : `${name}=${value}`, isLong, isSession: name === SESSION_NAME };
}

interface Mark {
  readonly text: string;
  readonly isLong: boolean;
  readonly isSession: boolean;
}

/** What the cookies that an answer sets are recognised by; those it empties are left out. */
export function valuesSet(lines: HeaderLines): readonly string[] {
  const marks = new Set<string>();
  for (const name of ['set-cookie', 'set-cookie2']) {
    for (const line of headerValues(lines, name)) {
      const mark = markOf(line.split(';', 1)[0] ?? '');
      if (mark !== null) marks.add(mark.text);
    }
  }
  return [...marks];
}

/** More than any browser sends; a longer list is not looked through, so it is refused. */
const MAX_VALUES = 200;

/**
 * What a request can carry on a session by, in the form of `valuesSet`: its cookies, and of the path parameters that Tomcat takes in
 * their place (`;jsessionid=…`). Null where there are more than can be looked up.
 */
export function valuesPresented(lines: HeaderLines, rawPath: string): readonly string[] | null {
  const cookies = headerValues(lines, 'cookie');
  // A proxy behind the gateway may decode the semicolon before Tomcat looks for it.
  const path = rawPath.includes('%3') ? rawPath.replace(/%3b/gi, ';') : rawPath;
  if (cookies.length === 0 && !path.includes(';')) return NONE;
  const telling = new Set<string>();
  const short = new Set<string>();
  // Only what every reader takes for a session id stands above the short ones.
  let hasSession = false;
  const note = (part: string, isCertain: boolean): void => {
    const mark = markOf(part);
    if (mark === null) return;
    (mark.isLong || mark.isSession ? telling : short).add(mark.text);
    hasSession ||= isCertain && mark.isLong && mark.isSession;
  };
  for (const line of cookies) {
    for (const pair of line.split(';')) {
      const isCertain = !pair.includes(',');
      note(pair, isCertain);
      // Older readers take the comma for a separator as well.
      if (!isCertain) for (const part of pair.split(',')) note(part, false);
    }
  }
  for (const parameter of path.split(';').slice(1)) note(parameter.split('/', 1)[0] ?? '', false);
  if (telling.size + short.size > MAX_VALUES) return null;
  return hasSession ? [...telling] : [...telling, ...short];
}

const NONE: readonly string[] = [];
