import { Body, Controller, Delete, Get, Headers, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { APPLICATION_KINDS } from '@scopegate/product';
import type { FastifyReply } from 'fastify';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { NeedsStepUp } from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import { PageQuery } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { IfMatch } from '../common/swagger/if-match.decorator.js';
import { DryRunQuery } from '../common/validation/dry-run.query.dto.js';
import { tagOf, toDto } from './application.mapper.js';
import type { StoredApplication } from './application.js';
import { proposalNames } from './read-only-exceptions.js';
import { withPreset } from './preset.js';
import { ApplicationsService } from './applications.service.js';
import {
  ApplicationDto,
  ApplicationPageDto,
  CreateApplicationDto,
  PatchApplicationDto,
} from './dto/application.dto.js';

/** The shipped profiles (R13): shown to be picked from, never switched on. */
const PROPOSALS = APPLICATION_KINDS.filter((kind) => proposalNames(kind).length > 0)
  .map((kind) => {
    const names = proposalNames(kind).map((name) => `\`${name}\``);
    return `- ${kind}: ${names.join(', ')}`;
  })
  .join('\n');

const KEY = { key: { description: 'The key of an application.', example: 'jira' } } as const;

@ApiTags('Applications')
@NeedsStepUp()
@Controller('api/v1/applications')
export class ApplicationsController {
  constructor(private readonly applications: ApplicationsService) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List the applications',
    type: ApplicationPageDto,
    problems: ['validation_failed'],
  })
  listApplications(@Query() query: PageQuery): ApplicationPageDto {
    const page = this.applications.list(query, (stored) => this.#shown(stored));
    return { items: [...page.items], nextCursor: page.nextCursor };
  }

  @Post()
  @ApiBody({
    type: CreateApplicationDto,
    examples: {
      preset: { value: { preset: 'gitea', key: 'gitea', upstream: 'http://127.0.0.1:3001' } },
      jira: {
        value: {
          key: 'jira',
          name: 'Jira',
          kind: 'jira',
          version: '9.12.0',
          mount: { pathPrefix: '/jira' },
          upstream: 'http://127.0.0.1:8080/jira',
        },
      },
      generic: {
        value: {
          key: 'reports',
          name: 'Reports',
          kind: 'generic',
          mount: { host: 'reports.example.com' },
          upstream: 'http://127.0.0.1:8081',
          identity: { mode: 'headers', headers: { 'X-Remote-User': '{username}', 'X-Remote-Email': '{email}' } },
        },
      },
    },
  })
  @ApiRoute({
    access: 'administrators',
    summary: 'Protect an application',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'With `preset`, `upstream` is enough, and `chosen` in the answer says what the preset has filled in. If the key ' +
      'or the mount is taken, the answer is 409. `warnings` never prevent the save. List POST calls that only read in ' +
      '`readOnlyExceptions`, as calls or by the name of a proposal (`GET /presets` shows the calls):' +
      `\n\n${PROPOSALS}`,
    status: 201,
    type: ApplicationDto,
    isTagged: true,
    location: ({ key }) => `/api/v1/applications/${key}`,
    problems: ['validation_failed', 'conflict', 'unsupported_media_type'],
  })
  async createApplication(
    @CurrentActor() actor: Actor,
    @Body() body: CreateApplicationDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationDto> {
    const { asked, chosen } = withPreset(body);
    const shown = (made: StoredApplication): ApplicationDto => ({
      ...this.#shown(made),
      ...(chosen === null ? {} : { chosen }),
    });
    const stored = await this.applications.create(actor, asked, shown);
    reply.header('ETag', tagOf(stored));
    return shown(stored);
  }

  @Get(':key')
  @ApiRoute({
    access: 'administrators',
    summary: 'Show an application',
    description: '`ETag` is its version. Fixed secrets are shown as `********`.',
    type: ApplicationDto,
    isTagged: true,
    params: KEY,
    problems: ['not_found'],
  })
  getApplication(@Param('key') key: string, @Res({ passthrough: true }) reply: FastifyReply): ApplicationDto {
    return this.#answer(this.applications.get(key), reply);
  }

  @Patch(':key')
  @IfMatch('the application has')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiBody({
    type: PatchApplicationDto,
    examples: {
      'no change': { value: {} },
      version: { value: { version: '9.12.0', nativeTokensDisabled: true } },
      'read-only exceptions': { value: { readOnlyExceptions: [{ method: 'POST', path: '/rest/api/2/search' }] } },
      'a fixed secret': {
        value: {
          identity: { headers: { 'X-Forwarded-User': '{username}', 'X-Api-Key': { secret: 'the secret itself' } } },
        },
      },
    },
  })
  @ApiRoute({
    access: 'administrators',
    summary: 'Change an application',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'A merge patch: members that are left out stay unchanged, lists and `identity.headers` are replaced as a ' +
      'whole, and `null` removes `mount.host` or `mount.pathPrefix`. A secret sent as `********` stays ' +
      'unchanged. If the scheme, host or port of `upstream` changes, you must send every secret again, or the ' +
      'answer is 400. The change takes effect at once on this node and within a second on every other node.',
    type: ApplicationDto,
    isTagged: true,
    params: KEY,
    problems: ['validation_failed', 'not_found', 'conflict', 'version_mismatch', 'unsupported_media_type'],
  })
  async updateApplication(
    @CurrentActor() actor: Actor,
    @Param('key') key: string,
    @Headers('If-Match') ifMatch: string | undefined,
    @Query() { dryRun }: DryRunQuery,
    @Body() patch: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationDto> {
    const { value, tag } = await this.applications.patch({ actor, ifMatch, isDryRun: dryRun }, key, patch);
    reply.header('ETag', tag);
    return this.#shown(value);
  }

  @Delete(':key')
  @IfMatch('the application has')
  @ApiRoute({
    access: 'administrators',
    summary: 'Remove an application',
    description: 'Its mount then answers 404. The audit log keeps its events.',
    status: 204,
    params: KEY,
    problems: ['not_found', 'version_mismatch'],
  })
  async deleteApplication(
    @CurrentActor() actor: Actor,
    @Param('key') key: string,
    @Headers('If-Match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.applications.remove(actor, key, ifMatch);
  }

  #answer(stored: StoredApplication, reply: FastifyReply): ApplicationDto {
    reply.header('ETag', tagOf(stored));
    return this.#shown(stored);
  }

  #shown(stored: StoredApplication): ApplicationDto {
    return toDto(stored, this.applications.observedWarnings(stored.key));
  }
}
