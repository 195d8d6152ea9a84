import type { ActingIdentity } from '@scopegate/access';
import { foldHeaderName } from '@scopegate/kernel';
import type { ActAs, Product } from '@scopegate/product';
import type { ApplicationIdentity } from './application-identity.js';
import { serviceHeader } from './service-credential.js';

const NO_SERVICE: ActingIdentity = { isService: false, headers: [], credentials: [], encoding: null };

/** Whether a request goes upstream with the credential of a service account, and what names the user (R71). */
export function actingIdentity({ actAs, bearer }: Product, identity: ApplicationIdentity): ActingIdentity {
  switch (identity.mode) {
    case 'jwt':
      return NO_SERVICE;
    case 'headers':
      return isServiceByHeaders(actAs, identity) ? ofService(identity, []) : NO_SERVICE;
    case 'credential':
      return identity.perUser
        ? NO_SERVICE
        : ofService(
            identity,
            identity.services.map((service) => serviceHeader(service, bearer)),
          );
  }
}

/** A secret header may be the credential of a service account, which these products let act for users. */
function isServiceByHeaders({ headers, parameters }: ActAs, identity: ApplicationIdentity): boolean {
  return (
    parameters.length > 0 &&
    identity.headers.some((header) => 'sealed' in header || headers.includes(foldHeaderName(header.name)))
  );
}

function ofService({ headers, encoding }: ApplicationIdentity, credentials: readonly string[]): ActingIdentity {
  const namesUser = headers.some((header) => 'template' in header && header.template.includes('{username}'));
  return {
    isService: true,
    headers: headers.map(({ name }) => name),
    credentials,
    encoding: namesUser ? encoding : null,
  };
}
