import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { LeaseEntity } from '../../src/database/lease.entity.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startScopegateFixture } from '../support/scopegate.fixture.js';

describeWithMariaDb('the unit of work on MariaDB', (mariaDb) => {
  it('R64: two changes that wait for each other are both made, one after the other', async () => {
    const server = await startScopegateFixture({ env: { DATABASE_URL: await mariaDb().createDatabase() } });
    try {
      const unitOfWork = server.app.get(UnitOfWork);
      const rows = server.app.get(DataSource).getRepository(LeaseEntity);
      await rows.insert(['a', 'b'].map((name) => ({ name, holder: '', expiresAtMs: 0 })));
      let attempts = 0;
      let waiting = 2;
      let release: () => void = () => undefined;
      const bothHoldOne = new Promise<void>((resolve) => (release = resolve));
      const change = (first: string, second: string): Promise<void> =>
        unitOfWork.run(async ({ manager }) => {
          attempts += 1;
          await manager.increment(LeaseEntity, { name: first }, 'expiresAtMs', 1);
          waiting -= 1;
          if (waiting === 0) release();
          await bothHoldOne;
          await manager.increment(LeaseEntity, { name: second }, 'expiresAtMs', 1);
        });
      await Promise.all([change('a', 'b'), change('b', 'a')]);
      expect((await rows.findBy({})).filter(({ name }) => name === 'a' || name === 'b')).toMatchObject([
        { expiresAtMs: 2 },
        { expiresAtMs: 2 },
      ]);
      expect(attempts).toBe(3);
    } finally {
      await server.stop();
    }
  });
});
