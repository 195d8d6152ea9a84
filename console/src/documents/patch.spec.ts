import { describe, expect, it } from 'vitest';
import { differences, merged, pruned } from './patch';

const DOCUMENT = { passwords: { enabled: true, other: false }, list: ['a', 'b'], number: 3 };

describe('a patch of a document', () => {
  it('R102: merges objects, and replaces lists', () => {
    expect(merged(DOCUMENT, { passwords: { enabled: false }, list: ['c'] })).toEqual({
      passwords: { enabled: false, other: false },
      list: ['c'],
      number: 3,
    });
    expect(merged(DOCUMENT, {})).toEqual(DOCUMENT);
  });

  it('R102: leaves out what was changed back', () => {
    expect(pruned({ passwords: { enabled: true }, list: ['a', 'b'], number: 4 }, DOCUMENT)).toEqual({ number: 4 });
    expect(pruned({ list: ['b', 'a'] }, DOCUMENT)).toEqual({ list: ['b', 'a'] });
    expect(pruned({ identity: { headers: { A: '1' } } }, {})).toEqual({ identity: { headers: { A: '1' } } });
  });

  it('R102: takes no member of the language for one of the document', () => {
    const patch = JSON.parse('{"__proto__": {"enabled": false}, "constructor": 1}') as Record<string, unknown>;
    expect(merged(DOCUMENT, { number: 5 })).not.toHaveProperty('enabled');
    expect(pruned(patch, {})).toHaveProperty('constructor', 1);
    expect(({} as Record<string, unknown>)['enabled']).toBeUndefined();
  });

  it('R104: replaces a member as a whole where the API does', () => {
    const before = { identity: { headers: { A: '1', B: '2' } } };
    const patch = { identity: { headers: { A: '1' } } };
    expect(merged(before, patch, ['identity'])).toEqual(patch);
    expect(pruned(patch, before, ['identity'])).toEqual(patch);
    expect(pruned(before, structuredClone(before), ['identity'])).toEqual({});
  });

  it('R102: names each member that differs, with both values', () => {
    const after = { passwords: { enabled: false, other: false }, list: ['a'], number: 3, more: 1 };
    expect(differences(DOCUMENT, after)).toEqual([
      { field: 'passwords.enabled', before: true, after: false },
      { field: 'list', before: ['a', 'b'], after: ['a'] },
      { field: 'more', before: undefined, after: 1 },
    ]);
    expect(differences(DOCUMENT, structuredClone(DOCUMENT))).toEqual([]);
  });
});
