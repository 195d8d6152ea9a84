import { expect, it } from 'vitest';
import { readHeaderLines } from './header-lines';

it('R101: reads the lines of a header as they are pasted', () => {
  expect(readHeaderLines('X-Forwarded-For: 2001:db8::1\r\n\nAccept:\nX-Empty\n  Cookie : a=b: c ')).toEqual([
    ['X-Forwarded-For', '2001:db8::1'],
    ['Accept', ''],
    ['X-Empty', ''],
    ['Cookie', 'a=b: c'],
  ]);
});
