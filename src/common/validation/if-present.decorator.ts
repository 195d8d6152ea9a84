import { ValidateIf } from 'class-validator';

/** The member is optional, but must not be null. */
export const IfPresent = (): PropertyDecorator => ValidateIf((_document, value: unknown) => value !== undefined);
