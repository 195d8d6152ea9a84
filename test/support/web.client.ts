/** An answer of a page. */
export type WebAnswer = {
  readonly status: number;
  readonly url: string;
  readonly location: string | null;
  /** As they came. */
  readonly setCookies: readonly string[];
  readonly headers: Headers;
  readonly text: string;
};

/** Keeps cookies by origin, name and path, as a browser does, and follows no redirection by itself. */
export type WebClient = {
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<WebAnswer>;
  post(url: string, form: Readonly<Record<string, string>>): Promise<WebAnswer>;
  /** Follows redirections to the first answer that is none, or to the first address that fits. */
  follow(answer: WebAnswer, stopsAt?: (url: string) => boolean): Promise<WebAnswer>;
  cookie(origin: string, name: string): string | undefined;
  setCookie(origin: string, name: string, value: string, path?: string): void;
  /** Removes the cookies of an origin. */
  forget(origin: string): void;
};

type Cookie = { readonly origin: string; readonly name: string; readonly value: string; readonly path: string };

const MAX_REDIRECTIONS = 20;

/** @param own header lines of every request */
export function createWebClient(own: Readonly<Record<string, string>> = {}): WebClient {
  const jar = new Map<string, Cookie>();
  const keep = (cookie: Cookie): void => void jar.set([cookie.origin, cookie.path, cookie.name].join(' '), cookie);

  const send = async (url: string, init: RequestInit): Promise<WebAnswer> => {
    const { origin, pathname } = new URL(url);
    const cookies = [...jar.values()].filter((cookie) => cookie.origin === origin && isBelow(pathname, cookie.path));
    const headers = new Headers({ ...own, ...(init.headers as Readonly<Record<string, string>> | undefined) });
    if (cookies.length > 0) headers.set('Cookie', cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const { cookie, isRemoved } = readSetCookie(line, origin);
      if (isRemoved) jar.delete([cookie.origin, cookie.path, cookie.name].join(' '));
      else keep(cookie);
    }
    const location = response.headers.get('location');
    return {
      status: response.status,
      url,
      location: location === null ? null : new URL(location, url).href,
      setCookies,
      headers: response.headers,
      text: await response.text(),
    };
  };

  return {
    get: (url, headers = {}) => send(url, { headers }),
    post: (url, form) => send(url, { method: 'POST', body: new URLSearchParams(form) }),
    async follow(answer, stopsAt = () => false) {
      let last = answer;
      for (let count = 0; last.location !== null && !stopsAt(last.location); count += 1) {
        if (count === MAX_REDIRECTIONS) throw new Error(`Too many redirections; the last one led to ${last.location}.`);
        last = await send(last.location, {});
      }
      return last;
    },
    cookie: (origin, name) =>
      [...jar.values()].find((cookie) => cookie.origin === origin && cookie.name === name)?.value,
    setCookie: (origin, name, value, path = '/') => keep({ origin, name, value, path }),
    forget(origin) {
      for (const [key, cookie] of jar) if (cookie.origin === origin) jar.delete(key);
    },
  };
}

function isBelow(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function readSetCookie(line: string, origin: string): { readonly cookie: Cookie; readonly isRemoved: boolean } {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const of = (name: string): string | undefined =>
    attributes.find((attribute) => attribute.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const equals = pair.indexOf('=');
  const expires = of('expires');
  const isRemoved = of('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
  const cookie = { origin, name: pair.slice(0, equals), value: pair.slice(equals + 1), path: of('path') ?? '/' };
  return { cookie, isRemoved };
}
