import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PublicRoute } from '../common/access/route.decorators.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { HealthDto } from './dto/health.dto.js';

@ApiTags('Health')
@PublicRoute()
@Controller('health')
export class HealthController {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Whether the process answers at all. */
  @Get('live')
  @ApiOperation({ summary: 'Liveness', security: [] })
  @ApiResponse({ status: 200, type: HealthDto, description: 'The process answers' })
  live(): HealthDto {
    return { status: 'ok', checks: {} };
  }

  /** Whether requests can be judged: the database answers. */
  @Get('ready')
  @ApiOperation({ summary: 'Readiness', security: [] })
  @ApiResponse({ status: 200, type: HealthDto, description: 'Ready for requests' })
  @ApiResponse({ status: 503, type: HealthDto, description: 'Not ready: see checks' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    const database = await this.unitOfWork
      .read((manager) => manager.query('SELECT 1'))
      .then(() => 'ok' as const)
      .catch(() => 'failing' as const);
    void reply.status(database === 'ok' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return { status: database, checks: { database } };
  }
}
