import type { HeaderLines } from '@scopegate/kernel';
import { faultOfAnswer } from '@scopegate/upstream';
import { errors } from 'undici';
import { ProblemException } from '../common/http/problem.exception.js';

export function bodyTooSlow(): ProblemException {
  return new ProblemException(
    'request_timeout',
    'The body of the request arrives too slowly. Send at least 64 bytes a second.',
  );
}

export function tooManyWaiting(): ProblemException {
  return new ProblemException(
    'upstream_timeout',
    'Too many requests of this token or client wait for the application. Wait for some answers before you ' +
      'send more.',
  );
}

export function tooManyStreams(): ProblemException {
  return new ProblemException(
    'upstream_timeout',
    'This token or client has the maximum number of event streams of this application open. Close one, or ' +
      'ask an administrator to raise "connections".',
  );
}

export function upstreamChanged(): ProblemException {
  return new ProblemException(
    'policy_unavailable',
    'The upstream of the application was changed while the request waited. Send it again.',
  );
}

export function upgradeRefused(): ProblemException {
  return new ProblemException(
    'request_malformed',
    'The client sent bytes before its connection was switched to the other protocol. Wait for the answer first.',
  );
}

/** For the head of an answer that cannot be passed on; null for another. */
export function problemOfAnswer(status: number, lines: HeaderLines): Error | null {
  const fault = faultOfAnswer(status, lines);
  if (fault !== null) return new errors.HTTPParserError(fault);
  return status === 101 ? new Error('The upstream switches to a protocol that was not asked for.') : null;
}
