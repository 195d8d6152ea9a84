/** What some server takes for the same path: a proxy, a framework, a file system. Name and spelling. */
const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  'as it is': (path) => path,
  'with a slash at the end': (path) => `${path}/`,
  'with a suffix': (path) => `${path}.json`,
  'with another suffix': (path) => `${path}.xml`,
  'with a letter encoded': (path) => encodeLetters(path, 1),
  'with every letter encoded': (path) => encodeLetters(path, Number.POSITIVE_INFINITY),
  'encoded twice': (path) => encodeLetters(path, 1).replaceAll('%', '%25'),
  'with an encoded slash': (path) => encodeLastSlash(path, '%2F'),
  'with a slash in lower case': (path) => encodeLastSlash(path, '%2f'),
  'with a slash encoded twice': (path) => encodeLastSlash(path, '%252F'),
  'with a backslash': (path) => encodeLastSlash(path, '%5C'),
  'with a slash of IIS': (path) => encodeLastSlash(path, '%u002F'),
  'with an overlong slash': (path) => encodeLastSlash(path, '%C0%AF'),
  'with slashes doubled': (path) => path.replaceAll('/', '//'),
  'with a dot segment': (path) => path.replace(/\/(?=[^/]*$)/, '/./'),
  'with an encoded dot segment': (path) => path.replace(/\/(?=[^/]*$)/, '/%2E/'),
  'through another folder': (path) => `/other/..${path}`,
  'through an encoded folder': (path) => `/other/%2E%2E${path}`,
  'with a parameter': (path) => `${path};a=b`,
  'with parameters in between': (path) => path.replace(/(?<=.)\/(?=[^/]*$)/, ';a=b/'),
  'with an encoded question mark': (path) => `${path}%3Fa`,
  'with an encoded fragment': (path) => `${path}%23a`,
  'with an encoded null': (path) => `${path}%00`,
  'with a dot at the end': (path) => `${path}%2E`,
  'with a blank at the end': (path) => `${path}%20`,
  'with a wide letter': (path) => path.replace(/[a-z](?=[^/]*$)/, wideLetter),
  'with an invisible character': (path) => path.replace(/(?<=[a-z])(?=[^/]*$)/, '%E2%80%8B'),
};

export function spellingsOf(path: string): readonly (readonly [name: string, spelling: string])[] {
  return Object.entries(SPELLINGS).map(([name, spell]) => [name, spell(path)]);
}

function encodeLetters(path: string, count: number): string {
  let left = count;
  return path.replace(/[a-z]/g, (letter) => {
    left -= 1;
    return left < 0 ? letter : `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function encodeLastSlash(path: string, slash: string): string {
  return path.replace(/(?<=.)\/(?=[^/]*$)/, slash);
}

/** FULLWIDTH LATIN SMALL LETTERS begin at U+FF41. */
function wideLetter(letter: string): string {
  return encodeURIComponent(String.fromCharCode(0xff41 + letter.charCodeAt(0) - 0x61));
}
