/** RFC 9110 7.6.1. `Expect` is answered here, since the body is only needed after the decision. */
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

/** The gateway writes its own. For `X-Forwarded-*` see below. */
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
  'cf-pseudo-ipv4',
  'do-connecting-ip',
  'fly-client-ip',
  'fastly-client-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'wl-proxy-ssl',
  'x-nf-client-connection-ip',
  'x-proxyuser-ip',
  'x-real-host',
  'x-real-port',
  'x-real-proto',
  'x-remote-ip',
  'x-remote-addr',
  'x-originating-ip',
  'x-envoy-external-address',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-host',
  'x-scheme',
  'x-url-scheme',
  'x-proto',
  'x-protocol',
  'x-ssl',
  'x-https',
  'x-arr-ssl',
  'https',
  'front-end-https',
  // The web server plug-in of WebSphere: `$WSRA` and others.
  '-wsra',
  '-wsrh',
  '-wsru',
  '-wsis',
  '-wssc',
  '-wssn',
  '-wssp',
  'x-request-id',
  'traceparent',
  'tracestate',
]);

const FORWARDED_PREFIX = 'x-forwarded-';

/**
 * Change the path of the application (R12): IIS, Symfony and Laminas read the first two, gunicorn `SCRIPT_NAME` and
 * `PATH_INFO`; ingress-nginx, Envoy and Traefik write the others.
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

/** CGI programs take it for the proxy of their own requests (CVE-2016-5385, httpoxy). */
const PROXY_NAME = 'proxy';

/** Folded: where a request came from, and another path than its own, as only a proxy may say it. */
export const PROXY_WRITTEN_NAMES: readonly string[] = [...ORIGIN_NAMES, ...PATH_NAMES, PROXY_NAME];

/** Judged by their exact names; another spelling would be a second line where marks are read as `-`. */
const JUDGED_NAMES: ReadonlySet<string> = new Set(['content-length', 'content-type', 'content-encoding']);

/**
 * Names another path or proxy, or is another spelling of a line that has one meaning. No proxy and no honest client
 * sends it.
 * @param name in lower case
 * @param folded the name by `foldHeaderName`
 */
export function isMisleading(name: string, folded: string): boolean {
  return PATH_NAMES.has(folded) || folded === PROXY_NAME || (name !== folded && isWithheldName(name, folded));
}

/** In any spelling that some upstream accepts. */
export function isConnectionName(folded: string): boolean {
  return CONNECTION_NAMES.has(folded);
}

/** R12, R39, R67. @param folded the name by `foldHeaderName` */
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
