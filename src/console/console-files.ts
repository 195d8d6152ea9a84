import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** What `npm run build` made of `console/`: in `dist`, whether this file is run from there or from the sources. */
export const CONSOLE_FOLDER =
  [resolve(import.meta.dirname, '../../dist/console'), resolve(import.meta.dirname, '../../console')].find((folder) =>
    existsSync(join(folder, 'assets')),
  ) ?? resolve(import.meta.dirname, '../../console');

/** R105: scripts, styles and calls of this server alone; no page of another site may show the console. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The names hold a digest of the content. */
const FOREVER = 'public, max-age=31536000, immutable';

/** Serves the scripts and styles of the console. Its page comes from `ConsoleController`. */
export async function setUpConsole(app: NestFastifyApplication): Promise<void> {
  const root = join(CONSOLE_FOLDER, 'assets');
  if (!existsSync(root)) return;
  await app
    .getHttpAdapter()
    .getInstance()
    .register(fastifyStatic, {
      root,
      prefix: '/console/assets/',
      decorateReply: false,
      index: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders: (response) => {
        void response.header('Cache-Control', FOREVER);
      },
    });
}
