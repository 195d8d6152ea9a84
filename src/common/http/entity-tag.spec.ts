import { describe, expect, it } from 'vitest';
import { entityTag, requireMatch } from './entity-tag.js';

describe('If-Match', () => {
  it.each([undefined, '"7-a"', '*', '"6-a", "7-a"', ' "7-a" '])('R63: %s lets the document be changed', (ifMatch) => {
    expect(() => requireMatch(ifMatch, '"7-a"')).not.toThrow();
  });

  it.each(['"6-a"', '"7-b"', 'W/"7-a"', '7-a', '', '"7"'])('R63: %s does not', (ifMatch) => {
    expect(() => requireMatch(ifMatch, '"7-a"')).toThrow(
      expect.objectContaining({ code: 'version_mismatch', status: 412 }),
    );
  });
});

describe('the entity tag of a document', () => {
  const document = { audit: { retentionDays: 30, sinks: [{ host: 'a', port: 1 }] }, purge: {} };

  it('R63: is a strong one, and the same in whatever order the members are read', () => {
    const reordered = { purge: {}, audit: { sinks: [{ port: 1, host: 'a' }], retentionDays: 30 } };
    expect(entityTag(7, document)).toMatch(/^"7-[\w-]{8}"$/);
    expect(entityTag(7, reordered)).toBe(entityTag(7, document));
  });

  it('R80: differs for another document with the same version, as there is after a restore', () => {
    expect(entityTag(7, { ...document, purge: { days: 1 } })).not.toBe(entityTag(7, document));
    expect(entityTag(8, document)).not.toBe(entityTag(7, document));
  });
});
