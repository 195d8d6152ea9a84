import { ValidationPipe } from '@nestjs/common';
import { isJsonObject } from '@scopegate/kernel';
import type { FieldError } from '@scopegate/problem';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError, type ValidatorOptions } from 'class-validator';
import { invalidFields, ProblemException } from '../http/problem.exception.js';

const OPTIONS: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
};

/** One entry a field, with its path. Values may be secrets, so they are never repeated. */
function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap((error) => {
    const field = parent === '' ? error.property : `${parent}.${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([kind, message]) => ({
      field,
      message: kind === 'whitelistValidation' ? `${field} is not a known property. Leave it out.` : message,
    }));
    return [...own, ...fieldErrors(error.children ?? [], field)];
  });
}

const validationProblem = (errors: readonly ValidationError[]): ProblemException => invalidFields(fieldErrors(errors));

/** Unknown properties and wrong types are a 400 that names the field. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    ...OPTIONS,
    transform: true,
    transformOptions: { exposeDefaultValues: true },
    exceptionFactory: validationProblem,
  });
}

/**
 * For a document made here, such as by a merge patch.
 * @param options `forbidsUnknown: false` drops unknown properties
 */
export async function validateAs<Dto extends object>(
  type: new () => Dto,
  value: unknown,
  { forbidsUnknown = true } = {},
): Promise<Dto> {
  if (!isJsonObject(value)) {
    throw new ProblemException('validation_failed', 'The body must be a JSON object.');
  }
  const instance = plainToInstance(type, value, { exposeDefaultValues: true });
  const errors = await validate(instance, { ...OPTIONS, forbidNonWhitelisted: forbidsUnknown });
  if (errors.length > 0) throw validationProblem(errors);
  return instance;
}
