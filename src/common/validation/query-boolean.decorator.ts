import { Transform } from 'class-transformer';

/** Other texts stay, and `IsBoolean` refuses them. */
export const QueryBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));
