import type { Warning } from '@scopegate/permission';
import type { SettingsDto } from './dto/settings.dto.js';
import type { SettingsDocument } from './settings.js';

/** The settings as the API shows them. */
export function toDto(settings: SettingsDocument, warnings: readonly Warning[]): SettingsDto {
  return {
    tokenValidity: {
      maximum: settings.tokenValidity.maximum,
      applyAtUse: settings.tokenValidity.applyAtUse,
    },
    ipRestriction: {
      allowList: [...settings.ipRestriction.allowList],
      applyToPasswords: settings.ipRestriction.applyToPasswords,
    },
    reverseProxy: {
      enabled: settings.reverseProxy.enabled,
      trustedProxies: [...settings.reverseProxy.trustedProxies],
      header: settings.reverseProxy.header,
    },
    passwords: {
      enabled: settings.passwords.enabled,
      preventPathTraversal: settings.passwords.preventPathTraversal,
    },
    throttling: {
      maxFailures: settings.throttling.maxFailures,
      windowSeconds: settings.throttling.windowSeconds,
    },
    audit: {
      successes: settings.audit.successes,
      failures: settings.audit.failures,
      denials: settings.audit.denials,
      anonymous: settings.audit.anonymous,
      failOpen: settings.audit.failOpen,
      retentionDays: settings.audit.retentionDays,
    },
    purge: { expiredTokensAfterDays: settings.purge.expiredTokensAfterDays },
    warnings: warnings.map(({ code, message }) => ({ code, message })),
  };
}
