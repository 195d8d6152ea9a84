/** A call or path of an application. */
export interface PathPattern {
  readonly method?: string | undefined;
  readonly path: string;
}

/** `POST /rest/api/2/search`, or the path alone. */
export function patternText({ method, path }: PathPattern): string {
  return method === undefined ? path : `${method} ${path}`;
}

/** Whatever begins with a slash is a path alone. What is wrong with either, the server says. */
export function patternOf(line: string): PathPattern {
  const text = line.trim();
  const blank = text.search(/\s/);
  if (text.startsWith('/') || blank === -1) return { path: text };
  return { method: text.slice(0, blank).toUpperCase(), path: text.slice(blank).trim() };
}

/** A user here, and the name of its account at the application. */
export type Account = readonly [user: string, account: string];

/** `anna = asmith` */
export function accountText([user, account]: Account): string {
  return `${user} = ${account}`;
}

/** A line without both names has an empty one: the server says what is wrong with it. */
export function accountOf(line: string): Account {
  const at = line.includes('=') ? line.indexOf('=') : line.length;
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
