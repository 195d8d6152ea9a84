import { expect, it } from 'vitest';
import { AllowedMethods } from './allowed-methods.js';

it('R07: a path tells which methods it takes', () => {
  const methods = new AllowedMethods();
  methods.add('GET', '/api/v1/tokens');
  methods.add('HEAD', '/api/v1/tokens');
  methods.add('POST', '/api/v1/tokens');
  methods.add('PATCH', '/api/v1/tokens/:id');
  methods.add('POST', '/api/v1/tokens/revoke');
  methods.add('POST', '/api/v1/tokens/:id/rotate');
  expect(methods.of('/api/v1/tokens')).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST']);
  expect(methods.of('/api/v1/tokens/abc')).toEqual(['OPTIONS', 'PATCH']);
  expect(methods.of('/api/v1/tokens/revoke')).toEqual(['OPTIONS', 'PATCH', 'POST']);
  expect(methods.of('/api/v1/tokens/')).toEqual([]);
  expect(methods.of('/api/v1/tokens/a/b/rotate')).toEqual([]);
  expect(methods.of('/')).toEqual([]);
});
