import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { NeedsStepUp } from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { IfMatch } from '../common/swagger/if-match.decorator.js';
import { DryRunQuery } from '../common/validation/dry-run.query.dto.js';
import { AddAllowListEntryDto, AllowListEntryDto } from './dto/allow-list-entry.dto.js';
import { CurrentCall, type DocumentCall } from '../documents/document-call.decorator.js';
import { sectionsOf, type Versioned } from '../documents/stored-document.js';
import {
  DEFAULT_SETTINGS,
  ReplaceSettingsDto,
  SettingsDto,
  SettingsPatchDto,
  type SettingsDocument,
} from './dto/settings.dto.js';
import { SettingsService } from './settings.service.js';
import type { Settings } from './settings.js';
import type { Requester } from './settings-warning.js';

@ApiTags('Settings')
@NeedsStepUp()
@Controller('api/v1/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'Show the settings',
    description: '`warnings` lists problems, also for your own address. `ETag` is the version of the settings.',
    type: SettingsDto,
    isTagged: true,
  })
  getSettings(@CurrentCall() call: DocumentCall): SettingsDto {
    return this.#answer(this.settings.currentVersion(), call);
  }

  @Patch()
  @IfMatch('the settings have')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiBody({
    type: SettingsPatchDto,
    examples: {
      'no change': { value: {} },
      'allow list': { value: { ipRestriction: { allowList: ['127.0.0.1', '203.0.113.0/24'] } } },
      'maximum validity': { value: { tokenValidity: { maximum: 'P1Y' } } },
      'passwords off': { value: { passwords: { enabled: false, preventPathTraversal: true } } },
      'behind a proxy': { value: { reverseProxy: { enabled: true, trustedProxies: ['10.0.0.2'] } } },
    },
  })
  @ApiRoute({
    access: 'administrators',
    summary: 'Change settings',
    maxBodyBytes: BODY_LIMITS.settings,
    description:
      'A merge patch: members that are left out stay unchanged, and lists are replaced as a whole. The change ' +
      'takes effect at once on this node and within a second on every other node. Warnings never prevent it. ' +
      'Enabling passwords switches `passwords.preventPathTraversal` off.',
    type: SettingsDto,
    isTagged: true,
    problems: ['validation_failed', 'version_mismatch', 'unsupported_media_type'],
  })
  async updateSettings(
    @CurrentCall() call: DocumentCall,
    @Query() { dryRun }: DryRunQuery,
    @Body() patch: object,
  ): Promise<SettingsDto> {
    return this.#answer(await this.settings.patch({ ...call, isDryRun: dryRun }, patch), call);
  }

  @Put()
  @IfMatch('the settings have')
  @ApiBody({ type: ReplaceSettingsDto, examples: { 'the defaults': { value: DEFAULT_SETTINGS } } })
  @ApiRoute({
    access: 'administrators',
    summary: 'Replace the settings',
    maxBodyBytes: BODY_LIMITS.settings,
    description:
      'All members are required, except `warnings`, which is ignored, and `audit.failOpen`, which is off by ' +
      'default.',
    type: SettingsDto,
    isTagged: true,
    problems: ['validation_failed', 'version_mismatch', 'unsupported_media_type'],
  })
  async replaceSettings(
    @CurrentCall() call: DocumentCall,
    @Query() { dryRun }: DryRunQuery,
    @Body() body: ReplaceSettingsDto,
  ): Promise<SettingsDto> {
    return this.#answer(await this.settings.replace({ ...call, isDryRun: dryRun }, body), call);
  }

  @Post('allow-list')
  @IfMatch('the settings have')
  @ApiRoute({
    access: 'administrators',
    summary: 'Add an entry to the allow list',
    description: 'If the entry is already on the list, in any spelling, the answer is 409.',
    status: 201,
    type: AllowListEntryDto,
    location: ({ entry }) => `/api/v1/settings/allow-list/${encodeURIComponent(entry)}`,
    isTagged: true,
    body: {
      type: AddAllowListEntryDto,
      examples: {
        'a network': { entry: '203.0.113.0/24' },
        'an address': { entry: '2001:db8::1' },
        'a range': { entry: '192.0.2.5-192.0.2.9' },
      },
    },
    problems: ['conflict', 'version_mismatch'],
  })
  async addAllowListEntry(
    @CurrentCall() { caller, actor, ifMatch, reply }: DocumentCall,
    @Body() body: AddAllowListEntryDto,
  ): Promise<AllowListEntryDto> {
    const toAnswer = (entry: string, after: Settings): AllowListEntryDto => ({
      entry,
      warnings: [...this.settings.warnings(after, requesterOf(caller))],
    });
    const { answer, tag } = await this.settings.addAllowListEntry(actor, ifMatch, body.entry, toAnswer);
    reply.header('ETag', tag);
    return answer;
  }

  @Delete('allow-list/:entry')
  @IfMatch('the settings have')
  @ApiRoute({
    access: 'administrators',
    summary: 'Remove an entry from the allow list',
    description: 'Percent-encode the entry (`203.0.113.0%2F24`). Any spelling works.',
    status: 204,
    isTagged: true,
    params: { entry: { description: 'An entry of the list, in any spelling.', example: '203.0.113.0/24' } },
    problems: ['not_found', 'version_mismatch'],
  })
  async removeAllowListEntry(
    @CurrentCall() { actor, ifMatch, reply }: DocumentCall,
    @Param('entry') entry: string,
  ): Promise<void> {
    reply.header('ETag', await this.settings.removeAllowListEntry(actor, ifMatch, entry));
  }

  #answer({ value, tag }: Versioned<Settings>, { caller, reply }: DocumentCall): SettingsDto {
    reply.header('ETag', tag);
    const warnings = this.settings.warnings(value, requesterOf(caller));
    return { ...sectionsOf<SettingsDocument>(DEFAULT_SETTINGS, value), warnings } as SettingsDto;
  }
}

function requesterOf({ admitted }: Authenticated): Requester {
  const { peer, head } = admitted.request;
  return { peer, lines: head.lines };
}
