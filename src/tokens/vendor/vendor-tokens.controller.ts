import {
  All,
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Patch,
  Post,
  Query,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import type { Actor } from '../../audit/actor.js';
import { CurrentActor } from '../../audit/actor.js';
import { Access, BodyLimit, CreatesToken, CurrentCaller } from '../../common/access/route.decorators.js';
import { BODY_LIMITS } from '../../common/http/body-limits.js';
import { validateAs } from '../../common/validation/validation.pipe.js';
import {
  VendorCreateTokenDto,
  VendorDescribeTokenDto,
  VendorPageQuery,
  VendorTokenQuery,
  type VendorCreatedToken,
  type VendorToken,
  type VendorTokenPage,
} from './vendor-token.dto.js';
import { VENDOR_TOKENS_PATH } from './vendor-tokens.path.js';
import { VendorTokensService } from './vendor-tokens.service.js';

/** The app ignores unknown members, so scripts that were written for it may send them. */
const LENIENT = { forbidsUnknown: false } as const;

/**
 * The REST calls of the app that scripts were written for. The front door sends them here from
 * `<mount>/rest/de.resolution.apitokenauth/latest/user/…`; clients cannot call this path themselves.
 */
@ApiExcludeController()
@Access('authenticated')
@Controller(VENDOR_TOKENS_PATH)
export class VendorTokensController {
  constructor(private readonly tokens: VendorTokensService) {}

  @Post('token')
  @HttpCode(200)
  @CreatesToken()
  @BodyLimit(BODY_LIMITS.token)
  async create(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Body() body: object,
  ): Promise<VendorCreatedToken> {
    return this.tokens.create(caller, actor, await validateAs(VendorCreateTokenDto, body, LENIENT));
  }

  @Get('token')
  list(@CurrentCaller() caller: Authenticated, @Query() query: VendorPageQuery): Promise<VendorTokenPage> {
    return this.tokens.listOwn(caller, query);
  }

  @Get('tokensByFilter')
  listByFilter(@CurrentCaller() caller: Authenticated, @Query() query: VendorTokenQuery): Promise<VendorTokenPage> {
    return this.tokens.listByFilter(caller, query);
  }

  @Patch('token/:id')
  async rename(
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: object,
  ): Promise<VendorToken> {
    const { tokenDescription } = await validateAs(VendorDescribeTokenDto, body, LENIENT);
    return this.tokens.rename(caller, actor, id, tokenDescription);
  }

  @Delete('token/:id')
  revoke(@CurrentCaller() caller: Authenticated, @CurrentActor() actor: Actor, @Param('id') id: string): Promise<true> {
    return this.tokens.revoke(caller, actor, id);
  }

  /** Unknown calls pass the guards, too, so that the answer to a read-only token is about its scope (R06). */
  @All('*')
  refuse(): never {
    throw new NotFoundException();
  }
}
