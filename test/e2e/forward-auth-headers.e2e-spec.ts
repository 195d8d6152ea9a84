import { describe, expect } from 'vitest';
import {
  ask,
  ASKING_FORMS,
  expectAllow,
  expectRefusal,
  forwardedLines,
  originalLines,
} from '../support/forward-auth.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

const it = gatewayTest
  .extend('application', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    return gateway.createApplication({
      key: 'app',
      kind: 'redmine',
      anonymous: 'allow',
      passwords: 'forward',
      mount: { pathPrefix: '/app' },
      upstream: upstream.url,
      identity: {
        mode: 'headers',
        headers: { 'X-Forwarded-User': '{username}', 'X-Remote-Groups': '{groups}', Remote: '{email}' },
      },
    });
  })
  .extend('readOnly', { scope: 'file' }, async ({ gateway, application: _application }) => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    return bearer(secret);
  })
  .extend(
    'described',
    ({ gateway, readOnly }) =>
      (lines: readonly HeaderLine[], query = ''): Promise<RawAnswer> =>
        request({ port: gateway.port, target: `/authorize/app${query}`, headers: [...lines, readOnly] }),
  );

const SUBJECT = { target: '/app/issues.json?a=b' };

const DIALECTS = [
  { name: 'X-Forwarded', lines: forwardedLines(SUBJECT), other: originalLines(SUBJECT) },
  { name: 'X-Original', lines: originalLines(SUBJECT), other: forwardedLines(SUBJECT) },
] as const;

/** The lines, one of them replaced. */
function changed(lines: readonly HeaderLine[], name: string, value: string): readonly HeaderLine[] {
  return lines.map((line): HeaderLine => (line[0] === name ? [name, value] : line));
}

/** Every mark of the name replaced; the same name where there is none. */
function spellings(name: string): readonly string[] {
  const marks = name.includes('-') ? ['_', '.', '~', '!'].map((mark) => name.replaceAll('-', mark)) : [];
  const one = name.includes('-') ? [name.replace('-', '_'), name.replace(/-(?!.*-)/, '.')] : [];
  return [
    ...new Set([...marks, ...one].flatMap((spelling) => [spelling, spelling.toLowerCase(), spelling.toUpperCase()])),
  ];
}

describe.each(DIALECTS)('a request that is described by $name', ({ lines, other }) => {
  it('R85: is judged as it is described', async ({ described, upstream }) => {
    expectAllow(await described(lines), 'allowed');
    expectAllow(await described(lines, '?statuses=nginx'), 'allowed');
    expectAllow(await described(lines.map(([name, value]): HeaderLine => [name.toUpperCase(), value])), 'allowed');
    const [[method]] = lines as [HeaderLine];
    expectRefusal(await described(changed(lines, method, 'DELETE')), 403, 'scope_insufficient');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R85: needs each of its lines exactly once', async ({ described }) => {
    for (const [name, value] of lines) {
      const without = lines.filter(([candidate]) => candidate !== name);
      expectRefusal(await described(without), 400, 'request_malformed');
      expectRefusal(await described([...lines, [name, value]]), 400, 'request_malformed');
      expectRefusal(await described([...lines, [name.toLowerCase(), value]]), 400, 'request_malformed');
      expectRefusal(await described(changed(lines, name, '')), 400, 'request_malformed');
      expect((await described(changed(lines, name, `${value}, ${value}`))).status, name).toBe(400);
    }
    expectRefusal(await described([]), 400, 'request_malformed');
  });

  it('R85: has no line of the other dialect', async ({ described }) => {
    for (const line of other) expectRefusal(await described([...lines, line]), 400, 'request_malformed');
    expectRefusal(await described([...lines, ...other]), 400, 'request_malformed');
    for (const [name] of other) expectRefusal(await described([...lines, [name, '']]), 400, 'request_malformed');
  });

  it('R85: has no line that some server reads as one of the two dialects', async ({ described }) => {
    for (const [name, value] of [...lines, ...other]) {
      for (const spelling of spellings(name)) {
        expectRefusal(await described([...lines, [spelling, value]]), 400, 'request_malformed');
        const instead = lines.map((line): HeaderLine => (line[0] === name ? [spelling, value] : line));
        if (lines.some(([candidate]) => candidate === name)) {
          expectRefusal(await described(instead), 400, 'request_malformed');
        }
      }
    }
  });

  it('R85: is refused with another query than the one for nginx', async ({ described }) => {
    for (const query of [
      '?',
      '?a=b',
      '?application=app',
      '?statuses=nginx&a=b',
      '?a=b&statuses=nginx',
      '?statuses=traefik',
      '?statuses=nginx&statuses=nginx',
      '?&statuses=nginx',
      '?statuses=nginx&',
      '?STATUSES=nginx',
    ]) {
      const answer = await described(lines, query);
      expect([400, 403], query).toContain(answer.status);
      expect(answer.header('x-scopegate-code'), query).toBe('request_malformed');
    }
  });

  it('R85: has a method that is one', async ({ described }) => {
    const [[name]] = lines as [HeaderLine];
    for (const method of ['GET POST', 'GET,', 'G\tT', 'GET /x', '(', '"GET"', 'G\xc9T', 'GET;', '/']) {
      expectRefusal(await described(changed(lines, name, method)), 400, 'request_malformed');
    }
    for (const method of ['get', 'Get', 'gET']) {
      // Another method than GET (RFC 9110 9.1), which some servers take for it.
      expectRefusal(await described(changed(lines, name, method)), 403, 'scope_insufficient');
    }
  });
});

describe('the target of a description', () => {
  it('R85: X-Forwarded-Uri is in origin form', async ({ described }) => {
    for (const uri of ['app/x', '*', '?a=b', 'http://public.test/app/x', 'app', '.', '%2Fapp']) {
      const answer = await described(changed(forwardedLines(SUBJECT), 'X-Forwarded-Uri', uri));
      expect(answer.status, uri).toBe(400);
    }
    for (const uri of [
      '/app/x y',
      '/app/x#y',
      '/app/\\x',
      '/app/%zz',
      '/app/\xc3\xa9',
      '/app/../x',
      '/app/x\ty',
      '/app/%00',
    ]) {
      const answer = await described(changed(forwardedLines(SUBJECT), 'X-Forwarded-Uri', uri));
      expect(answer.status, uri).toBe(400);
    }
  });

  it('R85: X-Original-URL is absolute or a path', async ({ described }) => {
    const original = (url: string): readonly HeaderLine[] => changed(originalLines(SUBJECT), 'X-Original-URL', url);
    for (const url of [
      '/app/x',
      'http://public.test/app/x',
      'https://public.test:8443/app/x?a=b',
      'HTTPS://PUBLIC.test/app/x',
    ]) {
      expectAllow(await described(original(url)), 'allowed');
    }
    for (const url of [
      'app/x',
      '*',
      'ftp://public.test/app/x',
      'javascript:/app/x',
      'http:/app/x',
      'http:///app/x',
      'http://u:p@public.test/app/x',
      'http://public.test\\app/x',
      'http://public.test,other.test/app/x',
      'http://public.test/app/x#y',
      'http://public.test/app/x y',
      'https://public.test/app/../x',
      '//public.test/../app/x',
    ]) {
      expect((await described(original(url))).status, url).toBe(400);
    }
  });

  it('R85: X-Forwarded-Proto is http or https', async ({ described }) => {
    for (const proto of ['https', 'http']) {
      expectAllow(await described(changed(forwardedLines(SUBJECT), 'X-Forwarded-Proto', proto)), 'allowed');
    }
    for (const proto of ['ftp', 'https,http', 'https:', 'file', 'on', 'https/1.1']) {
      const answer = await described(changed(forwardedLines(SUBJECT), 'X-Forwarded-Proto', proto));
      expectRefusal(answer, 400, 'request_malformed');
    }
  });

  it('R85: the client address is what the trusted proxy says', async ({ gateway, described }) => {
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.0/24'] } });
    for (const lines of [forwardedLines(SUBJECT), originalLines(SUBJECT)]) {
      expectAllow(await described([...lines, ['X-Forwarded-For', '192.0.2.7']]), 'allowed');
      expectAllow(await described([...lines, ['X-Forwarded-For', '198.51.100.1, 192.0.2.7']]), 'allowed');
      for (const forged of [['192.0.2.7, 198.51.100.1'], ['192.0.2.7', '198.51.100.1'], ['unknown'], []]) {
        const forwarded = forged.map((value): HeaderLine => ['X-Forwarded-For', value]);
        expectRefusal(await described([...lines, ...forwarded]), 401, 'ip_not_allowed');
      }
    }
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });
  });
});

/** What the answer replaces, besides what the product reads. */
const REPLACED = ['X-Forwarded-User', 'X-Remote-Groups', 'Remote', 'Authorization', 'Cookie', 'X-Redmine-API-Key'];

describe('the own headers of the gateway', () => {
  it.for(ASKING_FORMS)(
    'R86: in the form %s, each in any case is replaced by one line',
    async (form, { gateway, readOnly }) => {
      for (const name of REPLACED) {
        for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
          const headers: readonly HeaderLine[] =
            name === 'Authorization' ? [readOnly] : [readOnly, [spelling, 'forged=1']];
          const answer = await ask({ ...SUBJECT, headers }, { port: gateway.port, application: 'app', form });
          expectAllow(answer, 'allowed');
          for (const replaced of REPLACED) {
            const expected =
              replaced === 'X-Forwarded-User' ? 'admin' : replaced === 'X-Remote-Groups' ? 'administrators' : '';
            expect(answer.headerValues(replaced), `${spelling}: ${replaced}`).toEqual([expected]);
          }
        }
      }
    },
  );

  it.for(ASKING_FORMS)('R86: in the form %s, none goes on in another spelling', async (form, { gateway, readOnly }) => {
    for (const name of [...REPLACED, 'X-Redmine-Switch-User']) {
      for (const spelling of spellings(name)) {
        for (const headers of [[readOnly], []]) {
          const subject = { ...SUBJECT, headers: [...headers, [spelling, 'forged'] as const] };
          const answer = await ask(subject, { port: gateway.port, application: 'app', form });
          expectRefusal(answer, 400, 'request_malformed');
        }
      }
    }
  });

  it.for(ASKING_FORMS)(
    'R86: in the form %s, what passes keeps its own credential alone',
    async (form, { gateway, application }) => {
      const options = { port: gateway.port, application, form };
      const client: readonly HeaderLine[] = [
        ['Cookie', '_redmine_session=abc; b="2"'],
        ['Authorization', 'Basic YWxpY2U6aHVudGVyMg=='],
        ['X-Forwarded-User', 'admin'],
      ];
      const answer = await ask({ ...SUBJECT, headers: client }, options);
      expectAllow(answer, 'passed');
      expect(answer.headerValues('cookie')).toEqual(['_redmine_session=abc; b="2"']);
      expect(answer.headerValues('authorization')).toEqual(['Basic YWxpY2U6aHVudGVyMg==']);
      for (const name of ['X-Forwarded-User', 'X-Remote-Groups', 'Remote']) {
        expect(answer.headerValues(name)).toEqual(['']);
      }
      const key = await ask({ ...SUBJECT, headers: [['X-Redmine-API-Key', '0123']] }, options);
      expectAllow(key, 'passed');
      expect(key.headerValues('x-redmine-api-key')).toEqual(['0123']);
      const anonymous = await ask(SUBJECT, options);
      expectAllow(anonymous, 'passed');
      for (const name of REPLACED) expect(anonymous.headerValues(name)).toEqual(['']);
    },
  );
});
