import { invalidField, invalidFields } from '../common/http/problem.exception.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import { patchApplication, type ApplicationCheck, type CheckedApplication } from './application-check.js';
import { toDto } from './application.mapper.js';
import type { StoredApplication } from './application.js';
import { CreateApplicationDto } from './dto/application.dto.js';

/** The result of a merge patch, as a client would send it. @throws a 400 */
export async function patched(before: StoredApplication, patch: unknown): Promise<CreateApplicationDto> {
  // A version that was read is not changed: the client may set one instead.
  const shown = { ...toDto(before), version: before.document.version };
  const body = await validateAs(CreateApplicationDto, patchApplication(shown, patch));
  if (body.key !== before.key) throw invalidField('key', 'cannot be changed. Create another application instead.');
  return body;
}

/** @throws a 400 with the errors of the check */
export function accept(check: ApplicationCheck): CheckedApplication {
  if (!check.ok) throw invalidFields(check.errors);
  return check.application;
}
