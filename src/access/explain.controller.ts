import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AdministratorsOnly } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { ExplainRequestDto, ExplanationDto } from './dto/explain.dto.js';
import { ExplainService } from './explain.service.js';

@ApiTags('Explain')
@AdministratorsOnly()
@Controller('api/v1/explain')
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  @Post()
  @ApiRoute({
    summary: 'Explain what would become of a request, or why an audited one was refused',
    description:
      'Makes the same decision as the gateway, stage by stage, and forwards nothing. Give the request as it would ' +
      'reach the gateway, with a token’s id in place of its secret if you like; or the `requestId` of an audited one.',
    type: ExplanationDto,
    problems: ['validation_failed', 'not_found', 'administrator_required', 'unsupported_media_type'],
  })
  explain(@Body() body: ExplainRequestDto): Promise<ExplanationDto> {
    return this.explanations.explain(body);
  }
}
