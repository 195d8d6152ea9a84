import { parseAuthority, type Authority } from '@scopegate/network';
import { describe, expect, it } from 'vitest';
import { ApplicationRoutes } from './application-routes.js';
import type { Mount } from './mount.js';

function routesOf(mounts: Readonly<Record<string, Partial<Mount>>>): ApplicationRoutes<string> {
  return new ApplicationRoutes(
    Object.entries(mounts).map(([application, mount]) => ({
      application,
      mount: { host: null, pathPrefix: '/', ...mount },
    })),
  );
}

function authorityOf(host: string): Authority {
  const authority = parseAuthority(host);
  if (authority === null) throw new Error(`${host} is no host.`);
  return authority;
}

function find(routes: ApplicationRoutes<string>, host: string | undefined, path: string): string | null {
  const route = routes.find(host === undefined ? null : authorityOf(host), path);
  return route === null || typeof route === 'string' ? route : `${route.application} ${route.rest}`;
}

describe('finding the application of a request', () => {
  const byPath = routesOf({
    jira: { pathPrefix: '/jira' },
    next: { pathPrefix: '/jira/next' },
    deep: { pathPrefix: '/a/b/c' },
  });

  it.each([
    ['/jira', 'jira /'],
    ['/jira/', 'jira /'],
    ['/jira/rest/api/2/issue', 'jira /rest/api/2/issue'],
    ['/jira/next', 'next /'],
    ['/jira/next/x', 'next /x'],
    ['/jira/nextx', 'jira /nextx'],
    ['/jira//rest', 'jira //rest'],
    ['/jirax', null],
    ['/jira;x/rest', null],
    ['/Jira/rest', null],
    ['/%6aira/rest', null],
    ['//jira/rest', null],
    ['/a/b', null],
    ['/a/b/c/d', 'deep /d'],
    ['/', null],
  ])('R48: %s is matched on the raw path, at a segment boundary, the longest prefix first', (path, expected) => {
    expect(find(byPath, 'gateway', path)).toBe(expected);
  });

  it('R48: only a mount with a host of its own takes every path of the host', () => {
    const routes = routesOf({ root: {}, own: { host: 'own.example', pathPrefix: '/own' } });
    expect(routes.find(authorityOf('gateway'), '/api/v1/me')).toMatchObject({ application: 'root', hasOwnHost: false });
    expect(routes.find(authorityOf('own.example'), '/own/api')).toMatchObject({ application: 'own', hasOwnHost: true });
  });

  it('R48: the mount / takes what no longer one takes', () => {
    const routes = routesOf({ root: {}, jira: { pathPrefix: '/jira' } });
    expect(find(routes, undefined, '/jirax/y')).toBe('root /jirax/y');
    expect(find(routes, undefined, '/jira/y')).toBe('jira /y');
  });

  it('R113: the mount itself is told apart from the mount with a slash', () => {
    const routes = routesOf({
      root: {},
      jira: { pathPrefix: '/jira' },
      own: { host: 'own.example', pathPrefix: '/x' },
    });
    const isItself = (host: string, path: string): unknown => {
      const route = routes.find(authorityOf(host), path);
      return route === null || typeof route === 'string' ? route : [route.application, route.isMountItself];
    };
    expect(isItself('gateway', '/jira')).toEqual(['jira', true]);
    expect(isItself('gateway', '/jira/')).toEqual(['jira', false]);
    expect(isItself('gateway', '/')).toEqual(['root', false]);
    expect(isItself('own.example', '/x')).toEqual(['own', true]);
  });

  const byHost = routesOf({
    whole: { host: 'jira.example.com' },
    one: { host: 'tools.example.com', pathPrefix: '/one' },
    two: { host: 'tools.example.com', pathPrefix: '/two' },
    port: { host: 'jira.example.com:8443' },
    path: { pathPrefix: '/path' },
    address: { host: '192.0.2.7' },
  });

  it.each([
    ['jira.example.com', '/path/x', 'whole /path/x'],
    ['JIRA.Example.com', '/', 'whole /'],
    ['jira.example.com.', '/x', 'whole /x'],
    ['jira.example.com..', '/api/v1/me', 'whole /api/v1/me'],
    ['%6aira%2Eexample.COM.', '/api/v1/me', 'whole /api/v1/me'],
    ['[::ffff:192.0.2.7]:80', '/api/v1/me', 'address /api/v1/me'],
    ['0xc0.0.2.7', '/api/v1/me', 'address /api/v1/me'],
    ['jira.example.com:3000', '/x', 'whole /x'],
    ['jira.example.com:', '/x', 'whole /x'],
    ['jira.example.com:8443', '/x', 'port /x'],
    ['jira.example.com.:08443', '/x', 'port /x'],
    ['tools.example.com', '/one/x', 'one /x'],
    ['tools.example.com', '/two', 'two /'],
    ['tools.example.com', '/path/x', 'unclaimed-host-path'],
    ['tools.example.com', '/api/v1/me', 'unclaimed-host-path'],
    ['other.example.com', '/path/x', 'path /x'],
    ['other.example.com', '/api/v1/me', null],
    ['[::1]:3000', '/path/x', 'path /x'],
    ['xjira.example.com', '/x', null],
  ])('R48: the Host %s with %s: a host that names an application belongs to it alone', (host, path, expected) => {
    expect(find(byHost, host, path)).toBe(expected);
  });

  it('R67: a mount that was stored in another spelling is found all the same', () => {
    const routes = routesOf({ stored: { host: '192.0.519' } });
    expect(find(routes, '192.0.2.7', '/x')).toBe('stored /x');
  });

  it('R48: among a thousand applications each is found under its own mount', () => {
    const mounts: Record<string, Partial<Mount>> = {};
    for (let number = 0; number < 1000; number += 1) mounts[`app-${number}`] = { pathPrefix: `/team/app-${number}` };
    const routes = routesOf(mounts);
    for (let number = 0; number < 1000; number += 1) {
      expect(find(routes, 'gateway', `/team/app-${number}/rest`)).toBe(`app-${number} /rest`);
    }
  });
});
