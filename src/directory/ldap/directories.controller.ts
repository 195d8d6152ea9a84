import { Body, Controller, Delete, Get, Headers, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, type Actor } from '../../audit/actor.js';
import { NeedsStepUp, PasswordLoginOnly } from '../../common/access/route.decorators.js';
import { BODY_LIMITS } from '../../common/http/body-limits.js';
import { PageQuery, type Page } from '../../common/paging/page.js';
import { ApiRoute } from '../../common/swagger/api-route.decorator.js';
import { IfMatch } from '../../common/swagger/if-match.decorator.js';
import { checkedDocument, DirectoriesService } from './directories.service.js';
import { DirectoryChecker } from './directory.checker.js';
import { DirectorySyncService } from './directory-sync.service.js';
import { DirectoryDto, DirectoryPageDto, DirectorySyncDto, DirectoryTestDto } from './dto/directory.dto.js';
import { CreateDirectoryDto, PatchDirectoryDto, TestDirectoryDto, TryLoginDto } from './dto/directory.input.dto.js';
import { directoryTag, toDirectoryDto } from './stored-directory.mapper.js';
import type { StoredDirectory } from './stored-directory.js';

const KEY = { key: { description: 'The key of a directory.', example: 'company' } } as const;

const OPENLDAP = {
  key: 'company',
  url: 'ldaps://ldap.example.com',
  bindDn: 'cn=scopegate,ou=services,dc=example,dc=com',
  bindPassword: 'the password itself',
  userBase: 'ou=people,dc=example,dc=com',
  groupBase: 'ou=groups,dc=example,dc=com',
};

const ACTIVE_DIRECTORY = {
  key: 'corp',
  preset: 'active-directory',
  url: 'ldap://dc1.corp.example.com',
  startTls: true,
  bindDn: 'scopegate@corp.example.com',
  bindPassword: 'the password itself',
  userBase: 'ou=staff,dc=corp,dc=example,dc=com',
  groupBase: 'ou=groups,dc=corp,dc=example,dc=com',
};

const WHAT_A_TEST_DOES =
  'Connects, binds, reads users and groups, and shows some of them. With `username`, it looks for that user; with ' +
  '`password` too, it tries the login. It changes nothing, stores nothing and takes at most half a minute. The answer ' +
  'is 200 also if the test fails: `advice` says what to do.';

@ApiTags('Directories')
@PasswordLoginOnly()
@NeedsStepUp()
@Controller('api/v1/directories')
export class DirectoriesController {
  constructor(
    private readonly directories: DirectoriesService,
    private readonly checker: DirectoryChecker,
    private readonly syncs: DirectorySyncService,
  ) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List the directories',
    type: DirectoryPageDto,
    problems: ['validation_failed'],
  })
  listDirectories(@Query() query: PageQuery): Page<DirectoryDto> {
    return this.directories.list(query);
  }

  @Post()
  @ApiRoute({
    access: 'administrators',
    summary: 'Connect a directory',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'Takes users and groups from an LDAP directory. What you leave out comes from `preset`. Try it with ' +
      '`POST /directories/test` first.',
    status: 201,
    type: DirectoryDto,
    isTagged: true,
    location: ({ key }) => `/api/v1/directories/${key}`,
    body: { type: CreateDirectoryDto, examples: { openldap: OPENLDAP, 'active directory': ACTIVE_DIRECTORY } },
    problems: ['conflict'],
  })
  async createDirectory(
    @Body() body: CreateDirectoryDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DirectoryDto> {
    return tagged(await this.directories.create(actor, body), reply);
  }

  @Post('test')
  @ApiRoute({
    access: 'administrators',
    summary: 'Try a directory before it is saved',
    maxBodyBytes: BODY_LIMITS.document,
    description: WHAT_A_TEST_DOES,
    type: DirectoryTestDto,
    body: {
      type: TestDirectoryDto,
      examples: { openldap: OPENLDAP, 'with a login': { ...OPENLDAP, username: 'anna' } },
    },
    problems: ['policy_unavailable'],
  })
  testNewDirectory(@Body() { username, password, ...body }: TestDirectoryDto): Promise<DirectoryTestDto> {
    const document = checkedDocument(body, typeof body.bindPassword === 'string');
    return this.checker.check({ document, password: () => body.bindPassword ?? '' }, loginOf(username, password));
  }

  @Get(':key')
  @ApiRoute({
    access: 'administrators',
    summary: 'Show a directory and how its synchronisation is going',
    description: '`ETag` is the version of what can be set; `status` has no part in it.',
    type: DirectoryDto,
    isTagged: true,
    params: KEY,
    problems: ['not_found'],
  })
  getDirectory(@Param('key') key: string, @Res({ passthrough: true }) reply: FastifyReply): DirectoryDto {
    return tagged(this.directories.get(key), reply);
  }

  @Patch(':key')
  @IfMatch('the directory has')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiRoute({
    access: 'administrators',
    summary: 'Change a directory',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'A merge patch: members that are left out stay unchanged. The bind password stays, unless `url` or `startTls` ' +
      'changes: then send it again, or the answer is 400.',
    type: DirectoryDto,
    isTagged: true,
    params: KEY,
    body: {
      type: PatchDirectoryDto,
      examples: { 'no change': {}, 'another filter': { userFilter: '(objectClass=person)' } },
    },
    problems: ['not_found', 'version_mismatch'],
  })
  async updateDirectory(
    @Param('key') key: string,
    @Headers('If-Match') ifMatch: string | undefined,
    @Body() patch: object,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DirectoryDto> {
    return tagged(await this.directories.patch({ actor, ifMatch }, key, patch), reply);
  }

  @Delete(':key')
  @ApiRoute({
    access: 'administrators',
    summary: 'Disconnect a directory',
    description:
      'Its users become inactive: their tokens are refused at once. They stay, with their tokens and events, and can ' +
      'be deleted by hand. Its groups are deleted; those that a permission names stay, without members, and can be ' +
      'deleted by hand once no permission names them. If a directory ' +
      'with the same key is connected again, its users are the same ones.',
    status: 204,
    params: KEY,
    problems: ['not_found', 'conflict'],
  })
  async deleteDirectory(@Param('key') key: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.syncs.disconnect(key, actor);
  }

  @Post(':key/sync')
  @ApiRoute({
    access: 'administrators',
    summary: 'Synchronise a directory now',
    description:
      'Makes users and groups what the directory says. If more than `maxDeactivations` per cent of the active users ' +
      'would be deactivated, or as many groups emptied, nothing is changed and `held` is true: look at the numbers, ' +
      'then confirm. Without a usable answer of the directory, nothing is changed and the answer is 503.',
    type: DirectorySyncDto,
    params: KEY,
    problems: ['not_found', 'conflict', 'directory_unavailable'],
  })
  async syncDirectory(@Param('key') key: string): Promise<DirectorySyncDto> {
    return (await this.syncs.synchronise(key, () => true)) ?? NOTHING;
  }

  @Post(':key/sync/confirm')
  @ApiRoute({
    access: 'administrators',
    summary: 'Carry out a synchronisation that was held',
    description:
      'Reads the directory again. If other users would be deactivated now, or other groups emptied, the ' +
      'synchronisation is held again.',
    type: DirectorySyncDto,
    params: KEY,
    problems: ['not_found', 'conflict', 'directory_unavailable'],
  })
  confirmSync(@Param('key') key: string): Promise<DirectorySyncDto> {
    return this.syncs.confirm(key);
  }

  @Post(':key/test')
  @ApiRoute({
    access: 'administrators',
    summary: 'Try a directory',
    description: WHAT_A_TEST_DOES,
    type: DirectoryTestDto,
    params: KEY,
    body: {
      type: TryLoginDto,
      examples: { 'the connection': {}, 'a user': { username: 'anna' } },
    },
    problems: ['not_found', 'policy_unavailable'],
  })
  testDirectory(@Param('key') key: string, @Body() { username, password }: TryLoginDto): Promise<DirectoryTestDto> {
    const stored = this.directories.get(key);
    const tested = { document: stored.document, password: () => this.directories.passwordOf(stored) };
    return this.checker.check(tested, loginOf(username, password));
  }
}

function tagged(stored: StoredDirectory, reply: FastifyReply): DirectoryDto {
  reply.header('ETag', directoryTag(stored));
  return toDirectoryDto(stored);
}

const NOTHING: DirectorySyncDto = { created: 0, changed: 0, deactivated: 0, groups: 0, held: false };

function loginOf(username: string | undefined, password: string | undefined): { username?: string; password?: string } {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}
