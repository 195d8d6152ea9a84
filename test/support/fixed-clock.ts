import { Clock } from '../../src/common/time/clock.js';
import { DatabaseClock } from '../../src/database/database-clock.js';
import type { ScopegateFixture } from './scopegate.fixture.js';

/**
 * Sets the clock of a server and that of its database. With the first alone, the purge would take what a test stores
 * at a fixed time for long ended, and remove it.
 */
export function fixClock({ provider }: Pick<ScopegateFixture, 'provider'>, nowMs: () => number): void {
  provider(Clock).nowMs = nowMs;
  provider(DatabaseClock).readMs = () => Promise.resolve(nowMs());
}
