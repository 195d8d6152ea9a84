import type { EntityManager } from 'typeorm';
import { dialectOf } from '../database/dialect/index.js';
import type { KeyedRecords } from '../keys/keyed-records.js';
import { SESSION_IDLE_MS } from './session.cache.js';
import { TokenEntity } from './token.entity.js';

/**
 * Tokens that need a pepper for their own digest, or for a session that may still be used. Tokens that have ended need
 * none. Plain SQL, because the tables may be those of an earlier version.
 */
export const TOKEN_DIGESTS: KeyedRecords = {
  entity: TokenEntity,
  async count(manager: EntityManager) {
    const { nowMsSql } = dialectOf(manager.dataSource);
    const isLive = `t.revoked_at_ms IS NULL AND (t.expires_at_ms IS NULL OR t.expires_at_ms > ${nowMsSql})`;
    const rows = await manager.query<{ readonly version: number | string; readonly tokens: number | string }[]>(
      `SELECT version, COUNT(*) AS tokens FROM (
         SELECT t.pepper_version AS version FROM tokens t WHERE ${isLive}
         UNION ALL
         SELECT version FROM (
           SELECT DISTINCT s.token_id, s.pepper_version AS version
             FROM token_sessions s JOIN tokens t ON t.id = s.token_id
             WHERE ${isLive} AND s.pepper_version <> t.pepper_version
               AND s.last_used_at_ms > ${nowMsSql} - ${SESSION_IDLE_MS}
         ) sessions
       ) uses GROUP BY version`,
    );
    return new Map(rows.map(({ version, tokens }) => [Number(version), Number(tokens)]));
  },
};
