import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { ExplainRequestDto, ExplanationDto } from './dto/explain.dto.js';
import { ExplainService } from './explain.service.js';

@ApiTags('Explain')
@Controller('api/v1/explain')
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  @Post()
  @ApiRoute({
    access: 'administrators',
    summary: 'Explain how a request would be judged, or why an audited one was refused',
    description:
      'Makes the same decision as the gateway, stage by stage, and forwards nothing. Describe the request as ' +
      'it would reach the gateway; you can give the id of a token instead of its secret. Or give the ' +
      '`requestId` of an audited request. There is no body, so some things are not explained: credentials in a ' +
      'form or at the session endpoint, another method in the body of an excepted call, and the operation of a ' +
      'Git LFS batch.',
    type: ExplanationDto,
    body: {
      type: ExplainRequestDto,
      examples: {
        'a request': {
          application: 'jira',
          method: 'POST',
          path: '/rest/api/2/issue',
          peer: '203.0.113.7',
          headers: [['Authorization', 'Basic YW5uYTpjb3JyZWN0IGhvcnNl']],
        },
        'a request with a token': {
          application: 'jira',
          method: 'GET',
          path: '/rest/api/2/myself',
          peer: '10.0.0.2',
          headers: [['X-Forwarded-For', '203.0.113.7']],
          tokenId: '7Hq2LmP0aZx9',
        },
        'an audited request': { requestId: '5bc4e3a80823aa15a9a304027e79128b' },
      },
    },
    problems: ['not_found'],
  })
  explainRequest(@CurrentCaller() caller: Authenticated, @Body() body: ExplainRequestDto): Promise<ExplanationDto> {
    return this.explanations.explain(caller, body);
  }
}
