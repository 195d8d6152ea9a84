import { Body, Controller, Delete, Get, HttpStatus, Post, Query, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import type { FastifyReply } from 'fastify';
import type { Actor } from '../audit/actor.js';
import { CurrentActor } from '../audit/actor.js';
import { ConcernsOwnToken, CurrentCaller } from '../common/access/route.decorators.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { RevokedTokensDto, RevokeTokenQuery, RotateTokenDto } from './dto/token-calls.dto.js';
import { CreatedTokenDto, TokenDto } from './dto/token.dto.js';
import { TokenListService } from './token-list.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { TokenRotationService } from './token-rotation.service.js';

const ANY_TOKEN = 'Any token may do this: read-only tokens and tokens limited to applications, too.';

/** R123: a script that has a token and not its id. */
@ApiTags('Tokens')
@ConcernsOwnToken()
@Controller('api/v1/tokens/self')
export class OwnTokenController {
  constructor(
    private readonly tokens: TokenListService,
    private readonly rotation: TokenRotationService,
    private readonly revocation: TokenRevocationService,
  ) {}

  @Get()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Show the token of this request',
    description: `${ANY_TOKEN} A request with a password has no token, and gets a 400.`,
    type: TokenDto,
    problems: ['validation_failed'],
  })
  getOwnToken(@CurrentCaller() caller: Authenticated): Promise<TokenDto> {
    return this.tokens.get(caller, ownTokenId(caller));
  }

  @Delete()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Revoke the token of this request',
    description: `${ANY_TOKEN} Every node refuses the token within a second; see \`DELETE /tokens/{id}\`.`,
    status: 204,
    problems: ['validation_failed'],
  })
  @ApiResponse({ status: 200, type: RevokedTokensDto, description: 'Done, with `wait=true`' })
  async revokeOwnToken(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Query() { wait }: RevokeTokenQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevokedTokensDto | undefined> {
    const startedAtTick = performance.now();
    const revoked = await this.revocation.revokeOne(caller, actor, ownTokenId(caller));
    if (wait !== true) return undefined;
    void reply.status(HttpStatus.OK);
    return this.revocation.acknowledge(revoked, startedAtTick);
  }

  @Post('rotate')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Rotate the token of this request',
    description:
      `${ANY_TOKEN} The successor has the same properties and cannot end later than this token. With an overlap, ` +
      'the script has time to store the successor before this token ends.',
    status: 201,
    type: CreatedTokenDto,
    location: ({ id }) => `/api/v1/tokens/${id}`,
    body: { type: RotateTokenDto, examples: { 'an hour for the change': { overlap: 'PT1H' }, 'at once': {} } },
    problems: ['conflict', 'create_not_permitted', 'scope_not_permitted', 'exceeds_parent_token'],
  })
  rotateOwnToken(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Body() { overlap, ...expiry }: RotateTokenDto,
  ): Promise<CreatedTokenDto> {
    return this.rotation.rotate(caller, actor, ownTokenId(caller), { overlap, expiry });
  }
}

/** @throws a 400 for a password login */
function ownTokenId({ token }: Authenticated): string {
  if (token !== null) return token.id;
  throw new ProblemException(
    'validation_failed',
    'This address stands for the token of the request, and this request has a password. Send a token, or use ' +
      '/api/v1/tokens/{id}.',
  );
}
