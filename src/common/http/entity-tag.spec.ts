import { describe, expect, it } from 'vitest';
import { entityTag, requireMatch } from './entity-tag.js';

describe('If-Match', () => {
  it.each([undefined, '"7"', '*', '"6", "7"', ' "7" '])('R63: %s lets version 7 be changed', (ifMatch) => {
    expect(() => requireMatch(ifMatch, 7)).not.toThrow();
  });

  it.each(['"6"', 'W/"7"', '7', '', '"77"'])('R63: %s does not', (ifMatch) => {
    expect(() => requireMatch(ifMatch, 7)).toThrow(expect.objectContaining({ code: 'version_mismatch', status: 412 }));
  });

  it('R63: the tag is a strong one', () => {
    expect(entityTag(7)).toBe('"7"');
  });
});
