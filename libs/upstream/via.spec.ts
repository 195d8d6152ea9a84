import { expect, it } from 'vitest';
import { appendHop, hasPassed } from './via.js';

it.each([
  [[], false],
  [['Via', '1.1 other'], false],
  [['Via', '1.1 scopegate-1'], true],
  [['via', '1.0 a, HTTP/1.1\tScopegate-1 (c), 1.1 b'], true],
  [['Via', '1.1 a', 'VIA', '1.1 scopegate-1'], true],
  [['Via', 'scopegate-1'], false],
  [['Via', '1.1 scopegate-10'], false],
  [['Via', '1.1 a (1.1 scopegate-1)'], false],
  [['X-Via', '1.1 scopegate-1'], false],
] as const)('R112: the lines %j tell of a way through the gateway before: %s', (lines, expected) => {
  expect(hasPassed(lines, 'scopegate-1')).toBe(expected);
});

it('R112: the hops before stay, in their order', () => {
  expect(appendHop(['Via', '1.0 a, 1.1 b', 'Other', 'x', 'via', '1.1 c'], '1.1 d')).toBe('1.0 a, 1.1 b, 1.1 c, 1.1 d');
  expect(appendHop(['Via', ' '], '1.1 d')).toBe('1.1 d');
});
