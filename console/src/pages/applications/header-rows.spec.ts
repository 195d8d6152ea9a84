import { describe, expect, it } from 'vitest';
import { emptyRow, headerRows, headersOf } from './header-rows';

describe('identity headers as rows', () => {
  const HEADERS = { 'X-User': '{username}', 'X-Key': { secret: '********' } };

  it('R104: a secret is not shown, and is kept unless another one is typed', () => {
    const [user, key] = headerRows(HEADERS);
    expect(user).toEqual({ id: 0, name: 'X-User', value: '{username}', isSecret: false, isStored: false });
    expect(key).toEqual({ id: 1, name: 'X-Key', value: '', isSecret: true, isStored: true });
    expect(headersOf(headerRows(HEADERS))).toEqual(HEADERS);
    if (key === undefined) throw new Error('There is no second row.');
    expect(headersOf([{ ...key, value: 'new one' }])).toEqual({ 'X-Key': { secret: 'new one' } });
  });

  it('R104: what is typed survives the way there and back, but for rows without a name', () => {
    const rows = headersOf([...headerRows(HEADERS), { ...emptyRow(headerRows(HEADERS)), value: 'x' }]);
    expect(rows).toEqual(HEADERS);
    expect(emptyRow(headerRows(HEADERS)).id).toBe(2);
    const typed = { 'X-Key': { secret: 'typed' } };
    expect(headersOf(headerRows(typed))).toEqual(typed);
  });
});
