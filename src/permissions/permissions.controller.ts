import { Body, Controller, Get, Headers, Patch, Put, Res } from '@nestjs/common';
import { ApiConsumes, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { DEFAULT_PERMISSIONS, type Permissions } from '@scopegate/permission';
import type { FastifyReply } from 'fastify';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import type { Versioned } from '../documents/stored-document.js';
import { PermissionsDto, ReplacePermissionsDto, UpdatePermissionsDto } from './dto/permissions.dto.js';
import { PermissionsService } from './permissions.service.js';

const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'The `ETag` that you have read. If the permissions have changed since then, the answer is 412.',
} as const;

@ApiTags('Permissions')
@Controller('api/v1/permissions')
export class PermissionsController {
  constructor(private readonly permissions: PermissionsService) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'Show the permissions',
    description: '`warnings` lists problems, also for your own user. `ETag` is the version of the permissions.',
    type: PermissionsDto,
    isTagged: true,
  })
  getPermissions(
    @CurrentCaller() caller: Authenticated,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PermissionsDto> {
    return this.#answer(this.permissions.currentVersion(), caller, reply);
  }

  @Patch()
  @ApiHeader(IF_MATCH)
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiRoute({
    access: 'administrators',
    summary: 'Change permissions',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'A merge patch: members that are left out stay unchanged, and lists are replaced as a whole. The change ' +
      'takes effect at once on this node and within a second on every other node. Warnings never prevent it, ' +
      'but an unknown group does.',
    type: PermissionsDto,
    isTagged: true,
    body: {
      type: UpdatePermissionsDto,
      examples: {
        'no change': {},
        'read-only tokens for all users': { createForSelf: { readOnlyOnly: true } },
        'tokens for one group': { useTokens: { everyone: false, groups: ['administrators'] } },
      },
    },
    problems: ['version_mismatch'],
  })
  async updatePermissions(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Headers('If-Match') ifMatch: string | undefined,
    @Body() patch: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PermissionsDto> {
    return this.#answer(await this.permissions.patch(actor, ifMatch, patch), caller, reply);
  }

  @Put()
  @ApiHeader(IF_MATCH)
  @ApiRoute({
    access: 'administrators',
    summary: 'Replace the permissions',
    maxBodyBytes: BODY_LIMITS.document,
    description: 'All members are required, except `warnings`, which is ignored.',
    type: PermissionsDto,
    isTagged: true,
    body: { type: ReplacePermissionsDto, examples: { 'the defaults': DEFAULT_PERMISSIONS } },
    problems: ['version_mismatch'],
  })
  async replacePermissions(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Headers('If-Match') ifMatch: string | undefined,
    @Body() body: ReplacePermissionsDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PermissionsDto> {
    return this.#answer(await this.permissions.replace(actor, ifMatch, body), caller, reply);
  }

  async #answer(
    { value, tag }: Versioned<Permissions>,
    caller: Authenticated,
    reply: FastifyReply,
  ): Promise<PermissionsDto> {
    const warnings = await this.permissions.warnings(value, caller.principal);
    reply.header('ETag', tag);
    return { ...value, warnings } as PermissionsDto;
  }
}
