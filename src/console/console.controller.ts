import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../common/access/route.decorators.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { CONSOLE_FOLDER, CONSOLE_POLICY } from './console-files.js';

const NO_FILE = 'The console has no such file. Reload the page: the console may have been updated.';
const NOT_BUILT = 'The console has not been built. Run "npm run build" and start the server again.';

/**
 * The page is the same for every path and person, and holds no data: what it shows, it asks the API for. So it needs no
 * credential.
 */
@ApiExcludeController()
@Access('public')
@Controller('console')
export class ConsoleController {
  readonly #page = readPage();

  @Get(['', '*'])
  show(@Param('*') path: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): string {
    if (path?.startsWith('assets/') === true) throw new ProblemException('not_found', NO_FILE);
    if (this.#page === null) throw new ProblemException('not_found', NOT_BUILT);
    void reply.header('Content-Security-Policy', CONSOLE_POLICY).type('text/html; charset=utf-8');
    return this.#page;
  }
}

function readPage(): string | null {
  try {
    return readFileSync(join(CONSOLE_FOLDER, 'index.html'), 'utf8');
  } catch {
    return null;
  }
}
