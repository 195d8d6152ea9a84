import { Injectable } from '@nestjs/common';
import type { AccessPolicy } from '@scopegate/access';
import type { Permissions } from '@scopegate/permission';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { Settings } from '../settings/settings.js';

/** Compiled once per change, not per request. */
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
      this.#policy = compilePolicy(settings, permissions);
      this.#settings = settings;
      this.#permissions = permissions;
    }
    return this.#policy;
  }
}

function compilePolicy(settings: Settings, permissions: Permissions): AccessPolicy {
  return {
    allowList: settings.allowList.set,
    allowListAppliesToPasswords: settings.ipRestriction.applyToPasswords,
    reverseProxy: settings.reverseProxyRules,
    passwordsEnabled: settings.passwords.enabled,
    preventPathTraversal: settings.passwords.preventPathTraversal,
    validity: settings.tokenValidity,
    permissions,
  };
}
