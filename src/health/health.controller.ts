import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PublicRoute } from '../common/access/route.decorators.js';
import { HealthDto } from './dto/health.dto.js';
import { Readiness } from './readiness.js';

@ApiTags('Health')
@PublicRoute()
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Whether the process answers at all. */
  @Get('live')
  @ApiOperation({ summary: 'Liveness', security: [] })
  @ApiResponse({ status: 200, type: HealthDto, description: 'The process answers' })
  getLiveness(): HealthDto {
    return { status: 'ok', checks: {} };
  }

  /** Whether requests can be judged and recorded: the database, the journal and the tables are in order. */
  @Get('ready')
  @ApiOperation({ summary: 'Readiness', security: [] })
  @ApiResponse({ status: 200, type: HealthDto, description: 'Ready for requests' })
  @ApiResponse({ status: 503, type: HealthDto, description: 'Not ready: see checks' })
  async getReadiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    const checks = await this.readiness.check();
    const isReady = Object.values(checks).every((result) => result === 'ok');
    void reply.status(isReady ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return { status: isReady ? 'ok' : 'failing', checks: { ...checks } };
  }
}
