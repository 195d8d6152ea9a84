import { isStorableText } from '@scopegate/kernel';
import { Brackets } from 'typeorm';

/**
 * A condition: one of the columns contains the text, in any case; `%` and `_` have no special meaning. SQLite would
 * read a pattern only up to its first NUL, so a text that no row can hold finds nothing. SQLite lowers only ASCII.
 * @param columns such as `token.description`; never a text from outside
 */
export function holdsText(columns: readonly string[], text: string): Brackets {
  if (!isStorableText(text)) return new Brackets((part) => part.where('1 = 0'));
  const patterns = { anyCase: likePattern(text.toLowerCase()), asTyped: likePattern(text) };
  return new Brackets((part) => {
    for (const column of columns) {
      part.orWhere(`LOWER(${column}) LIKE :anyCase ESCAPE '!'`, patterns);
      part.orWhere(`${column} LIKE :asTyped ESCAPE '!'`, patterns);
    }
  });
}

function likePattern(text: string): string {
  return `%${text.replace(/[!%_]/g, '!$&')}%`;
}
