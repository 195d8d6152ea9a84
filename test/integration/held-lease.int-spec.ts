import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { ExclusiveWork, HeldLease } from '../../src/database/held-lease.js';
import { LeaseEntity } from '../../src/database/lease.entity.js';
import { LeaseService } from '../../src/database/lease.service.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';

const TIMES = { durationMs: 60_000, renewalMs: 20 };

describeOnEachDatabase('work that is done once at a time', (server) => {
  const leasesOfAProcess = (): LeaseService =>
    new LeaseService(server().provider(UnitOfWork), server().provider(DataSource));
  const process = (): ExclusiveWork => new ExclusiveWork(leasesOfAProcess(), TIMES, () => new Error('is being done'));
  const expiryOf = async (name: string): Promise<number> =>
    (await server().provider(DataSource).manager.findOneByOrFail(LeaseEntity, { name })).expiresAtMs;
  const nothing = (): Promise<string> => Promise.resolve('done');

  it('R93: is refused while it is done by the same process or by another one', async () => {
    const [one, other] = [process(), process()];
    const name = unique('work');
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const running = one.run(name, () => gate.then(nothing));
    await expect(one.run(name, nothing)).rejects.toThrow('is being done');
    await expect.poll(() => other.run(name, nothing).catch(String)).toContain('is being done');
    expect(await one.run(unique('work'), nothing)).toBe('done');
    finish();
    expect(await running).toBe('done');
    expect(await one.run(name, nothing)).toBe('done');
    expect(await other.run(name, nothing)).toBe('done');
  });

  it('R93: keeps its lease while it lasts, and gives it back, also after a failure', async () => {
    const [one, other] = [process(), process()];
    const name = unique('work');
    const failing = one.run(name, async () => {
      const before = await expiryOf(name);
      await expect.poll(() => expiryOf(name), { timeout: 30_000 }).toBeGreaterThan(before);
      await expect(other.run(name, nothing)).rejects.toThrow('is being done');
      throw new Error('the work failed');
    });
    await expect(failing).rejects.toThrow('the work failed');
    expect(await expiryOf(name)).toBe(0);
    expect(await other.run(name, nothing)).toBe('done');
  });

  it('R98: renews the lease of a job during a part that takes long, which keeps it after that', async () => {
    const name = unique('job');
    const [one, other] = [leasesOfAProcess(), leasesOfAProcess()].map((leases) => new HeldLease(leases, name, TIMES));
    if (one === undefined || other === undefined) throw new Error('There are two.');
    expect(await one.hold()).toBe(true);
    await one.renewDuring(async () => {
      const before = await expiryOf(name);
      await expect.poll(() => expiryOf(name), { timeout: 30_000 }).toBeGreaterThan(before);
      expect(await other.hold()).toBe(false);
    });
    expect(await other.hold()).toBe(false);
    const after = await expiryOf(name);
    await one.release();
    expect(after).toBeGreaterThan(0);
    expect(await other.hold()).toBe(true);
  });
});
