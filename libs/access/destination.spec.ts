import { describe, expect, it } from 'vitest';
import {
  destinationOf,
  type Destination,
  type ListenerSide,
  type MountedApplications,
  type TakenRequest,
} from './destination.js';
import type { ApplicationRules } from './facts.js';
import { RequestHead } from './request-head.js';
import { JIRA_RULES } from '../../test/support/jira-rules.js';

interface Application {
  readonly key: string;
  readonly rules: ApplicationRules;
}

const JIRA: Application = { key: 'jira', rules: JIRA_RULES };

/** Jira below `/jira`, and with the host `own.example` on every path. */
const AT_ROOT = { application: JIRA, hasOwnHost: false, isMountItself: false };

const MOUNTS: MountedApplications<Application> = {
  route: (authority, rawPath) => {
    if (authority?.text === 'own.example') return { ...AT_ROOT, rest: rawPath, hasOwnHost: true };
    if (rawPath === '/jira') return { ...AT_ROOT, rest: '/', isMountItself: true };
    return rawPath.startsWith('/jira/') ? { ...AT_ROOT, rest: rawPath.slice(5) } : null;
  },
  byKey: (key) => (key === 'jira' ? JIRA : null),
};

/** Jira at the root of every host. */
const ROOT: MountedApplications<Application> = {
  route: (_authority, rawPath) => ({ ...AT_ROOT, rest: rawPath }),
  byKey: () => null,
};

function destination(
  target: string,
  more: Partial<Omit<TakenRequest, 'head'>> & { readonly lines?: readonly string[] } = {},
  side: ListenerSide = 'both',
  mounts = MOUNTS,
): Destination<Application> {
  const { lines = ['Host', 'gateway.example'], ...request } = more;
  const head = RequestHead.of(lines);
  const usual = { method: 'GET', httpVersion: '1.1', peer: '192.0.2.1', isOtherProtocol: false, isLoop: false };
  return destinationOf({ ...usual, ...request, target, head }, side, mounts);
}

describe('where a request goes', () => {
  it('R48: below a mount, to its application, with the rest of the path as it was sent', () => {
    expect(destination('/jira/a%2fb?c=/jira/')).toMatchObject({
      kind: 'application',
      application: JIRA,
      facts: { rawPath: '/a%2fb', query: 'c=/jira/' },
    });
  });

  it('R48: a host of its own is the application’s on every path, and names it in the absolute form', () => {
    expect(destination('/api/v1/me', { lines: ['Host', 'own.example'] })).toMatchObject({ kind: 'application' });
    expect(destination('http://own.example/api/v1/me')).toMatchObject({
      kind: 'application',
      authority: { text: 'own.example' },
      facts: { rawPath: '/api/v1/me', targetAuthority: 'own.example' },
    });
  });

  it('R63: an application at the root of every host leaves the own paths alone, on the sides that answer them', () => {
    expect(destination('/api/v1/me', {}, 'both', ROOT).kind).toBe('own');
    expect(destination('/api/v1/me', {}, 'gateway', ROOT).kind).toBe('application');
    expect(destination('/health/live', {}, 'gateway', ROOT).kind).toBe('own');
    expect(destination('/jira/x', {}, 'management', ROOT).kind).toBe('nowhere');
  });

  it('R113: the mount itself is judged as / and is told apart from it', () => {
    expect(destination('/jira?x=1').facts).toMatchObject({ rawPath: '/', isMountItself: true, query: 'x=1' });
    expect(destination('/jira/').facts).toMatchObject({ rawPath: '/', isMountItself: false });
    expect(destination('/', {}, 'both', ROOT).facts).toMatchObject({ rawPath: '/', isMountItself: false });
  });

  it('R07: a call of the vendor below a mount, with its canonical path', () => {
    const target = '/jira/rest//de.resolution.apitokenauth/latest/user/token';
    expect(destination(target)).toMatchObject({
      kind: 'vendor-call',
      call: { call: 'token' },
      facts: { rawPath: '/rest/de.resolution.apitokenauth/latest/user/token' },
    });
  });

  it('R67: what cannot be read is refused, at the application that its path leads to', () => {
    const noHost = destination('/jira/x', { lines: [] });
    expect(noHost).toMatchObject({ kind: 'refused', application: JIRA, denial: { code: 'request_malformed' } });
    const otherProtocol = destination('/jira/x', { isOtherProtocol: true });
    expect(otherProtocol).toMatchObject({ kind: 'refused', denial: { code: 'request_malformed' } });
    expect(destination('/jira/x#y')).toMatchObject({
      kind: 'refused',
      application: JIRA,
      denial: { code: 'path_ambiguous' },
    });
    expect(destination('jira/x')).toMatchObject({
      kind: 'refused',
      application: null,
      denial: { code: 'path_ambiguous' },
    });
  });

  it('R67: the form of a request for no application is judged here, that of the others with everything else', () => {
    const lines = ['Host', 'gateway.example', 'Transfer-Encoding', 'gzip'];
    for (const target of ['/api/v1/me', '/nowhere']) {
      const refused = destination(target, { lines });
      expect(refused).toMatchObject({ kind: 'refused', application: null, denial: { code: 'request_malformed' } });
    }
    expect(destination('/jira/x', { lines }).kind).toBe('application');
  });

  it('a request that has been here before goes nowhere, wherever it leads', () => {
    expect(destination('/jira/x', { isLoop: true })).toMatchObject({ kind: 'loop', application: JIRA });
    expect(destination('/nowhere', { isLoop: true })).toMatchObject({ kind: 'loop', application: null });
  });

  it('OPTIONS * asks about the server, also where an application is mounted at the root', () => {
    expect(destination('*', { method: 'OPTIONS' }, 'both', ROOT).kind).toBe('server-options');
    expect(destination('*', { method: 'GET' }).kind).toBe('refused');
  });

  it('the address of the server itself differs from a path that leads nowhere', () => {
    expect(destination('/')).toMatchObject({ kind: 'nowhere', isServerRoot: true });
    expect(destination('/x')).toMatchObject({ kind: 'nowhere', isServerRoot: false });
    const unclaimed: MountedApplications<Application> = { route: () => 'unclaimed-host-path', byKey: () => null };
    expect(destination('/', {}, 'both', unclaimed)).toMatchObject({ kind: 'nowhere', isServerRoot: false });
    expect(destination('/api/v1/me', {}, 'both', unclaimed).kind).toBe('nowhere');
  });
});
