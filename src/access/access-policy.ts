import { Injectable } from '@nestjs/common';
import type { AccessPolicy } from '@scopegate/access';
import { compileAddressSet } from '@scopegate/network';
import type { Permissions } from '@scopegate/permission';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { Settings } from '../settings/settings.js';

/** The settings and permissions as decisions need them: compiled once for each change, not for each request. */
@Injectable()
export class AccessPolicySnapshot {
  #settings: Settings | null = null;
  #permissions: Permissions | null = null;
  #policy: AccessPolicy | null = null;

  constructor(
    private readonly settings: SettingsService,
    private readonly permissions: PermissionsService,
  ) {}

  current(): AccessPolicy {
    const settings = this.settings.current();
    const permissions = this.permissions.current();
    if (this.#policy === null || settings !== this.#settings || permissions !== this.#permissions) {
      this.#policy = compilePolicy(settings, permissions, settings === this.#settings ? this.#policy : null);
      this.#settings = settings;
      this.#permissions = permissions;
    }
    return this.#policy;
  }
}

/** @param known a policy of the same settings, whose address sets are kept */
function compilePolicy(settings: Settings, permissions: Permissions, known: AccessPolicy | null): AccessPolicy {
  if (known !== null) return { ...known, permissions };
  return {
    allowList: compileAddressSet(settings.ipRestriction.allowList),
    allowListAppliesToPasswords: settings.ipRestriction.applyToPasswords,
    reverseProxy: {
      enabled: settings.reverseProxy.enabled,
      trusted: compileAddressSet(settings.reverseProxy.trustedProxies),
      header: settings.reverseProxy.header,
    },
    passwordsEnabled: settings.passwords.enabled,
    preventPathTraversal: settings.passwords.preventPathTraversal,
    validity: settings.tokenValidity,
    permissions,
  };
}
