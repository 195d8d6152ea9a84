import { Transform } from 'class-transformer';

/** Reads `true` and `false` of a query. Other texts stay as they are, for `IsBoolean` to refuse. */
export const QueryBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));
