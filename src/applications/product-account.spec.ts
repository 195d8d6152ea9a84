import { describe, expect, it } from 'vitest';
import { readAccount } from '@scopegate/upstream';
import { productOf, type ApplicationKind } from '@scopegate/product';

function read(kind: ApplicationKind, body: string): ReturnType<typeof readAccount> {
  return readAccount(body, productOf(kind).whoAmI?.account ?? 'text');
}

describe('who a product takes a request for', () => {
  it.each([
    ['jira', '{"name":"alice","key":"x"}', 'alice'],
    ['jira', '{"key":"x"}', null],
    ['confluence', '{"type":"known","username":"alice"}', 'alice'],
    ['confluence', '{"type":"anonymous"}', null],
    ['bitbucket', 'alice\n', 'alice'],
    ['bitbucket', '', null],
    ['gitlab', '{"id":7,"username":"alice"}', 'alice'],
    ['redmine', '{"user":{"id":5,"login":"alice"}}', 'alice'],
    ['gitea', '{"id":7,"login":"alice"}', 'alice'],
  ] as const)('R126: %s tells it by %j', (kind, body, account) => {
    expect(read(kind, body)).toEqual({ known: true, account });
  });

  it.each([
    ['jira', '<html>log in</html>'],
    ['jira', '[]'],
    ['jira', '{"name":1}'],
    ['jira', `{"name":"${'x'.repeat(256)}"}`],
    ['confluence', 'null'],
    ['redmine', '{"login":"alice"}'],
    ['redmine', '{"user":"alice"}'],
    ['confluence', '{"username":"a\\u0000b"}'],
    ['bitbucket', '<!DOCTYPE html>'],
    ['bitbucket', 'two\nlines'],
  ] as const)('R126: %s tells nothing by %j', (kind, body) => {
    expect(read(kind, body)).toEqual({ known: false });
  });
});
