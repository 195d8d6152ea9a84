import { ValidateBy } from 'class-validator';

/** @param rule returns what is wrong ("must not be empty"), or null */
export function FitsRule(rule: (text: string) => string | null): PropertyDecorator {
  return ValidateBy({
    name: 'fitsRule',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && rule(value) === null,
      defaultMessage: (context) => {
        const value: unknown = context?.value;
        return `$property ${(typeof value === 'string' ? rule(value) : null) ?? 'must be a string'}`;
      },
    },
  });
}
