import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../common/access/route.decorators.js';
import { KeySetDto } from './dto/key-set.dto.js';
import { SigningKeysService } from './signing-keys.service.js';

/** Far shorter than the time for which a key is published before it signs. */
const KEPT_SECONDS = 300;

/** Upstreams have no credential of the gateway, and public keys are no secret. */
@ApiTags('Identity')
@Access('public')
@Controller('.well-known')
export class KeySetController {
  constructor(private readonly keys: SigningKeysService) {}

  /** The public keys of assertions (R72), the next one included. A key is published for a day before it signs. */
  @Get('jwks.json')
  @ApiOperation({ summary: 'Public keys of assertions', security: [] })
  @ApiResponse({ status: 200, type: KeySetDto, description: 'A JSON Web Key Set (RFC 7517 5)' })
  async getKeySet(@Res({ passthrough: true }) reply: FastifyReply): Promise<KeySetDto> {
    const keys = await this.keys.published();
    // The first key signs at once, so an empty set must not be kept.
    if (keys.length > 0) void reply.header('Cache-Control', `public, max-age=${KEPT_SECONDS}`);
    return { keys: [...keys] };
  }
}
