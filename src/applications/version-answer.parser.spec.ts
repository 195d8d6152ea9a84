import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { productOf } from '@scopegate/product';
import { parseManifest, parseProperties } from './version-answer.parser.js';

const manifest = (members: string): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><manifest>${members}</manifest>`;

/** As a Jira answers it. */
const JIRA = manifest(
  '<id>6a57</id><name>Jira</name><typeId>jira</typeId><version>9.12.0</version><buildNumber>912000</buildNumber>' +
    '<applinksVersion>9.1.6</applinksVersion><publicSignup>false</publicSignup><url>https://jira.example.com</url>',
);

const versionOf = (text: string): string | null => {
  const parsing = parseManifest(['jira'], text);
  return parsing.ok ? parsing.version : null;
};

describe('the version in a manifest', () => {
  it('R52: it is the one of the product, not of its application links', () => {
    expect(parseManifest(['jira'], JIRA)).toEqual({ ok: true, version: '9.12.0' });
  });

  it.each([
    ['7.10', '7.10'],
    [' 7.10\n', '7.10'],
    ['<![CDATA[7.10]]>', '7.10'],
    ['9.13.0-SNAPSHOT', '9.13.0'],
    ['8.14.0-m0001', '8.14.0'],
    ['10.0', '10.0'],
    ['9', '9'],
    ['0010.1', '0010.1'],
  ])('R52: %j is the version %s: a text, never a number', (text, version) => {
    expect(versionOf(manifest(`<version>${text}</version>`))).toBe(version);
  });

  it.each([
    '',
    'nine',
    'v9.12',
    '9.12.',
    '.9',
    '9..1',
    '9.12<x/>.0',
    '&#57;.12',
    '&v;',
    '9,12',
    '-9.12',
    '1.2.3.4.5.6.7',
    '1'.repeat(10),
    `9.12-${'x'.repeat(100)}`,
    '9.12-ü',
  ])('R52: %j is no version', (text) => {
    expect(versionOf(manifest(`<version>${text}</version>`))).toBeNull();
  });

  it.each([
    ['a second version', manifest('<version>9.12</version><version>8.13</version>')],
    ['none', manifest('<typeId>jira</typeId>')],
    ['one that is not the manifest’s own', manifest('<app><version>9.12</version></app>')],
    ['another document', '<html><version>9.12</version></html>'],
    ['a list of manifests', '<m><manifest><version>9.12</version></manifest></m>'],
    ['a document cut short', JIRA.slice(0, -20)],
    ['a document cut short in the version', '<manifest><version>9.1'],
    ['no XML', '{"version":"9.12"}'],
    ['nothing', ''],
    ['a name of JavaScript', manifest('<__proto__><version>9.12</version></__proto__>')],
    ['a comment', manifest('<!-- <version>9.12</version> -->')],
  ])('R52: %s gives no version', (_what, text) => {
    expect(parseManifest(['jira'], text)).toEqual({ ok: false, problem: 'no-version' });
  });

  it.each([
    ['jira', 'jira', true],
    ['confluence', 'confluence', true],
    ['bitbucket', 'stash', true],
    ['bitbucket', 'bitbucket', true],
    ['jira', 'confluence', false],
    ['confluence', 'jira', false],
  ] as const)('R52: an application of kind %s that calls itself %s: %s', (kind, typeId, fits) => {
    const parsing = parseManifest(
      productOf(kind).version?.typeIds ?? [],
      manifest(`<typeId>${typeId}</typeId><version>9.12</version>`),
    );
    expect(parsing).toEqual(fits ? { ok: true, version: '9.12' } : { ok: false, problem: 'other-product' });
  });

  it.each([
    [
      'entities that grow',
      `<!DOCTYPE m [<!ENTITY a "9.1"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>${manifest('<version>&c;</version>')}`,
    ],
    [
      'an entity that names a file',
      `<!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/hostname">]>${manifest('<version>&f;</version>')}`,
    ],
    ['a document type', `<!doctype manifest>${JIRA}`],
    ['a document type elsewhere', JIRA.replace('<id>', '<!DOCTYPE m SYSTEM "http://127.0.0.1/x"><id>')],
  ])('R52: a manifest with %s is refused unread', (_what, text) => {
    expect(parseManifest(['jira'], text)).toEqual({ ok: false, problem: 'no-version' });
  });

  it.each([
    ['elements in elements', '<a>', ''],
    ['opening brackets', '<', ''],
    ['comments', '<!--', ''],
    ['character data', '<![CDATA[', ''],
    ['instructions', '<?', ''],
    ['attributes', 'b="', '<a '],
    ['blanks', ' ', '<a '],
    ['line ends', '\r\n', ''],
  ])('R52: 64 KiB of %s are answered in linear time', async (_what, piece, begin) => {
    const textOf = (length: number): string => manifest(begin + piece.repeat(length / piece.length));
    await expectLinearTime(60_000, textOf, (text) => expect(versionOf(text)).toBeNull());
  });

  it('R52: whatever an upstream answers, parsing it never throws', () => {
    const piece = fc.constantFrom(
      '<manifest>',
      '</manifest>',
      '<version>',
      '</version>',
      '9.12',
      '<!',
      '<![CDATA[',
      '&',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        for (const text of [pieces.join(''), manifest(pieces.join(''))]) {
          expect([true, false]).toContain(parseManifest(['jira'], text).ok);
          expect([true, false]).toContain(parseProperties(text).ok);
        }
      }),
    );
  });
});

describe('the version in a product’s own answer', () => {
  it('R52: it is the member "version"', () => {
    const text = '{"baseUrl":"https://jira.example.com","version":"8.14.0","versionNumbers":[8,14,0]}';
    expect(parseProperties(text)).toEqual({ ok: true, version: '8.14.0' });
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '"9.12"',
    '{}',
    '{"version":9.12}',
    '{"version":null}',
    '{"__proto__":{"version":"9"}}',
  ])('R52: %j holds none', (text) => {
    expect(parseProperties(text)).toEqual({ ok: false, problem: 'no-version' });
  });
});
