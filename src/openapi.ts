import 'reflect-metadata';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { createOpenApiDocument } from './common/swagger/document.js';
import { readConfiguration } from './config/env.js';
import { openDatabase } from './opened-database.js';
import { PeerLink } from './peers/peer.link.js';

/** Seen from `dist/src`. */
const FILE = resolve(import.meta.dirname, '../../docs/openapi.json');

/** On an empty database, without listening. */
async function describeServer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-openapi-'));
  try {
    const configuration = readConfiguration({ SCOPEGATE_DATA_DIR: folder, LOG_LEVEL: 'silent' });
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.forRoot(configuration, await openDatabase(configuration), new PeerLink()),
      new FastifyAdapter(),
      { logger: false, abortOnError: false },
    );
    try {
      return `${JSON.stringify(createOpenApiDocument(app), null, 2)}\n`;
    } finally {
      await app.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(): Promise<number> {
  const made = await describeServer();
  if (!process.argv.includes('--check')) {
    await writeFile(FILE, made);
    process.stdout.write('docs/openapi.json is written.\n');
    return 0;
  }
  const committed = await readFile(FILE, 'utf8').catch(() => '');
  if (committed === made) {
    process.stdout.write('docs/openapi.json is what the server answers.\n');
    return 0;
  }
  process.stderr.write('docs/openapi.json is not what the server answers. Run "npm run openapi" and commit it.\n');
  return 1;
}

process.exit(await run());
