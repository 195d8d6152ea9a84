import { describe, expect, it } from 'vitest';
import { isTooLongPassword, passwordProblem } from './password.rule.js';

describe('a new password', () => {
  it.each(['x'.repeat(12), 'x'.repeat(72), 'ü'.repeat(36), '😀'.repeat(12), ' pass phrase '])(
    'R63: %j will do',
    (password) => expect(passwordProblem(password)).toBeNull(),
  );

  it.each([
    ['x'.repeat(11), '12 characters'],
    ['😀'.repeat(6), '12 characters'],
    ['x'.repeat(73), '72 bytes'],
    ['ü'.repeat(37), '72 bytes'],
    [`sg_${'x'.repeat(20)}`, 'sg_'],
    ['long enough\u0000 but cut', 'control'],
  ])('R63: %j will not do (%s)', (password, part) => {
    expect(passwordProblem(password)).toContain(part);
    expect(passwordProblem(password)).not.toContain(password);
  });

  it('R63: the length that bcrypt would cut is counted in bytes', () => {
    expect(isTooLongPassword('ü'.repeat(36))).toBe(false);
    expect(isTooLongPassword(`${'ü'.repeat(36)}x`)).toBe(true);
  });
});
