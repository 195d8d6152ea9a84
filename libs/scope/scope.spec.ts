import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countsAsRead,
  coversWrites,
  gitService,
  isMethodOverrideHeader,
  isReadMethod,
  isRefusedMethod,
  isScope,
  lfsOperation,
  overridingMethodsOfHeaders,
  overridingMethodsOfQuery,
  overridingMethodsOfBody,
  SCOPES,
  type ReadFacts,
  type Scope,
} from './index.js';

/** What the whole head of a request asks to be treated as. */
function overridingMethods(lines: readonly string[], query: string | null): readonly string[] {
  return [...overridingMethodsOfHeaders(lines), ...overridingMethodsOfQuery(query)];
}

const plain: ReadFacts = { method: 'GET', overridingMethods: [], exception: false, git: null, lfsOperation: null };

describe('scopes and methods', () => {
  it('R01: there are two scopes and nothing else is one', () => {
    expect(SCOPES.every(isScope)).toBe(true);
    for (const value of [
      '',
      'READ-ONLY',
      'read-only ',
      'readOnly',
      'admin',
      1,
      null,
      undefined,
      ['read-only'],
      'toString',
      '__proto__',
    ]) {
      expect(isScope(value)).toBe(false);
    }
  });

  it('R01: only a scope that is known to cover writes covers them', () => {
    expect(SCOPES.filter(coversWrites)).toEqual(['read-write']);
    for (const value of ['', 'comment', 'READ-WRITE', 'toString', '__proto__']) {
      expect(coversWrites(value as Scope)).toBe(false);
    }
  });

  it('R02: GET, HEAD and OPTIONS count as reads', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(countsAsRead({ ...plain, method })).toBe(true);
    }
  });

  it('R03: every other method is a write', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'REPORT', 'QUERY', 'get', 'Get', '', 'GET ']) {
      expect(isReadMethod(method)).toBe(false);
      expect(countsAsRead({ ...plain, method })).toBe(false);
    }
  });

  it('R07: TRACE and CONNECT are refused whatever speaks for them', () => {
    for (const method of ['TRACE', 'CONNECT']) {
      expect(isRefusedMethod(method)).toBe(true);
      expect(countsAsRead({ ...plain, method, exception: true })).toBe(false);
    }
    expect(['GET', 'POST', 'PROPFIND', 'UNLOCK'].some(isRefusedMethod)).toBe(false);
  });

  it('R13: an exception makes a POST a read', () => {
    expect(countsAsRead({ ...plain, method: 'POST', exception: true })).toBe(true);
  });
});

describe('method override', () => {
  it.each([
    'X-HTTP-Method-Override',
    'x-http-method-override',
    'X_HTTP_METHOD_OVERRIDE',
    'X-Http_Method-Override',
    'X-HTTP-Method',
    'x_http_method',
    'X-Method-Override',
    'X_Method_Override',
    'X-Method',
    'x.method',
    'X-REST-Method',
    'X-HTTP-Verb',
    'HTTP-Method-Override',
    'http.method_override',
  ])('R12: %s overrides the method', (name) => {
    expect(isMethodOverrideHeader(name)).toBe(true);
    expect(overridingMethods(['Host', 'x', name, 'delete'], null)).toEqual(['DELETE']);
  });

  it('R12: other headers do not', () => {
    for (const name of [
      '',
      'X',
      'Host',
      'X-HTTP-Methods',
      'XHTTPMethodOverride',
      'X-HTTP-Method-Overrides',
      'Method',
    ]) {
      expect(isMethodOverrideHeader(name)).toBe(false);
    }
    expect(overridingMethods(['Host', 'DELETE', 'X-Http-Methods', 'DELETE'], 'method=DELETE')).toEqual([]);
  });

  it('R12: every line, every element of a list and the query count', () => {
    const lines = ['X-HTTP-Method', 'GET, delete', 'X_METHOD_OVERRIDE', 'PUT', 'X-HTTP-Method', ' , '];
    expect(overridingMethods(lines, '_method=patch')).toEqual(['GET', 'DELETE', 'PUT', 'PATCH']);
  });

  it.each([
    ['_method=DELETE', ['DELETE']],
    ['a=b&_method=delete', ['DELETE']],
    ['_METHOD=DELETE', ['DELETE']],
    ['%5Fmethod=DELETE', ['DELETE']],
    ['_m%65thod=%44ELETE', ['DELETE']],
    ['%5f%6d%65%74%68%6f%64=DELETE', ['DELETE']],
    ['_method=GET&_method=DELETE', ['GET', 'DELETE']],
    ['a=b;_method=DELETE', ['DELETE']],
    ['_method[]=DELETE', ['DELETE']],
    ['+_method=DELETE', ['DELETE']],
    ['.method=DELETE', ['DELETE']],
    ['_method=+DELETE+', ['DELETE']],
    ['%zz&_method=DELETE%', ['DELETE%']],
    ['_method=GET=DELETE', ['GET=DELETE']],
    ['_HttpMethod=DELETE', ['DELETE']],
    ['_HTTPMETHOD=delete&_method=GET', ['DELETE', 'GET']],
    ['%5fHttpMethod=merge', ['MERGE']],
    ['_method%00x=DELETE', ['DELETE']],
    ['_method', []],
    ['_method=', []],
    ['method=DELETE', []],
    ['x_method=DELETE', []],
    ['a=_method', []],
    ['', []],
  ])('R12: the query %s overrides with %j', (query, expected) => {
    expect(overridingMethods([], query)).toEqual(expected);
  });

  it('R12: a request is a read only if all of its methods are', () => {
    expect(countsAsRead({ ...plain, overridingMethods: ['GET', 'HEAD'] })).toBe(true);
    expect(countsAsRead({ ...plain, overridingMethods: ['GET', 'DELETE'] })).toBe(false);
    expect(countsAsRead({ ...plain, method: 'POST', overridingMethods: ['GET'] })).toBe(false);
    expect(countsAsRead({ ...plain, method: 'POST', exception: true, overridingMethods: ['DELETE'] })).toBe(false);
    expect(countsAsRead({ ...plain, method: 'POST', git: 'read', overridingMethods: ['PUT'] })).toBe(false);
    expect(countsAsRead({ ...plain, overridingMethods: overridingMethods([], '_method=OPT%C4%B1ONS') })).toBe(false);
  });

  const FORM = ['Content-Type', 'Application/X-WWW-Form-urlencoded ; charset=utf-8'];
  const JSON_LINES = ['content-type', 'application/json'];

  it.each([
    [FORM, 'a=b&_method=DELETE', ['DELETE']],
    [FORM, '%5Fmethod=delete', ['DELETE']],
    [FORM, '_HttpMethod=GET', ['GET']],
    [FORM, '_method=GET&_method=PUT', ['GET', 'PUT']],
    [FORM, 'q=x', []],
    [FORM, '', []],
    [JSON_LINES, '{"_method":"delete"}', ['DELETE']],
    [JSON_LINES, '{"\\u005fmethod":"DELETE"}', ['DELETE']],
    [JSON_LINES, '{"_HttpMethod":"PUT"}', ['PUT']],
    [JSON_LINES, '{"_METHOD":"PUT"}', ['PUT']],
    [JSON_LINES, '{"_method":"GET","_method":"DELETE"}', 'unreadable'],
    [JSON_LINES, '{"_method":"GET","_METHOD":"DELETE"}', 'unreadable'],
    [JSON_LINES, '{"_method":["DELETE"]}', 'unreadable'],
    [JSON_LINES, '{"_method":"DELETE"', 'unreadable'],
    [JSON_LINES, '\ufeff{"jql":""}', 'unreadable'],
    [JSON_LINES, '{"fields":{"_method":"DELETE"}}', []],
    [JSON_LINES, '[{"_method":"DELETE"}]', []],
    [JSON_LINES, '"_method"', []],
    [['Content-Type', 'application/vnd.x+json; v=1'], '{"_method":"DELETE"}', ['DELETE']],
    [['Content-Type', 'application/json; charset=utf-16'], '{"jql":""}', 'unreadable'],
    [['Content-Type', 'application/x-www-form-urlencoded; charset=IBM500'], 'x', 'unreadable'],
    [[...FORM, 'Content-Encoding', 'gzip'], 'x', 'unreadable'],
    [[...FORM, 'Content-Encoding', 'identity'], 'x', []],
    [['Content-Type', 'multipart/form-data; boundary=x'], '--x', 'unreadable'],
    [[...FORM, ...JSON_LINES], '{"_method":"DELETE"}', ['DELETE']],
    [[...FORM, ...JSON_LINES], '_method=DELETE', ['DELETE']],
    [[], '_method=DELETE', ['DELETE']],
    [[], '{"_method":"DELETE"}', ['DELETE']],
    [['Content-Type', 'nonsense'], '_method=DELETE', ['DELETE']],
    [['Content-Type', 'text/xml'], '<x>_method=DELETE</x>', []],
  ] as const)('R12: with %j the body %s overrides with %j', (lines, body, expected) => {
    expect(overridingMethodsOfBody(lines, Buffer.from(body))).toEqual(expected);
  });

  it('R12: no header or query makes it throw', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string({ unit: 'binary' }), (lines, query) => {
        expect(Array.isArray(overridingMethods(lines, `${query}&_method=DELETE`))).toBe(true);
        expect(overridingMethods(lines, `${query}&_method=DELETE`)).toContain('DELETE');
      }),
    );
  });
});

describe('git over HTTP', () => {
  it.each<[string, string, string | null, 'read' | 'write' | 'lfs-batch' | null]>([
    ['GET', '/scm/p/r.git/info/refs', 'service=git-upload-pack', 'read'],
    ['HEAD', '/scm/p/r.git/info/refs', 'service=git-upload-pack', 'read'],
    ['GET', '/scm/~alice/r/info/refs', 'service=git%2Dupload-pack', 'read'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git%2Dreceive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', '%73ervice=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git-upload-pack&service=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git-upload-pack&%73ervice=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git-upload-pack;service=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git-upload-pack&service=git-upload-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'Service=git-receive-pack&service=git-upload-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service=git-upload-archive', 'write'],
    ['GET', '/scm/p/r.git/info/refs', 'service', 'write'],
    ['GET', '/scm/p/r.git/info/refs', '', 'write'],
    ['GET', '/scm/p/r.git/info/refs', null, 'write'],
    ['GET', '/scm/p/r.git/info/refs/', 'service=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/info/refs/', 'service=git-upload-pack', 'write'],
    ['GET', '/scm/p/x/r.git/info/refs', 'service=git-receive-pack', 'write'],
    ['GET', '/scm/p/r.git/git-receive-pack', null, 'write'],
    ['POST', '/scm/p/r.git/git-upload-pack', null, 'read'],
    ['POST', '/scm/p/r.git/git-upload-pack', 'a=b', 'read'],
    ['POST', '/scm/p/r.git/git-upload-pack', 'service=git-receive-pack', 'write'],
    ['POST', '/scm/p/r.git/git-receive-pack', null, 'write'],
    ['POST', '/scm/p/r.git/git-receive-pack/x/git-upload-pack', null, 'write'],
    ['POST', '/scm/p/r.git/git-upload-pack/', null, null],
    ['POST', '/scm/p/r.git/x/git-upload-pack', null, null],
    ['POST', '/scm/p/git-upload-pack', null, null],
    ['POST', '/scm/p/r.git/info/refs', 'service=git-upload-pack', null],
    ['POST', '/scm/p/r.git/info/lfs/objects/batch', null, 'lfs-batch'],
    ['POST', '/scm/p/r.git/info/lfs/locks', null, null],
    ['PUT', '/scm/p/r.git/git-upload-pack', null, null],
    ['GET', '/scm/p/r.git', null, null],
    ['POST', '/rest/api/1.0/x/git-upload-pack', null, null],
  ])('R14: %s %s?%s is %s', (method, path, query, expected) => {
    expect(gitService(method, path, query)).toBe(expected);
  });

  it('R14: fetching is a read, pushing a write, above every exception', () => {
    expect(countsAsRead({ ...plain, method: 'POST', git: 'read' })).toBe(true);
    expect(countsAsRead({ ...plain, method: 'GET', git: 'write' })).toBe(false);
    expect(countsAsRead({ ...plain, method: 'POST', git: 'write', exception: true })).toBe(false);
  });

  it('R14: an LFS batch is a read only when its body says download', () => {
    const batch: ReadFacts = { ...plain, method: 'POST', git: 'lfs-batch' };
    expect(countsAsRead({ ...batch, lfsOperation: 'download' })).toBe(true);
    expect(countsAsRead({ ...batch, lfsOperation: 'upload' })).toBe(false);
    expect(countsAsRead({ ...batch, lfsOperation: 'unknown' })).toBe(false);
    expect(countsAsRead({ ...batch, lfsOperation: null })).toBe(false);
  });

  it.each([
    ['{"operation":"download","objects":[{"oid":"a","size":1}]}', 'download'],
    [' {"objects":[{"operation":"upload"}],"operation":"download"} ', 'download'],
    ['{"operation":"upload"}', 'upload'],
    ['{"oper\\u0061tion":"download"}', 'download'],
    ['{"x":"\\"operation\\":\\"upload\\"","operation":"download"}', 'download'],
    ['{"operation":"download","operation":"upload"}', 'unknown'],
    ['{"operation":"upload","operation":"download"}', 'unknown'],
    ['{"oper\\u0061tion":"upload","operation":"download"}', 'unknown'],
    ['{"operation":"download","Operation":"upload"}', 'unknown'],
    ['{"OPERATION":"download"}', 'unknown'],
    ['{"operation ":"upload","operation":"download"}', 'unknown'],
    ['{"a":[{"b":1}],"a":2,"operation":"download"}', 'unknown'],
    ['{"operation":"Download"}', 'unknown'],
    ['{"operation":["download"]}', 'unknown'],
    ['{"operation":null}', 'unknown'],
    ['{}', 'unknown'],
    ['["operation","download"]', 'unknown'],
    ['"download"', 'unknown'],
    ['null', 'unknown'],
    ['', 'unknown'],
    ['{"operation":"download"', 'unknown'],
    ["{'operation':'download'}", 'unknown'],
    ['{"operation":"download"} {"operation":"upload"}', 'unknown'],
    ['{"operation":"download",}', 'unknown'],
    ['\ufeff{"operation":"download"}', 'unknown'],
    ['{"__proto__":{"operation":"download"}}', 'unknown'],
  ])('R14: the operation of the LFS batch %s is %s', (body, expected) => {
    expect(lfsOperation(body)).toBe(expected);
    expect(lfsOperation(Buffer.from(body, 'utf8'))).toBe(expected);
  });

  it('R14: a body that is not UTF-8 has no operation', () => {
    expect(lfsOperation(Buffer.from('{"operation":"download","x":"\xff"}', 'latin1'))).toBe('unknown');
    expect(lfsOperation(Buffer.from('{"operation":"download"}', 'utf16le'))).toBe('unknown');
  });

  it('R14: whatever JSON it is given, the operation is the one of a single member', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        const { operation: _operation, ...others } = members;
        const isVariant = Object.keys(others).some(
          (name) => name.normalize('NFKC').trim().toLowerCase() === 'operation',
        );
        const body = JSON.stringify({ ...others, operation: 'download' });
        expect(lfsOperation(body)).toBe(isVariant ? 'unknown' : 'download');
        expect(lfsOperation(`{"operation":"upload",${body.slice(1)}`)).toBe('unknown');
      }),
    );
  });
});
