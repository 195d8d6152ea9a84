import { Body, Controller, Get, Patch, Put, Query } from '@nestjs/common';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import { DEFAULT_PERMISSIONS, type Permissions } from '@scopegate/permission';
import { NeedsStepUp } from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { IfMatch } from '../common/swagger/if-match.decorator.js';
import { DryRunQuery } from '../common/validation/dry-run.query.dto.js';
import { CurrentCall, type DocumentCall } from '../documents/document-call.decorator.js';
import type { Versioned } from '../documents/stored-document.js';
import { PermissionsDto, ReplacePermissionsDto, UpdatePermissionsDto } from './dto/permissions.dto.js';
import { PermissionsService } from './permissions.service.js';

@ApiTags('Permissions')
@NeedsStepUp()
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
  getPermissions(@CurrentCall() call: DocumentCall): Promise<PermissionsDto> {
    return this.#answer(this.permissions.currentVersion(), call);
  }

  @Patch()
  @IfMatch('the permissions have')
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
    @CurrentCall() call: DocumentCall,
    @Query() { dryRun }: DryRunQuery,
    @Body() patch: unknown,
  ): Promise<PermissionsDto> {
    return this.#answer(await this.permissions.patch({ ...call, isDryRun: dryRun }, patch), call);
  }

  @Put()
  @IfMatch('the permissions have')
  @ApiRoute({
    access: 'administrators',
    summary: 'Replace the permissions',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'All members are required, except `introspect`, which is then for administrators alone, and `warnings`, which is ignored.',
    type: PermissionsDto,
    isTagged: true,
    body: { type: ReplacePermissionsDto, examples: { 'the defaults': DEFAULT_PERMISSIONS } },
    problems: ['version_mismatch'],
  })
  async replacePermissions(
    @CurrentCall() call: DocumentCall,
    @Query() { dryRun }: DryRunQuery,
    @Body() body: ReplacePermissionsDto,
  ): Promise<PermissionsDto> {
    return this.#answer(await this.permissions.replace({ ...call, isDryRun: dryRun }, body), call);
  }

  async #answer({ value, tag }: Versioned<Permissions>, { caller, reply }: DocumentCall): Promise<PermissionsDto> {
    const warnings = await this.permissions.warnings(value, caller.principal);
    reply.header('ETag', tag);
    return { ...value, warnings } as PermissionsDto;
  }
}
