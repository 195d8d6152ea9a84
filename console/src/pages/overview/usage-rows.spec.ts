import { describe, expect, it } from 'vitest';
import { largestBy, seriesOf, toApplications } from './usage-rows';

describe('the rows of the report of use', () => {
  it('R103: become a series over days, added up', () => {
    const rows = [
      { day: '2026-11-28', code: 'a', events: 2 },
      { day: '2026-11-28', code: 'b', events: 3 },
      { day: null, events: 7 },
    ];
    expect([...seriesOf('refused', rows).counts]).toEqual([['2026-11-28', 5]]);
  });

  it('R103: leave out the management API', () => {
    const rows = [
      { application: 'app', events: 1 },
      { application: null, events: 2 },
    ];
    expect(toApplications(rows)).toEqual([{ application: 'app', events: 1 }]);
  });

  it('R103: are listed with the largest first, and those without the key are left out', () => {
    const rows = [
      { user: 'ann', events: 1 },
      { user: null, events: 9 },
      { user: 'ben', events: 4 },
      { user: 'cy', events: 1 },
      { user: 'cy', events: 1 },
    ];
    expect(largestBy('user', rows, 2)).toEqual([
      { key: 'ben', events: 4 },
      { key: 'cy', events: 2 },
    ]);
  });
});
