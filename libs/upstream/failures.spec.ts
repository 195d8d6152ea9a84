import { describe, expect, it } from 'vitest';
import { classifyUpstreamFailure } from './failures.js';

describe('what went wrong with an upstream', () => {
  it.each(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])(
    'R55: %s is a silent upstream',
    (code) => {
      expect(classifyUpstreamFailure(Object.assign(new Error('late'), { code }))).toBe('upstream_timeout');
    },
  );

  it.each([
    Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    Object.assign(new Error('nonsense'), { code: 'HPE_INVALID_CONSTANT' }),
    new Error('other'),
    'text',
    null,
    undefined,
  ])('R55: %s is an upstream that cannot be reached', (error) => {
    expect(classifyUpstreamFailure(error)).toBe('upstream_unreachable');
  });
});
