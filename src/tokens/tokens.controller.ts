import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  NotFoundException,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import type { FastifyReply } from 'fastify';
import type { Actor } from '../audit/actor.js';
import { CurrentActor } from '../audit/actor.js';
import { CreatesToken, CurrentCaller, NeedsStepUp, RefusingRoute } from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import {
  RevokedTokensDto,
  RevokeTokenQuery,
  RevokeTokensDto,
  RotateTokenDto,
  TokenQuery,
} from './dto/token-calls.dto.js';
import { CreatedTokenDto, CreateTokenDto, DescribeTokenDto, TokenDto, TokenPageDto } from './dto/token.dto.js';
import { TokenDescriptionService } from './token-description.service.js';
import { TokenIssueService } from './token-issue.service.js';
import { TokenListService } from './token-list.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { TokenRotationService } from './token-rotation.service.js';

const TOKEN_ID = {
  id: { description: 'The id of a token. The list of tokens shows it.', example: '7Hq2LmP0aZx9' },
} as const;

const locationOf = ({ id }: TokenDto): string => `/api/v1/tokens/${id}`;

@ApiTags('Tokens')
@Controller('api/v1/tokens')
export class TokensController {
  constructor(
    private readonly issuing: TokenIssueService,
    private readonly tokens: TokenListService,
    private readonly descriptions: TokenDescriptionService,
    private readonly rotation: TokenRotationService,
    private readonly revocation: TokenRevocationService,
  ) {}

  @Post()
  @CreatesToken()
  @NeedsStepUp('privileged')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Create a token',
    description:
      'The answer contains the `secret`, which is shown only once. Scripts send it as the password of HTTP ' +
      'Basic with the owner’s user name, or as a Bearer token. A token that is created with a token cannot do ' +
      'more than that token.',
    status: 201,
    type: CreatedTokenDto,
    location: locationOf,
    maxBodyBytes: BODY_LIMITS.token,
    body: {
      type: CreateTokenDto,
      examples: {
        'read-only, for a month': { description: 'nightly report', scope: 'read-only', validity: 'P1M' },
        'for the maximum time': { description: 'weekly report', scope: 'read-only' },
        'for a year': { description: 'deployment', scope: 'read-write', validity: 'P1Y' },
        'until a given time, from some addresses': {
          description: 'migration',
          scope: 'read-write',
          expiresAt: '2030-01-31T12:00:00.000Z',
          allowList: ['127.0.0.1', '192.0.2.0/24'],
        },
      },
    },
    problems: ['create_not_permitted', 'create_on_behalf_not_permitted', 'scope_not_permitted', 'exceeds_parent_token'],
  })
  async createToken(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Body() { validity, expiresAt, ...body }: CreateTokenDto,
  ): Promise<CreatedTokenDto> {
    const { shown } = await this.issuing.issue(caller, actor, { ...body, expiry: { validity, expiresAt } });
    return shown;
  }

  @Get()
  @ApiRoute({
    access: 'authenticated',
    summary: 'List tokens',
    description: 'Your own tokens. Administrators, and users who may create tokens for others, see all tokens.',
    type: TokenPageDto,
    problems: ['validation_failed'],
  })
  async listTokens(@CurrentCaller() caller: Authenticated, @Query() query: TokenQuery): Promise<TokenPageDto> {
    const page = await this.tokens.list(caller, query);
    return { items: [...page.items], nextCursor: page.nextCursor };
  }

  @Post('revoke')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Revoke several tokens, or all of one owner',
    description:
      'When the answer comes, this node refuses the tokens; every other node does within a second. With ' +
      '`wait`, the answer comes when every live node has confirmed it, or after five seconds, and lists the ' +
      'nodes that have not.',
    type: RevokedTokensDto,
    body: {
      type: RevokeTokensDto,
      examples: {
        'some tokens': { ids: ['7Hq2LmP0aZx9'] },
        'all of one owner': { owner: 'alice' },
        'and wait for every node': { owner: 'alice', wait: true },
      },
    },
  })
  async revokeTokens(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Body() body: RevokeTokensDto,
  ): Promise<RevokedTokensDto> {
    const startedAtTick = performance.now();
    const revoked = await this.revocation.revokeMany(caller, actor, body);
    return body.wait === true ? this.revocation.acknowledge(revoked, startedAtTick) : { revoked };
  }

  @Get(':id')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Show a token',
    type: TokenDto,
    params: TOKEN_ID,
    problems: ['not_found'],
  })
  getToken(@CurrentCaller() caller: Authenticated, @Param('id') id: string): Promise<TokenDto> {
    return this.tokens.get(caller, id);
  }

  @Patch(':id')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Change the description of a token',
    type: TokenDto,
    params: TOKEN_ID,
    body: { type: DescribeTokenDto, examples: { 'no change': {}, 'another text': { description: 'weekly report' } } },
    problems: ['not_found'],
  })
  updateToken(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: DescribeTokenDto,
  ): Promise<TokenDto> {
    return this.descriptions.rename(caller, actor, id, body.description);
  }

  @Delete(':id')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Revoke a token',
    description:
      'This node refuses the token at once, and every other node within a second. The token stays listed until ' +
      'the purge. With `wait=true`, the answer comes when every live node has confirmed it, or after five ' +
      'seconds, and lists the nodes that have not.',
    status: 204,
    params: TOKEN_ID,
    problems: ['not_found', 'validation_failed'],
  })
  @ApiResponse({ status: 200, type: RevokedTokensDto, description: 'Done, with `wait=true`' })
  async revokeToken(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Query() { wait }: RevokeTokenQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevokedTokensDto | undefined> {
    const startedAtTick = performance.now();
    const revoked = await this.revocation.revokeOne(caller, actor, id);
    if (wait !== true) return undefined;
    void reply.status(HttpStatus.OK);
    return this.revocation.acknowledge(revoked, startedAtTick);
  }

  @Post(':id/rotate')
  @NeedsStepUp('privileged')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Rotate a token',
    description:
      'Creates a successor with the same properties. The old token still works for the overlap at most. Without ' +
      '`validity` and `expiresAt`, the successor ends when the old token would. A token that rotates itself cannot ' +
      'end later than before; a user who is logged in with a password can renew a token.',
    status: 201,
    type: CreatedTokenDto,
    location: locationOf,
    params: TOKEN_ID,
    body: {
      type: RotateTokenDto,
      examples: {
        'a day for the change': { overlap: 'PT24H' },
        'at once': {},
        'for another year': { overlap: 'PT24H', validity: 'P1Y' },
      },
    },
    problems: [
      'not_found',
      'conflict',
      'create_not_permitted',
      'create_on_behalf_not_permitted',
      'scope_not_permitted',
      'exceeds_parent_token',
    ],
  })
  rotateToken(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { overlap, ...expiry }: RotateTokenDto,
  ): Promise<CreatedTokenDto> {
    return this.rotation.rotate(caller, actor, id, { overlap, expiry });
  }

  /** Other methods pass the guards, too, so that the answer to a read-only token is about its scope (R06). */
  @Delete()
  @RefusingRoute()
  refuseDelete(): never {
    throw new NotFoundException();
  }

  @Patch()
  @RefusingRoute()
  refusePatch(): never {
    throw new NotFoundException();
  }

  @Put()
  @RefusingRoute()
  refusePut(): never {
    throw new NotFoundException();
  }
}
