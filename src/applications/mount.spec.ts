import { describe, expect, it } from 'vitest';
import { describeMount, mountKey, parseMount } from './mount.js';

describe('mounts', () => {
  it.each([
    [{ pathPrefix: '/' }, '|/'],
    [{ pathPrefix: '/jira' }, '|/jira'],
    [{ pathPrefix: '/team/a_b~c.d' }, '|/team/a_b~c.d'],
    [{ pathPrefix: '/apis' }, '|/apis'],
    [{ pathPrefix: '/x/api' }, '|/x/api'],
    [{ host: 'Jira.Example.com' }, 'jira.example.com|/'],
    [{ host: 'localhost:8443' }, 'localhost:8443|/'],
    [{ host: 'jira.example.com', pathPrefix: '/one' }, 'jira.example.com|/one'],
  ])('R48: %j can be a mount', (value, key) => {
    const parsing = parseMount(value);
    expect(parsing.ok && mountKey(parsing.mount)).toBe(key);
  });

  it.each([
    {},
    { pathPrefix: '' },
    { pathPrefix: 'jira' },
    { pathPrefix: '/jira/' },
    { pathPrefix: '//jira' },
    { pathPrefix: '/jira//x' },
    { pathPrefix: '/..' },
    { pathPrefix: '/a/./b' },
    { pathPrefix: '/a%2fb' },
    { pathPrefix: '/a;b' },
    { pathPrefix: '/a b' },
    { pathPrefix: `/${'a'.repeat(200)}` },
    ...['api', 'docs', 'metrics', 'health', 'version', 'authorize', 'introspect', '.well-known', 'API'].map((name) => ({
      pathPrefix: `/${name}`,
    })),
    { pathPrefix: '/api/v1' },
    { pathPrefix: '/health/x', host: 'jira.example.com' },
    { host: '' },
    { host: 'http://jira.example.com' },
    { host: 'jira..example.com' },
    { host: '-jira.example.com' },
    { host: 'jira.example.com.' },
    { host: 'jira.example.com:0' },
    { host: 'jira.example.com:65536' },
    { host: 'jira.example.com:443' },
    { host: 'jira.example.com/x' },
    { host: 'user@jira.example.com' },
    { host: '[::1]' },
    { host: 'jira.example.com', pathPrefix: 'x' },
  ])('R48: %j cannot be a mount', (value) => {
    expect(parseMount(value).ok).toBe(false);
  });

  it('R48: a mount is named as people write it', () => {
    expect(describeMount({ host: null, pathPrefix: '/jira' })).toBe('/jira');
    expect(describeMount({ host: 'jira.example.com', pathPrefix: '/' })).toBe('jira.example.com');
    expect(describeMount({ host: 'jira.example.com', pathPrefix: '/one' })).toBe('jira.example.com/one');
  });
});
