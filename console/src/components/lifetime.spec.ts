import { describe, expect, it } from 'vitest';
import { lifetimeOf } from './lifetime';

const NOW = '2026-06-01T00:00:00.000Z';
const day = (days: number): string => new Date(Date.parse(NOW) + days * 86_400_000).toISOString();

describe('lifetimeOf', () => {
  it.each([
    ['never ends', day(-10), null, 1, 'none'],
    ['half over', day(-100), day(100), 0.5, 'none'],
    ['new, for a month', day(0), day(30), 1, 'none'],
    ['soon', day(-7), day(7), 0.5, 'soon'],
    ['very soon', day(-3), day(1), 0.25, 'very-soon'],
    ['over', day(-2), day(-1), 0, 'over'],
    ['over now', day(-2), NOW, 0, 'over'],
    ['made in the future by a wrong clock', day(1), day(100), 1, 'none'],
  ] as const)('R100: %s', (_, createdAt, expiresAt, left, urgency) => {
    expect(lifetimeOf(createdAt, expiresAt, Date.parse(NOW))).toEqual({ left, urgency });
  });
});
