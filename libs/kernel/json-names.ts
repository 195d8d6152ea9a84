import { jsonStringEnd } from './json-shape.js';

/** The names of an object's own members, as often as they stand in the text. The text has to be valid JSON. */
export function topLevelNames(text: string): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  let isName = false;
  for (let index = 0; index < text.length; index += 1) {
    switch (text[index]) {
      case '{':
      case '[':
        depth += 1;
        isName = depth === 1;
        break;
      case '}':
      case ']':
        depth -= 1;
        break;
      case ',':
        isName = depth === 1;
        break;
      case '"': {
        const end = jsonStringEnd(text, index);
        if (isName) {
          names.push(JSON.parse(text.slice(index, end + 1)) as string);
          isName = false;
        }
        index = end;
        break;
      }
      default:
        break;
    }
  }
  return names;
}
