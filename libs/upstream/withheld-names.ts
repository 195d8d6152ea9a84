/**
 * Lines that belong to one connection and not to the message (RFC 9110 7.6.1). `Expect` is answered here, since the
 * body is asked for only after the decision.
 */
const CONNECTION_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

/** Lines about the origin of a request, and its id: the gateway writes its own. `X-Forwarded-*` is handled below. */
const ORIGIN_NAMES: ReadonlySet<string> = new Set([
  'host',
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-original-forwarded-for',
  'x-original-for',
  'x-original-host',
  'x-original-proto',
  'x-real-ip',
  'x-client-ip',
  'client-ip',
  'true-client-ip',
  'x-cluster-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-originating-ip',
  'x-envoy-external-address',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-host',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  'x-request-id',
  'traceparent',
  'tracestate',
]);

const FORWARDED_PREFIX = 'x-forwarded-';

/**
 * Lines that change the path for the application behind (R12), so that it would not serve what was judged: IIS, Symfony
 * and Laminas read the first two, gunicorn `SCRIPT_NAME` and `PATH_INFO`, others the names that ingress-nginx, Envoy and
 * Traefik write.
 */
const PATH_NAMES: ReadonlySet<string> = new Set([
  'x-original-url',
  'x-rewrite-url',
  'x-original-uri',
  'x-original-path',
  'x-override-url',
  'x-envoy-original-path',
  'x-replaced-path',
  'x-script-name',
  'script-name',
  'path-info',
]);

/** CGI programs take the value of `Proxy` for the proxy that their own requests are to use (CVE-2016-5385, httpoxy). */
const PROXY_NAME = 'proxy';

/** Lines that the body is judged by under their one exact name; where another mark is read as `-`, a second one. */
const JUDGED_NAMES: ReadonlySet<string> = new Set(['content-length', 'content-type', 'content-encoding']);

/** Whether a line belongs to the connection it came over; in any spelling that some upstream takes for its name. */
export function isConnectionName(folded: string): boolean {
  return CONNECTION_NAMES.has(folded);
}

/**
 * Whether a client's line never goes upstream, whatever its value (R12, R39, R67).
 * @param name the name as it was sent
 * @param folded the same name, as `foldHeaderName` gives it
 */
export function isWithheldName(name: string, folded: string): boolean {
  return (
    CONNECTION_NAMES.has(folded) ||
    ORIGIN_NAMES.has(folded) ||
    folded.startsWith(FORWARDED_PREFIX) ||
    PATH_NAMES.has(folded) ||
    folded === PROXY_NAME ||
    (JUDGED_NAMES.has(folded) && name.toLowerCase() !== folded)
  );
}
