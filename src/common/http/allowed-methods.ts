/** By path, for the `Allow` line of a 405. */
export class AllowedMethods {
  readonly #routes = new Map<string, { readonly segments: readonly string[]; readonly methods: Set<string> }>();

  /** @param url with `:name` for any segment */
  add(method: string, url: string): void {
    const route = this.#routes.get(url) ?? { segments: url.split('/'), methods: new Set<string>() };
    route.methods.add(method);
    this.#routes.set(url, route);
  }

  /** In alphabetical order; empty for an unknown path. */
  of(path: string): readonly string[] {
    const segments = path.split('/');
    const methods = [...this.#routes.values()]
      .filter((route) => isMatch(route.segments, segments))
      .flatMap((route) => [...route.methods]);
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }
}

function isMatch(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  );
}
