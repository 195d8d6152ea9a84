import { describe, expect, it } from 'vitest';
import { requestIdIn } from './request-id';

describe('requestIdIn', () => {
  it.each([
    '5bc4e3a80823aa15',
    '  5bc4e3a80823aa15 ',
    'X-Request-Id: 5bc4e3a80823aa15',
    'x-request-id:5bc4e3a80823aa15',
    '"requestId": "5bc4e3a80823aa15",',
    'Request 5bc4e3a80823aa15',
  ])('R101: finds the id in %j', (pasted) => {
    expect(requestIdIn(pasted)).toBe('5bc4e3a80823aa15');
  });

  it.each(['request', 'requestid-7'])('R101: %j is an id itself', (id) => {
    expect(requestIdIn(id)).toBe(id);
  });

  it.each(['', ' ', '..', '.', 'two words here', '<b>x</b>', 'a/b', 'x'.repeat(65), 'ä'])(
    'R101: %j holds none',
    (pasted) => {
      expect(requestIdIn(pasted)).toBeNull();
    },
  );
});
