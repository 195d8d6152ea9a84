import { AdmissionGuard } from './guards/admission.guard.js';
import { AuthenticationGuard } from './guards/authentication.guard.js';
import { AuthorizationGuard } from './guards/authorization.guard.js';
import { FormGuard } from './guards/form.guard.js';

/**
 * The guards in their order, the only place it is written. Each takes what the one before it found out: nothing is
 * looked up for a request whose form or address is refused, and no scope is asked of a token that is not in force.
 * The gateway runs this list in front of every proxied request, and Nest in front of every management route.
 */
export const ACCESS_GUARDS = [AdmissionGuard, AuthenticationGuard, AuthorizationGuard, FormGuard] as const;
