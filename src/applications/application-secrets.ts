import { parseUpstream } from '@scopegate/upstream';
import type { EntityManager } from 'typeorm';
import { rowLock } from '../database/row-lock.js';
import type { Unit } from '../database/unit-of-work.js';
import type { KeyCounts } from '../keys/keyed-records.js';
import { addCount, RESEAL_BATCH_SIZE, type ResealedBatch, type SealedRecords } from '../keys/sealed-records.js';
import { keyIdOf, type SecretBox } from '../keys/secret-box.js';
import { ApplicationEntity } from './application.entity.js';
import { toStored } from './application.repository.js';
import type { ApplicationDocument, StoredApplication } from './application.js';
import { secretContexts } from './identity-header.js';
import { serviceContext } from './service-credential.js';
import { tlsKeyContext } from './upstream-tls.js';

/** @param contexts in which it may have been sealed */
type SecretChange = (sealed: string, contexts: readonly string[]) => string;

/** Every encrypted secret of an application: of headers, service credentials and TLS. */
function changeSecrets({ key, document }: StoredApplication, change: SecretChange): ApplicationDocument {
  const { identity, tls } = document;
  const upstream = parseUpstream(document.upstream);
  const endpoint = upstream.ok ? upstream.target.endpoint : '';
  const headers = identity.headers.map((header) =>
    'sealed' in header
      ? { ...header, sealed: change(header.sealed, secretContexts(key, header.name, endpoint)) }
      : header,
  );
  const changed = { ...identity, headers };
  return {
    ...document,
    tls: tls.key === null ? tls : { ...tls, key: change(tls.key, [tlsKeyContext(key, endpoint)]) },
    identity:
      'services' in changed
        ? {
            ...changed,
            services: changed.services.map((service) => ({
              ...service,
              sealed: change(service.sealed, [serviceContext(key, service, endpoint)]),
            })),
          }
        : changed,
  };
}

/** A secret that no key opens stays as it is. */
function resealed(
  stored: StoredApplication,
  box: SecretBox,
): { readonly document: ApplicationDocument; readonly moved: number } {
  let moved = 0;
  const document = changeSecrets(stored, (sealed, contexts) => {
    for (const context of contexts) {
      const after = box.reseal(sealed, context);
      if (after === null) continue;
      if (after !== sealed) moved += 1;
      return after;
    }
    return sealed;
  });
  return { document, moved };
}

function restsOnOther(stored: StoredApplication, box: SecretBox): boolean {
  let isFound = false;
  changeSecrets(stored, (sealed) => {
    isFound ||= !box.isNewest(sealed);
    return sealed;
  });
  return isFound;
}

export const APPLICATION_SECRETS: SealedRecords = {
  entity: ApplicationEntity,

  async count(manager: EntityManager): Promise<KeyCounts> {
    const counts = new Map<number, number>();
    for (const row of await manager.find(ApplicationEntity)) {
      changeSecrets(toStored(row), (sealed) => {
        addCount(counts, keyIdOf(sealed));
        return sealed;
      });
    }
    return counts;
  },

  /** Every node reads the application again. Its revision stays, because no member has changed. */
  async resealBatch(unit: Unit, box: SecretBox, skipped: number): Promise<ResealedBatch> {
    const { manager } = unit;
    const rows = await manager.find(ApplicationEntity, { order: { key: 'ASC' } });
    const found = rows.filter((row) => restsOnOther(toStored(row), box));
    let moved = 0;
    let unreadable = 0;
    for (const { key } of found.slice(skipped, skipped + RESEAL_BATCH_SIZE)) {
      // A request may have changed or deleted it since it was read.
      const row = await manager.findOne(ApplicationEntity, { where: { key }, ...rowLock(manager) });
      if (row === null) continue;
      const after = resealed(toStored(row), box);
      if (after.moved > 0) {
        await manager.update(ApplicationEntity, { key }, { body: after.document });
        unit.changed('applications', key);
      }
      moved += after.moved;
      if (restsOnOther({ ...toStored(row), document: after.document }, box)) unreadable += 1;
    }
    return { moved, unreadable, hasMore: found.length > skipped + RESEAL_BATCH_SIZE };
  },
};
