import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Exchange } from '../common/access/exchange.js';
import { CurrentExchange, IsDoor } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import { IntrospectedTokenDto, IntrospectionDto } from './dto/introspection.dto.js';
import { IntrospectionService } from './introspection.service.js';

@ApiTags('Introspection')
@Controller('introspect')
export class IntrospectionController {
  constructor(private readonly introspection: IntrospectionService) {}

  @Post()
  @IsDoor('introspection')
  @ApiRoute({
    access: 'introspectors',
    summary: 'Show whether a token is valid now (RFC 7662)',
    description:
      'For services that received a token themselves. An inactive token has nothing but `"active": false`; the audit ' +
      'log has the reason. A token that is limited to applications is active, and `aud` names them: refuse it if yours ' +
      'is not one of them. For administrators and users with the permission `introspect`; a read-only token is enough. ' +
      'Unknown fields are ignored (RFC 6749 3.2).',
    type: IntrospectionDto,
    isForm: true,
    body: {
      type: IntrospectedTokenDto,
      examples: { 'a token': { token: 'sg_7Hq2LmP0aZx9_…', client_ip: '203.0.113.7' } },
    },
    problems: ['too_many_failures'],
  })
  async introspectToken(@CurrentExchange() exchange: Exchange, @Body() form: unknown): Promise<IntrospectionDto> {
    const asked = await validateAs(IntrospectedTokenDto, form ?? {}, { forbidsUnknown: false });
    return this.introspection.introspect(exchange, asked);
  }
}
