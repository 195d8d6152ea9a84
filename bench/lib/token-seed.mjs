// Writes many tokens directly into the database, without the API. Their secrets are real, so each can be used.
import { createWriteStream, readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { once } from 'node:events';
import { HmacKey } from '../../dist/libs/kernel/index.js';
import { mintToken, tokenDigest, tokenHint } from '../../dist/libs/token/index.js';
import { folder } from './processes.mjs';
import { PEPPER } from './scopegate.mjs';

const pepper = new HmacKey(PEPPER);

/** A token and the end of its line. */
const LINE = 64;

/** The tokens in use, in turn, however many others there are. */
const WORKING_SET = 1000;

async function writeLines(file, count, lineOf) {
  const stream = createWriteStream(file, { highWaterMark: 1 << 20 });
  for (let index = 0; index < count; index += 1) {
    if (!stream.write(lineOf(index))) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}

/** Tokens on the disk, one a line. Larger and smaller sets of them share the working set. */
export class TokenPool {
  #text;

  /** @param size the number of tokens of the largest set */
  static async mint(size) {
    const pool = new TokenPool();
    pool.size = size;
    const file = join(folder, `tokens-${size}`);
    await writeLines(file, size, () => `${mintToken(randomBytes).secret}\n`);
    pool.#text = readFileSync(file, 'latin1');
    pool.workingSet = await pool.fileOf(WORKING_SET);
    return pool;
  }

  #secret(index) {
    return this.#text.slice(index * LINE, (index + 1) * LINE - 1);
  }

  /** The tokens of the set of this size. Each set contains the working set. */
  async fileOf(size) {
    const step = this.size / size;
    const file = join(folder, `tokens-of-${size}`);
    await writeLines(file, size, (index) => `${this.#secret(index * step)}\n`);
    return file;
  }

  /** Stores the set of this size for a user. */
  async store(database, name, size, username) {
    const [[ownerId]] = await database.query(name, `SELECT id FROM users WHERE username = '${username}'`);
    const step = this.size / size;
    const file = join(folder, `tokens-${name}.tsv`);
    const nowMs = Date.now();
    await writeLines(file, size, (index) => {
      const secret = this.#secret(index * step);
      const digest = tokenDigest(pepper, secret);
      return `${secret.slice(3, 15)}\t${digest}\t1\t${tokenHint(secret)}\t${ownerId}\t${username}\t${ownerId}\t${username}\tseeded\tread-only\t${nowMs}\t0\n`;
    });
    await database.query(
      name,
      `SET unique_checks = 0; LOAD DATA LOCAL INFILE '${file}' INTO TABLE tokens CHARACTER SET utf8mb4 (id, digest, pepper_version, hint,
owner_id, owner_name, creator_id, created_by, description, scope, created_at_ms, use_count)`,
    );
    const [[stored]] = await database.query(name, `SELECT COUNT(*) FROM tokens WHERE description = 'seeded'`);
    if (Number(stored) !== size) throw new Error(`${stored} of ${size} tokens are stored.`);
  }
}
