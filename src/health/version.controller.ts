import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Access } from '../common/access/route.decorators.js';
import { MIGRATIONS } from '../database/migrations/index.js';
import { NodeRegistry } from '../database/node.registry.js';
import { readVersion } from '../metrics/metrics.registry.js';
import { VersionDto } from './dto/version.dto.js';

/** It needs no credential, as the metrics, which tell the version too: with two ports, the management port answers. */
@ApiTags('Health')
@Access('public')
@Controller('version')
export class VersionController {
  readonly #version = readVersion();

  constructor(private readonly nodes: NodeRegistry) {}

  /** What runs here: for scripts that watch an upgrade. It asks nothing of the database. */
  @Get()
  @ApiOperation({ summary: 'Version, node and schema', security: [] })
  @ApiResponse({ status: 200, type: VersionDto, description: 'Version and node of this server' })
  getVersion(): VersionDto {
    return { version: this.#version, node: this.nodes.id, schema: MIGRATIONS.at(-1)?.name ?? '' };
  }
}
