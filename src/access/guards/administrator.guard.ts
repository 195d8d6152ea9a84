import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { denyAdmitted } from '@scopegate/access';
import { exchangeOf } from '../../common/access/exchange.js';
import { DirectoryService } from '../../directory/directory.service.js';
import { isForAdministrators } from '../route-metadata.js';

/** Keeps the routes of administrators to administrators (R63); it matters at the management API alone. */
@Injectable()
export class AdministratorGuard implements CanActivate {
  constructor(private readonly directory: DirectoryService) {}

  canActivate(context: ExecutionContext): boolean {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    const { authenticated } = exchange;
    if (authenticated === null || !isForAdministrators(context)) return true;
    if (this.directory.isAdministrator(authenticated.principal)) return true;
    exchange.denial = denyAdmitted(authenticated.admitted, 'administrator_required', authenticated.token);
    return false;
  }
}
