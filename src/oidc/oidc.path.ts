export const OIDC_PATH = '/api/v1/session/oidc';

/** Registered at the provider, behind the public address of the console. */
export const OIDC_CALLBACK_PATH = `${OIDC_PATH}/callback`;
