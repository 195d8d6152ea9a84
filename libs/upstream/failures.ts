/**
 * Why an upstream gave no answer, with what to do. Only administrators get this: in the log, in the audit, and from a
 * check of the application.
 */
const FAILURES = {
  'connection-refused':
    'Nothing accepts connections at "upstream". Check the address, and that the application is running.',
  'connection-closed':
    'The server closes the connection without an answer. Check that "upstream" is the address of the application, ' +
    'whether it expects https, and what its log says.',
  'connect-timeout':
    'No connection is possible in time. Check the address, a firewall, and that the application is running.',
  'answer-timeout': 'The application does not answer in time. Check the address, and whether it is overloaded.',
  'name-not-found':
    'The host name in "upstream" has no address. Check its spelling, and the name server of the gateway.',
  'no-route': 'There is no way to the address in "upstream". Check the address and the network.',
  'socket-not-found':
    'The socket file in "upstream" does not exist. Check its path, and that the application is running.',
  'not-permitted':
    'The gateway may not use the address in "upstream". Check the rights of the socket file, or a firewall.',
  'certificate-expired': 'The certificate of the application has expired. Renew it.',
  'certificate-not-yet-valid': 'The certificate of the application is not valid yet. Check the clocks of both servers.',
  'certificate-self-signed':
    'The certificate of the application is self-signed, and therefore not trusted. If it is the right one, put it ' +
    'into "tls.ca".',
  'certificate-authority-unknown':
    'The certificate of the application is from an authority that is not trusted. Put the certificate of this ' +
    'authority into "tls.ca", and let the application send its whole chain.',
  'certificate-wrong-name':
    'The certificate of the application is for another name. Correct the host in "upstream", or set ' +
    '"tls.serverName" to a name of the certificate.',
  'certificate-invalid': 'The certificate of the application is not valid for a server. Replace it.',
  'client-certificate-required': 'The application requires a client certificate. Set "tls.certificate" and "tls.key".',
  'client-certificate-refused':
    'The application refuses the client certificate in "tls.certificate". Check its authority and its expiry.',
  'no-tls': 'The server does not use TLS at this port. Use http in "upstream", or the port for https.',
  'tls-handshake': 'The TLS handshake fails. Check that both servers have a version and a cipher of TLS in common.',
  'invalid-answer': 'The answer is not valid HTTP/1.1. Check that "upstream" is the address of a web server.',
  other: 'There is no answer at "upstream". The log of the gateway has the error.',
} as const;

export type UpstreamFailure = keyof typeof FAILURES;

export function adviceFor(failure: UpstreamFailure): string {
  return FAILURES[failure];
}

export function failureCode(failure: UpstreamFailure): 'upstream_unreachable' | 'upstream_timeout' {
  return failure === 'connect-timeout' || failure === 'answer-timeout' ? 'upstream_timeout' : 'upstream_unreachable';
}

/** Codes of Node, OpenSSL and undici; the first match counts. */
const CODES: readonly (readonly [RegExp, UpstreamFailure])[] = [
  [/^ECONNREFUSED$/, 'connection-refused'],
  [/^(?:ENOTFOUND|EAI_\w+|ENODATA)$/, 'name-not-found'],
  [/^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'connect-timeout'],
  [/^UND_ERR_(?:HEADERS|BODY)_TIMEOUT$/, 'answer-timeout'],
  [/^(?:EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EINVAL)$/, 'no-route'],
  [/^ENOENT$/, 'socket-not-found'],
  [/^(?:EACCES|EPERM)$/, 'not-permitted'],
  [/^CERT_HAS_EXPIRED$/, 'certificate-expired'],
  [/^CERT_NOT_YET_VALID$/, 'certificate-not-yet-valid'],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, 'certificate-self-signed'],
  [/^(?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_UNTRUSTED)$/, 'certificate-authority-unknown'],
  [/^(?:ERR_TLS_CERT_ALTNAME_\w+|HOSTNAME_MISMATCH)$/, 'certificate-wrong-name'],
  [/^(?:CERT_\w+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/, 'certificate-invalid'],
  [/^ERR_SSL_\w*ALERT_(?:CERTIFICATE_REQUIRED|NO_CERTIFICATE)$/, 'client-certificate-required'],
  [/^ERR_SSL_\w*ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/, 'client-certificate-refused'],
  [/^ERR_SSL_(?:WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG)$/, 'no-tls'],
  [/^(?:ERR_SSL_\w+|ERR_TLS_\w+|EPROTO)$/, 'tls-handshake'],
  [/^(?:HPE_\w*|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_\w+)$/, 'invalid-answer'],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/, 'connection-closed'],
];

/** Of several addresses behind one name, those that a machine cannot reach at all say less than the others. */
export function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof AggregateError) {
    const failures = error.errors.map(failureOf);
    return failures.find((failure) => failure !== 'no-route' && failure !== 'other') ?? failures[0] ?? 'other';
  }
  if (!(error instanceof Error)) return 'other';
  if (error.name === 'HTTPParserError') return 'invalid-answer';
  if (error.message.includes('before secure TLS connection')) return 'tls-handshake';
  // A TLS alert before the end of the connection.
  if (error.cause instanceof Error) return failureOf(error.cause);
  const code = 'code' in error ? String(error.code) : '';
  return CODES.find(([pattern]) => pattern.test(code))?.[1] ?? 'other';
}

/** For the log: the error of each address. */
export function failureMessage(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(failureMessage).join('; ').slice(0, 500);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}; ${failureMessage(error.cause)}` : error.message;
}
