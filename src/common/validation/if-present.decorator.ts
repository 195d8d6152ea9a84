import { ValidateIf } from 'class-validator';

/** Optional, but not null. */
export const IfPresent = (): PropertyDecorator => ValidateIf((_document, value: unknown) => value !== undefined);
