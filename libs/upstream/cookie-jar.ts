/** RFC 6265 6.1 asks for 50 at least. */
const MAX_COOKIES = 50;

/** Of names and values. Most servers refuse a longer line. */
const MAX_JAR_BYTES = 8_192;

/** Of one name and its value, as browsers limit it (RFC 6265bis 5.5). */
const MAX_COOKIE_BYTES = 4_096;

interface KeptCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly isSecure: boolean;
  /** Milliseconds since the epoch; null: as long as the jar. */
  readonly expiresAt: number | null;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * R117: the cookies of one host for one user, by the rules of a browser (RFC 6265 5). `Domain` does not count, since
 * there is only one host. Paths are the upstream's own.
 */
export class CookieJar {
  /** In order of their creation. */
  readonly #cookies = new Map<string, KeptCookie>();
  #bytes = 0;
  #isClosed = false;

  /**
   * Takes the value of a `Set-Cookie` line.
   * @param requestPath the path that was asked, without the query
   */
  keep(setCookie: string, requestPath: string, nowMs: number): void {
    if (this.#isClosed || CONTROLS.test(setCookie)) return;
    const [pair = '', ...attributes] = setCookie.split(';');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).trim();
    const value = pair.slice(equals + 1).trim();
    if (name === '' || name.length + value.length > MAX_COOKIE_BYTES) return;
    const cookie = { name, value, ...readAttributes(attributes, requestPath, nowMs) };
    const key = `${name};${cookie.path}`;
    const before = this.#cookies.get(key);
    const isOver = cookie.expiresAt !== null && cookie.expiresAt <= nowMs;
    if (before !== undefined) this.#bytes -= bytesOf(before);
    if (isOver) {
      this.#cookies.delete(key);
      return;
    }
    // A renewed cookie keeps its place (RFC 6265 5.3, step 11.3).
    this.#cookies.set(key, cookie);
    this.#bytes += bytesOf(cookie);
    this.#makeRoom(key);
  }

  /**
   * The value of the `Cookie` line; null for none.
   * @param isSecure the client or the gateway uses https
   */
  header(requestPath: string, isSecure: boolean, nowMs: number): string | null {
    if (this.#cookies.size === 0) return null;
    const sent: KeptCookie[] = [];
    for (const [key, cookie] of this.#cookies) {
      if (cookie.expiresAt !== null && cookie.expiresAt <= nowMs) this.#remove(key, cookie);
      else if ((isSecure || !cookie.isSecure) && covers(cookie.path, requestPath)) sent.push(cookie);
    }
    // Longer paths first (RFC 6265 5.4).
    sent.sort((one, other) => other.path.length - one.path.length);
    return sent.length === 0 ? null : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** Forgets everything, and takes nothing more: answers may still come. */
  close(): void {
    this.#isClosed = true;
    this.#cookies.clear();
    this.#bytes = 0;
  }

  /** The oldest go first. */
  #makeRoom(newKey: string): void {
    for (const [key, cookie] of this.#cookies) {
      if (this.#cookies.size <= MAX_COOKIES && this.#bytes <= MAX_JAR_BYTES) return;
      if (key !== newKey) this.#remove(key, cookie);
    }
  }

  #remove(key: string, cookie: KeptCookie): void {
    this.#cookies.delete(key);
    this.#bytes -= bytesOf(cookie);
  }
}

/** With the path, which is stored too. */
function bytesOf({ name, value, path }: KeptCookie): number {
  return name.length + value.length + path.length;
}

/** The last of several counts; `Max-Age` counts before `Expires` (RFC 6265 5.2, 5.3). */
function readAttributes(
  attributes: readonly string[],
  requestPath: string,
  nowMs: number,
): Pick<KeptCookie, 'path' | 'isSecure' | 'expiresAt'> {
  let path = defaultPath(requestPath);
  let isSecure = false;
  let expiresAt: number | null = null;
  let maxAgeEnd: number | null = null;
  for (const attribute of attributes) {
    const [name, value] = splitAttribute(attribute);
    switch (name.toLowerCase()) {
      case 'secure':
        isSecure = true;
        break;
      case 'path':
        path = value.startsWith('/') && value.length <= MAX_PATH ? value : defaultPath(requestPath);
        break;
      case 'max-age':
        if (/^-?\d+$/.test(value)) maxAgeEnd = nowMs + Number(value) * 1_000;
        break;
      case 'expires':
        if (!Number.isNaN(Date.parse(value))) expiresAt = Date.parse(value);
    }
  }
  return { path, isSecure, expiresAt: maxAgeEnd ?? expiresAt };
}

/** Of an attribute (RFC 6265bis 5.4). */
const MAX_PATH = 1_024;

function splitAttribute(attribute: string): readonly [name: string, value: string] {
  const equals = attribute.indexOf('=');
  return equals < 0 ? [attribute.trim(), ''] : [attribute.slice(0, equals).trim(), attribute.slice(equals + 1).trim()];
}

/** RFC 6265 5.1.4: the folder of the request. */
function defaultPath(requestPath: string): string {
  const slash = requestPath.lastIndexOf('/');
  return slash <= 0 || slash > MAX_PATH ? '/' : requestPath.slice(0, slash);
}

/** RFC 6265 5.1.4. */
function covers(path: string, requestPath: string): boolean {
  if (!requestPath.startsWith(path)) return false;
  return requestPath.length === path.length || path.endsWith('/') || requestPath[path.length] === '/';
}
