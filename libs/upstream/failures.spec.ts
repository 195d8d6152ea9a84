import { describe, expect, it } from 'vitest';
import { adviceFor, failureCode, failureMessage, failureOf } from './failures.js';

function coded(code: string): Error {
  return Object.assign(new Error(`message of ${code}`), { code });
}

describe('why an upstream gave no answer', () => {
  it.each(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])(
    'R55: %s is a silent upstream',
    (code) => {
      expect(failureCode(failureOf(coded(code)))).toBe('upstream_timeout');
    },
  );

  it.each([
    coded('ECONNREFUSED'),
    coded('ECONNRESET'),
    coded('HPE_INVALID'),
    new Error('other'),
    'text',
    null,
    undefined,
  ])('R55: %s is an upstream that cannot be reached', (error) => {
    expect(failureCode(failureOf(error))).toBe('upstream_unreachable');
  });

  it.each([
    ['ECONNREFUSED', 'connection-refused'],
    ['ECONNRESET', 'connection-closed'],
    ['UND_ERR_SOCKET', 'connection-closed'],
    ['ENOTFOUND', 'name-not-found'],
    ['EAI_AGAIN', 'name-not-found'],
    ['CERT_HAS_EXPIRED', 'certificate-expired'],
    ['CERT_NOT_YET_VALID', 'certificate-not-yet-valid'],
    ['CERT_REVOKED', 'certificate-invalid'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-self-signed'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate-authority-unknown'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-authority-unknown'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate-authority-unknown'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-wrong-name'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'client-certificate-required'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'client-certificate-refused'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'client-certificate-refused'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'no-tls'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls-handshake'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls-handshake'],
    ['ENOENT', 'socket-not-found'],
    ['EACCES', 'not-permitted'],
    ['constructor', 'other'],
  ] as const)('R126: %s is %s, with advice', (code, failure) => {
    expect(failureOf(coded(code))).toBe(failure);
    expect(adviceFor(failure)).toMatch(/\.$/);
  });

  it('R126: of several addresses, one that answered in any way counts, and the log has the error of each', () => {
    const error = new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')]);
    expect(failureOf(error)).toBe('connection-refused');
    expect(failureMessage(error)).toBe('message of ENETUNREACH; message of ECONNREFUSED');
    expect(failureOf(new AggregateError([coded('ENETUNREACH')]))).toBe('no-route');
    expect(failureOf(new AggregateError([]))).toBe('other');
  });
});
