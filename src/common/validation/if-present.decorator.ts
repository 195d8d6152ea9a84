import { ValidateIf } from 'class-validator';

/** A member that may be left out, but must not be null. */
export const IfPresent = (): PropertyDecorator => ValidateIf((_document, value: unknown) => value !== undefined);
