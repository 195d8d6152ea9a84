import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { SYSTEM_ACTOR } from '../../src/audit/actor.js';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditModule } from '../../src/audit/audit.module.js';
import { StopModule } from '../../src/common/stop/stop.module.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readConfiguration } from '../../src/config/env.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DirectoryModule } from '../../src/directory/directory.module.js';
import { FirstAdministrator } from '../../src/directory/first-administrator.js';
import { DirectoryService } from '../../src/directory/directory.service.js';
import { trustedOrigin } from '../../src/directory/login-origin.js';
import { GroupsService } from '../../src/directory/groups.service.js';
import { UsersService } from '../../src/directory/users.service.js';
import { KEY_USES } from '../../src/key-uses.js';
import { KeysModule } from '../../src/keys/keys.module.js';
import { MetricsModule } from '../../src/metrics/metrics.module.js';
import { PeerLink } from '../../src/peers/peer.link.js';
import { PeersModule } from '../../src/peers/peers.module.js';
import { PermissionsEntity } from '../../src/permissions/permissions.entity.js';
import { PermissionsModule } from '../../src/permissions/permissions.module.js';
import { openDatabase } from '../../src/opened-database.js';
import { PermissionsService } from '../../src/permissions/permissions.service.js';
import { ENTITIES } from '../../src/entities.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const ADMIN_PASSWORD = 'correct horse battery';
const SECRETS = { SCOPEGATE_TOKEN_PEPPER: 'p'.repeat(32), SCOPEGATE_ENCRYPTION_KEY: 'e'.repeat(32) };

/** One node: the modules below the HTTP layer, on a database that others may share. */
class Node {
  readonly directory: DirectoryService;
  readonly users: UsersService;
  readonly groups: GroupsService;
  readonly permissions: PermissionsService;

  private constructor(private readonly module: TestingModule) {
    this.directory = module.get(DirectoryService);
    this.users = module.get(UsersService, { strict: false });
    this.groups = module.get(GroupsService, { strict: false });
    this.permissions = module.get(PermissionsService);
  }

  static async start(environment: Record<string, string>): Promise<Node> {
    const configuration = readConfiguration({
      ...SECRETS,
      SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD,
      // The journal of a node on MariaDB is a folder as well: never the one of the checkout.
      SCOPEGATE_DATA_DIR: createTemporaryFolder('directory-node').path,
      ...environment,
    });
    const { dataSource, secrets } = await openDatabase(configuration);
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(configuration, secrets),
        PeersModule.forRoot(new PeerLink()),
        DatabaseModule.forRoot(dataSource),
        KeysModule.forRoot(KEY_USES),
        MetricsModule,
        StopModule,
        AuditModule,
        DirectoryModule,
        PermissionsModule,
      ],
    }).compile();
    await module.init();
    // As the server does once its port is open.
    const firstAdministrator = module.get(FirstAdministrator);
    if (await firstAdministrator.isMissing()) await firstAdministrator.make();
    return new Node(module);
  }

  /** The recorded changes of one type, oldest first. */
  async recorded(type: string): Promise<AuditEventEntity[]> {
    return this.module.get(DataSource).manager.find(AuditEventEntity, { where: { type }, order: { id: 'ASC' } });
  }

  /** The names of all users. */
  async usernames(): Promise<string[]> {
    return (await this.users.list({ limit: 200 })).items.map((user) => user.username);
  }

  /** Writes past the service. */
  async replaceStoredPermissions(body: object): Promise<void> {
    await this.module.get(UnitOfWork).run(({ manager }) => manager.update(PermissionsEntity, { id: 1 }, { body }));
  }

  stop(): Promise<void> {
    return this.module.close();
  }
}

const conflict: unknown = expect.objectContaining({ code: 'conflict', status: 409 });
const invalid: unknown = expect.objectContaining({ code: 'validation_failed', status: 400 });
const notFound: unknown = expect.objectContaining({ code: 'not_found', status: 404 });

/** How many were fulfilled. Every other one must be a conflict. */
async function fulfilled(work: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(conflict);
  return outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
}

function directoryTests(database: () => Promise<Record<string, string>>): void {
  const nodes: Node[] = [];

  async function start(environment?: Record<string, string>): Promise<Node> {
    const node = await Node.start(environment ?? (await database()));
    nodes.push(node);
    return node;
  }

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
  });

  it('R20, R26: the first start makes one active administrator, and a second start none', async () => {
    const environment = await database();
    const node = await start(environment);
    const admin = await node.directory.verifyPassword('ADMIN', ADMIN_PASSWORD, trustedOrigin(null));
    expect(admin?.username).toBe('admin');
    expect(admin !== null && node.directory.isAdministrator(admin)).toBe(true);
    expect(await node.directory.verifyPassword('admin', 'another password', trustedOrigin(null))).toBeNull();
    const again = await start(environment);
    expect(await again.usernames()).toEqual(['admin']);
    expect(await again.recorded('user.created')).toHaveLength(1);
  });

  it('R26, R44: a user is created, found without case, changed and deleted, each with its event', async () => {
    const node = await start();
    await node.groups.create('staff', SYSTEM_ACTOR);
    const anna = await node.users.create(
      { username: 'Anna', password: 'a long password', groups: ['staff'] },
      SYSTEM_ACTOR,
    );
    const person = { username: 'Anna', displayName: 'Anna', email: null, active: true };
    expect(anna).toEqual({ ...person, groups: ['staff'], directory: 'local' });
    await expect(node.users.create({ username: 'ANNA' }, SYSTEM_ACTOR)).rejects.toEqual(conflict);
    await expect(node.users.create({ username: 'ben', groups: ['nowhere'] }, SYSTEM_ACTOR)).rejects.toEqual(invalid);
    const id = (await node.directory.findByName('anna'))?.id;

    const changed = await node.users.update('anna', { email: 'anna@example.test', active: false }, SYSTEM_ACTOR);
    expect(changed).toEqual({ ...anna, email: 'anna@example.test', active: false });
    expect(await node.directory.verifyPassword('anna', 'a long password', trustedOrigin(null))).toBeNull();
    await node.users.update('anna', { active: true, email: null, password: 'another long one' }, SYSTEM_ACTOR);
    expect(await node.directory.verifyPassword('anna', 'a long password', trustedOrigin(null))).toBeNull();
    expect((await node.directory.verifyPassword('anna', 'another long one', trustedOrigin(null)))?.id).toBe(id);
    await node.users.update('anna', { password: null }, SYSTEM_ACTOR);
    expect(await node.directory.verifyPassword('anna', 'another long one', trustedOrigin(null))).toBeNull();
    await node.users.update('anna', {}, SYSTEM_ACTOR);
    await expect(node.users.update('anna', { username: 'other' }, SYSTEM_ACTOR)).rejects.toEqual(invalid);
    await expect(node.users.update('anna', { active: null }, SYSTEM_ACTOR)).rejects.toEqual(invalid);
    await expect(node.users.update('anna', { rank: 1 }, SYSTEM_ACTOR)).rejects.toEqual(invalid);

    await node.users.delete('anna', SYSTEM_ACTOR);
    expect(await node.directory.findByName('anna')).toBeNull();
    await node.users.create({ username: 'anna' }, SYSTEM_ACTOR);
    expect((await node.directory.findByName('anna'))?.id).not.toBe(id);
    expect((await node.directory.findByName('anna'))?.groups.size).toBe(0);

    const events = await node.recorded('user.changed');
    expect(events).toHaveLength(3);
    expect(events[0]?.detail).toEqual({
      subject: 'Anna',
      changes: { email: { before: null, after: 'anna@example.test' }, active: { before: true, after: false } },
    });
    expect(JSON.stringify(events)).not.toMatch(/\$2[aby]\$|long/);
    expect(await node.recorded('user.deleted')).toHaveLength(1);
  });

  it('R61: one’s own password is changed with the current one, and never shows', async () => {
    const node = await start();
    const admin = await node.directory.findByName('admin');
    if (admin === null) throw new Error('There is no administrator.');
    expect(await node.users.checkOwnPassword(admin, 'not the password', trustedOrigin(null))).toBeNull();
    const verified = await node.users.checkOwnPassword(admin, ADMIN_PASSWORD, trustedOrigin(null));
    if (verified === null) throw new Error('The password was not recognised.');
    await node.users.changeOwnPassword(verified, 'a new long password', SYSTEM_ACTOR);
    // Checked before the change: it does not change the password a second time.
    await expect(node.users.changeOwnPassword(verified, 'yet another password', SYSTEM_ACTOR)).rejects.toEqual(
      conflict,
    );
    expect(await node.directory.verifyPassword('admin', ADMIN_PASSWORD, trustedOrigin(null))).toBeNull();
    expect(await node.directory.verifyPassword('admin', 'a new long password', trustedOrigin(null))).not.toBeNull();
    const events = await node.recorded('user.changed');
    expect(events[0]?.detail).toEqual({
      subject: 'admin',
      changes: {},
      passwordChange: 'changed',
    });
  });

  it('R26: the last active administrator stays, whichever way it is tried', async () => {
    const node = await start();
    await node.users.create({ username: 'idle', active: false, groups: ['administrators'] }, SYSTEM_ACTOR);
    await expect(node.users.delete('admin', SYSTEM_ACTOR)).rejects.toEqual(conflict);
    await expect(node.users.update('admin', { active: false }, SYSTEM_ACTOR)).rejects.toEqual(conflict);
    await expect(node.users.update('admin', { groups: [] }, SYSTEM_ACTOR)).rejects.toEqual(conflict);
    await expect(node.groups.removeMember('administrators', 'admin', SYSTEM_ACTOR)).rejects.toEqual(conflict);
    await expect(node.groups.delete('administrators', SYSTEM_ACTOR)).rejects.toEqual(conflict);
    expect((await node.directory.findByName('admin'))?.groups.has('administrators')).toBe(true);
    await node.groups.removeMember('administrators', 'idle', SYSTEM_ACTOR);
  });

  it('R26: of two administrators removed at once, by whatever way, one stays', async () => {
    const environment = await database();
    const node = await start(environment);
    const other = environment['DATABASE_URL']?.startsWith('mysql') === true ? await start(environment) : node;
    for (let round = 0; round < 4; round += 1) {
      await node.users.create({ username: `second-${round}`, groups: ['administrators'] }, SYSTEM_ACTOR);
      const done = await fulfilled([
        node.users.update('admin', { active: false }, SYSTEM_ACTOR),
        other.users.delete(`second-${round}`, SYSTEM_ACTOR),
        other.groups.removeMember('administrators', 'admin', SYSTEM_ACTOR),
      ]);
      expect(done).toBeGreaterThan(0);
      const left = await node.users.list({ limit: 50, active: true, group: 'administrators' });
      expect(left.items.length).toBeGreaterThan(0);
      await node.users.update('admin', { active: true, groups: ['administrators'] }, SYSTEM_ACTOR);
      if ((await node.directory.findByName(`second-${round}`)) !== null) {
        await node.users.delete(`second-${round}`, SYSTEM_ACTOR);
      }
    }
  });

  it('R19, R26: groups and their members, each change with its event', async () => {
    const node = await start();
    await node.groups.create('Staff', SYSTEM_ACTOR);
    await expect(node.groups.create('staff', SYSTEM_ACTOR)).rejects.toEqual(conflict);
    await node.users.create({ username: 'anna' }, SYSTEM_ACTOR);
    await node.groups.addMember('Staff', 'ANNA', SYSTEM_ACTOR);
    await node.groups.addMember('Staff', 'anna', SYSTEM_ACTOR);
    expect([...(await node.directory.groupsWithMembers(['Staff', 'nowhere']))]).toEqual(['Staff']);
    expect(await node.recorded('group.member-added')).toHaveLength(1);
    await expect(node.groups.addMember('Staff', 'nobody', SYSTEM_ACTOR)).rejects.toEqual(notFound);
    await expect(node.groups.addMember('staff', 'anna', SYSTEM_ACTOR)).rejects.toEqual(notFound);
    await expect(node.groups.removeMember('Staff', 'admin', SYSTEM_ACTOR)).rejects.toEqual(notFound);
    await node.groups.delete('Staff', SYSTEM_ACTOR);
    await node.groups.create('Staff', SYSTEM_ACTOR);
    expect((await node.directory.findByName('anna'))?.groups.size).toBe(0);
    expect((await node.recorded('group.deleted'))[0]?.detail).toEqual({ subject: 'Staff', members: ['anna'] });
    await expect(node.groups.delete('nowhere', SYSTEM_ACTOR)).rejects.toEqual(notFound);
  });

  it('R26: a group that a permission names cannot be deleted, not even while it is being named', async () => {
    const environment = await database();
    const node = await start(environment);
    const other = environment['DATABASE_URL']?.startsWith('mysql') === true ? await start(environment) : node;
    for (let round = 0; round < 4; round += 1) {
      await node.groups.create(`group-${round}`, SYSTEM_ACTOR);
      const outcomes = await Promise.allSettled([
        node.permissions.patch(
          { actor: SYSTEM_ACTOR, ifMatch: undefined },
          { useTokens: { groups: [`group-${round}`] } },
        ),
        other.groups.delete(`group-${round}`, SYSTEM_ACTOR),
      ]);
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
      await node.permissions.patch({ actor: SYSTEM_ACTOR, ifMatch: undefined }, { useTokens: { groups: [] } });
    }
    await node.groups.create('kept', SYSTEM_ACTOR);
    await node.permissions.patch({ actor: SYSTEM_ACTOR, ifMatch: undefined }, { createForSelf: { groups: ['kept'] } });
    await expect(node.groups.delete('kept', SYSTEM_ACTOR)).rejects.toEqual(conflict);
  });

  it('R22: a damaged row of permissions permits nothing', async () => {
    const environment = await database();
    const node = await start(environment);
    await node.replaceStoredPermissions({ createForSelf: { groups: ['administrators'] } });
    const restarted = await start(environment);
    expect(restarted.permissions.current()).toEqual({
      useTokens: { everyone: false, groups: [] },
      createForSelf: { everyone: false, groups: ['administrators'], readOnlyOnly: true },
      createOnBehalf: { groups: [] },
      introspect: { groups: ['administrators'] },
    });
  });

  it('R20, R22, R23: permissions are changed by patch and as a whole, and hold to their version', async () => {
    const node = await start();
    const admin = await node.directory.findByName('admin');
    if (admin === null) throw new Error('There is no administrator.');
    expect(node.permissions.currentVersion()).toEqual({
      tag: expect.stringMatching(/^"1-/),
      value: {
        useTokens: { everyone: true, groups: [] },
        createForSelf: { everyone: true, groups: [], readOnlyOnly: false },
        createOnBehalf: { groups: ['administrators'] },
        introspect: { groups: ['administrators'] },
      },
    });
    const patch = (body: unknown, ifMatch?: string): Promise<unknown> =>
      node.permissions.patch({ actor: SYSTEM_ACTOR, ifMatch }, body);
    const { tag } = node.permissions.currentVersion();
    await patch({ useTokens: { everyone: false } }, tag);
    expect(node.permissions.current().useTokens).toEqual({ everyone: false, groups: [] });
    expect((await node.permissions.warnings(node.permissions.current(), admin)).map((warning) => warning.code)).toEqual(
      ['nobody_may_use_tokens'],
    );
    await expect(patch({ useTokens: { everyone: true } }, tag)).rejects.toEqual(
      expect.objectContaining({ code: 'version_mismatch', status: 412 }),
    );
    for (const body of [
      { createOnBehalf: { everyone: true } },
      { createOnBehalf: null },
      { createOnBehalf: [] },
      { useTokens: { everyone: 'yes' } },
      { useTokens: { groups: null } },
      { useTokens: { groups: ['administrators', 'administrators'] } },
      { useTokens: { groups: ['nowhere'] } },
      { somethingElse: {} },
      [],
      null,
    ]) {
      await expect(patch(body), JSON.stringify(body)).rejects.toEqual(invalid);
    }
    expect(node.permissions.currentVersion().tag).toMatch(/^"2-/);
    await patch({ useTokens: { everyone: false } });
    expect(node.permissions.currentVersion().tag).toMatch(/^"2-/);
    const events = await node.recorded('permissions.changed');
    expect(events.map((event) => event.detail)).toEqual([
      {
        changes: {
          useTokens: { before: { everyone: true, groups: [] }, after: { everyone: false, groups: [] } },
        },
      },
    ]);
  });

  it('R64: parallel changes all arrive, and the node that took them acts on them', async () => {
    const node = await start();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => node.users.create({ username: `user-${index}` }, SYSTEM_ACTOR)),
    );
    expect(await node.usernames()).toHaveLength(11);
    const page = await node.users.list({ limit: 4 });
    expect(page.items.map((user) => user.username)).toEqual(['admin', 'user-0', 'user-1', 'user-2']);
    const next = await node.users.list({
      limit: 200,
      ...(page.nextCursor === null ? {} : { cursor: page.nextCursor }),
    });
    expect(next.items).toHaveLength(7);
    expect(next.nextCursor).toBeNull();
    expect((await node.users.list({ limit: 50, q: 'SER-1' })).items.map((user) => user.username)).toEqual(['user-1']);
    expect((await node.users.list({ limit: 50, group: 'administrators' })).items).toHaveLength(1);
    expect((await node.users.list({ limit: 50, active: false })).items).toHaveLength(0);
  });
}

describe('the directory on SQLite', () => {
  directoryTests(async () => {
    const folder = createTemporaryFolder('directory');
    return { DATABASE_URL: `sqlite:${folder.path}/scopegate.sqlite`, SCOPEGATE_DATA_DIR: folder.path };
  });
});

describeWithMariaDb('the directory on MariaDB', (server) => {
  directoryTests(async () => ({ DATABASE_URL: await server().createDatabase() }));

  it('R26, R64: nodes that start at once create one administrator, and each follows the changes of the others', async () => {
    const environment = { ...SECRETS, DATABASE_URL: await server().createDatabase() };
    // The tables are there before: that migrations run once is not what is tested here.
    const tables = new DataSource(await dataSourceOptions(readConfiguration(environment).database, ENTITIES));
    await tables.initialize();
    await tables.runMigrations();
    await tables.destroy();
    const nodes = await Promise.all([Node.start(environment), Node.start(environment), Node.start(environment)]);
    try {
      for (const node of nodes) expect(await node.usernames()).toEqual(['admin']);
      expect(await nodes[0].recorded('user.created')).toHaveLength(1);
      await nodes[0].users.create({ username: 'anna' }, SYSTEM_ACTOR);
      const anna = await nodes[2].directory.findByName('anna');
      const name = async (): Promise<string | undefined> =>
        (await nodes[2].directory.findById(anna?.id ?? ''))?.displayName;
      expect(await name()).toBe('anna');
      await nodes[0].users.update('anna', { displayName: 'Anna' }, SYSTEM_ACTOR);
      await expect.poll(name, { timeout: 5_000 }).toBe('Anna');
    } finally {
      for (const node of nodes) await node.stop();
    }
  });

  it('R44: names that the database’s collation takes for one are two', async () => {
    const node = await Node.start({ DATABASE_URL: await server().createDatabase() });
    try {
      await node.users.create({ username: 'muller' }, SYSTEM_ACTOR);
      await expect(node.users.delete('müller', SYSTEM_ACTOR)).rejects.toEqual(notFound);
      expect(await node.directory.findByName('muller')).not.toBeNull();
    } finally {
      await node.stop();
    }
  });
});
