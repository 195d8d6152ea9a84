import { describe, expect, it } from 'vitest';
import { compareVersions, isVersion, nativeTokenSwitch } from './product-version.js';

describe('versions of the products', () => {
  it.each([
    ['7.10', '7.9'],
    ['10.0', '9.12.17'],
    ['8.14.1', '8.14'],
    ['8.20.0', '8.3.99'],
  ])('R52: %s is above %s, since they are compared number by number', (higher, lower) => {
    expect(compareVersions(higher, lower)).toBeGreaterThan(0);
    expect(compareVersions(lower, higher)).toBeLessThan(0);
  });

  it('R52: a part that is missing counts as 0', () => {
    expect(compareVersions('8.14', '8.14.0')).toBe(0);
    expect(compareVersions('08.014', '8.14')).toBe(0);
  });

  it.each(['9', '9.12.0', '8.20.10.1'])('R52: %s is a version', (text) => {
    expect(isVersion(text)).toBe(true);
  });

  it.each(['', '9.', '.9', '9.x', 'v9', '9.12.0-m01', '9..1', ' 9', '9\n'])('R52: %j is not a version', (text) => {
    expect(isVersion(text)).toBe(false);
  });

  it.each([
    ['jira', '8.13.99', 'version-too-old'],
    ['jira', '8.14', 'available'],
    ['jira', '10.3.1', 'available'],
    ['jira', null, 'version-unknown'],
    ['confluence', '7.8.3', 'version-too-old'],
    ['confluence', '7.9', 'available'],
    ['confluence', '7.10.2', 'available'],
    ['confluence', null, 'version-unknown'],
    ['bitbucket', null, 'available'],
    ['bitbucket', '5.0', 'available'],
    ['generic', '99', 'no-such-product'],
  ] as const)('R52: the switch over the own tokens of %s %s is %s', (kind, version, expected) => {
    expect(nativeTokenSwitch(kind, version)).toBe(expected);
  });
});
