import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import type { UpstreamTarget } from '@scopegate/upstream';
import { buildConnector } from 'undici';
import { SECRET_MASK } from './identity-header.js';
import type { SecretBox } from '../keys/secret-box.js';
import type { Note } from './member-check.js';

/** How an application's server is trusted, and how the gateway identifies itself to it. PEM texts. */
export interface TlsOptions {
  /** Trusted instead of the system's authorities. */
  readonly ca: string | null;
  /** Of the gateway, with its chain. */
  readonly certificate: string | null;
  /** Of the certificate: encrypted in a stored application, a mask where it is shown. */
  readonly key: string | null;
  /** Asked for and checked instead of the host of the upstream. */
  readonly serverName: string | null;
}

export const NO_TLS: TlsOptions = { ca: null, certificate: null, key: null, serverName: null };

/** With the key in plain text; a missing member has Node's default. */
export interface UpstreamTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** Where connections lead, and how they are made. */
export interface UpstreamEndpoint {
  readonly target: UpstreamTarget;
  readonly tls: UpstreamTls;
}

export function connectOptions({ target, tls }: UpstreamEndpoint): buildConnector.BuildOptions {
  return { ...tls, ...(target.socketPath === null ? {} : { socketPath: target.socketPath }), autoSelectFamily: true };
}

/** @param timeout milliseconds for a connection */
export function connectorTo(endpoint: UpstreamEndpoint, timeout: number): buildConnector.connector {
  const connect = buildConnector({ ...connectOptions(endpoint), timeout });
  return (asked, callback) =>
    connect(asked, (...[error, socket]) => {
      if (error !== null) callback(error, null);
      else callback(null, keepFirstError(socket));
    });
}

/**
 * A server that misses a client certificate says so after the handshake (RFC 8446 4.4.2.4) and closes. undici reports the
 * end alone; here it gets the first error as its cause.
 */
export function keepFirstError<Connection extends Socket>(socket: Connection): Connection {
  let first: Error | null = null;
  return socket.on('error', (error: Error) => {
    if (first === null) first = error;
    else if (error !== first) error.cause ??= first;
  });
}

export function isSameEndpoint(left: UpstreamEndpoint, right: UpstreamEndpoint): boolean {
  return (
    left.target.endpoint === right.target.endpoint &&
    left.tls.ca === right.tls.ca &&
    left.tls.cert === right.tls.cert &&
    left.tls.key === right.tls.key &&
    left.tls.servername === right.tls.servername
  );
}

/**
 * Checks the texts.
 * @param stored the current options; null if there are none, or their key belongs to another endpoint (R111)
 */
export function checkTls(
  { ca, certificate, key, serverName }: TlsOptions,
  stored: TlsOptions | null,
  note: Note,
): void {
  if (ca !== null) readCertificates('tls.ca', ca, note);
  const [own] = certificate === null ? [] : readCertificates('tls.certificate', certificate, note);
  if (serverName !== null && !HOST_NAME.test(serverName)) note('tls.serverName', 'must be a host name');
  if ((certificate === null) !== (key === null)) {
    note(key === null ? 'tls.key' : 'tls.certificate', 'is missing: a client certificate and its key belong together');
    return;
  }
  if (key === null) return;
  if (key === SECRET_MASK) {
    if (stored?.key === null || stored === null) {
      note('tls.key', 'has no stored key for this upstream to keep: send the key itself');
    } else if (certificate !== stored.certificate) {
      note('tls.key', 'must be sent again with another certificate');
    }
    return;
  }
  const privateKey = readKey(key, note);
  if (own !== undefined && privateKey !== null && !own.checkPrivateKey(privateKey)) {
    note('tls.key', 'does not belong to the certificate');
  }
}

const HOST_NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z\d+/=\s]+-----END CERTIFICATE-----/g;

/** Of one text. */
const MAX_CERTIFICATES = 50;

/** What else stands in the text may be a private key, which must not be shown. */
function readCertificates(field: string, text: string, note: Note): readonly X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES || text.replace(CERTIFICATE, '').trim() !== '') {
    note(field, `must be 1 to ${MAX_CERTIFICATES} certificates in PEM, and nothing else`);
    return [];
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    note(field, 'has a certificate that cannot be read');
    return [];
  }
}

/** Messages never quote the text. */
function readKey(text: string, note: Note): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isEncrypted = error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE';
    note('tls.key', isEncrypted ? 'must not be encrypted with a passphrase' : 'must be a private key in PEM');
    return null;
  }
}

/** No header has this name. */
export function tlsKeyContext(application: string, endpoint: string): string {
  return `${application}\ntls/key\n${endpoint}`;
}

/** For storage. @param asked checked by `checkTls` */
export function sealTls(
  box: SecretBox,
  application: string,
  endpoint: string,
  asked: TlsOptions,
  stored: TlsOptions | null,
): TlsOptions {
  if (asked.key === null) return asked;
  if (asked.key === SECRET_MASK) return { ...asked, key: stored?.key ?? null };
  return { ...asked, key: box.seal(asked.key, tlsKeyContext(application, endpoint)) };
}

/** Null if the stored key cannot be decrypted. */
export function openTls(
  box: SecretBox,
  application: string,
  endpoint: string,
  { ca, certificate, key, serverName }: TlsOptions,
): UpstreamTls | null {
  const opened = key === null ? null : box.open(key, tlsKeyContext(application, endpoint));
  if (key !== null && opened === null) return null;
  return {
    ...(ca === null ? {} : { ca }),
    ...(certificate === null ? {} : { cert: certificate }),
    ...(opened === null ? {} : { key: opened }),
    ...(serverName === null ? {} : { servername: serverName }),
  };
}

/** For answers of the management API. */
export function shownTls(tls: TlsOptions): TlsOptions {
  return { ...tls, key: tls.key === null ? null : SECRET_MASK };
}

/** For the audit: certificates by subject and fingerprint. */
export function certificateNames(text: string | null): readonly string[] | null {
  if (text === null) return null;
  return (text.match(CERTIFICATE) ?? []).slice(0, MAX_CERTIFICATES).map((block) => {
    const { subject, fingerprint256 } = new X509Certificate(block);
    return `${subject.replaceAll('\n', ', ').slice(0, 200)} (SHA-256 ${fingerprint256})`;
  });
}
