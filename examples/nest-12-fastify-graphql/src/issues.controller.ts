import { All, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Caller, Public, RequireScope, type ScopegateCaller } from '@scopegate/nest';

/** Without a decorator, the method decides: a read-only token may GET. */
@Controller()
export class IssuesController {
  @Get('issues')
  list(@Caller() caller: ScopegateCaller): object {
    return { issues: [], caller };
  }

  @Delete('issues/:id')
  remove(@Param('id') id: string, @Caller() caller: ScopegateCaller): object {
    return { removed: id, caller };
  }

  /** A search changes nothing, although it is a POST. */
  @Post('issues/search')
  @HttpCode(200)
  @RequireScope('read-only')
  search(@Caller() caller: ScopegateCaller): object {
    return { found: [], caller };
  }

  /** A GET that starts something asks for more than a read-only token. */
  @Get('issues/export')
  @RequireScope('read-write')
  export(@Caller() caller: ScopegateCaller): object {
    return { started: true, caller };
  }

  @Get('health')
  @Public()
  health(@Caller() caller: ScopegateCaller | null): object {
    return { healthy: true, caller };
  }

  /** Every other path, so that each can be tried. */
  @All('*')
  @HttpCode(200)
  other(@Caller() caller: ScopegateCaller): object {
    return { caller };
  }
}
