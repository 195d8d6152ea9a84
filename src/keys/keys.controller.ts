import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { KeysDto } from './dto/keys.dto.js';
import { KeysService } from './keys.service.js';

@ApiTags('Keys')
@Controller('api/v1/keys')
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'Count what rests on each key',
    description:
      'The keys of `SCOPEGATE_TOKEN_PEPPER` and `SCOPEGATE_ENCRYPTION_KEY`, newest first, by their ids (1 is the oldest). A key whose ' +
      'count is 0 can be taken away, once every node has the newest key first.',
    type: KeysDto,
  })
  async getKeys(): Promise<KeysDto> {
    const { tokenPepper, encryptionKey } = await this.keys.count();
    return {
      pepper: tokenPepper.map(({ id, uses }) => ({ id, tokens: uses })),
      encryption: encryptionKey.map(({ id, uses }) => ({ id, secrets: uses })),
    };
  }
}
