import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { PresetListDto } from './dto/preset.dto.js';
import { shownPresets } from './preset.js';

@ApiTags('Applications')
@Controller('api/v1/presets')
export class PresetsController {
  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List the presets',
    description:
      'A preset fills in an application of a known product: `POST /applications` with `preset` and `upstream` is ' +
      'enough. Everything that you send besides takes precedence.',
    type: PresetListDto,
  })
  listPresets(): PresetListDto {
    return { items: [...shownPresets()] };
  }
}
