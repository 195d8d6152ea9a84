/**
 * Plugins of Swagger UI for the browser. Nest writes the text of each function into the page, so it may use nothing
 * from outside.
 */
/* oxlint-disable unicorn/consistent-function-scoping */

type Names = readonly string[];
/** Bound to the state already, unlike the wrapper. */
type IsShown = (thing: Names, shown?: boolean) => boolean;
type Show = (thing: Names, shown: boolean) => unknown;

interface AuthorizedScheme {
  readonly schema?: object;
  readonly value?: unknown;
}

type Authorized = Readonly<Record<string, AuthorizedScheme | undefined>>;

interface AskedRequest {
  readonly securities?: { readonly authorized?: Authorized };
}

interface ImmutableLike {
  get(name: string): unknown;
  toJS(): unknown;
}

type Operations = { filter(keep: (operation: ImmutableLike) => boolean): Operations; readonly size: number };

interface TaggedOperations {
  get(name: 'operations'): Operations;
  set(name: 'operations', operations: Operations): TaggedOperations;
}

interface Tags {
  map(change: (group: TaggedOperations, tag: string) => TaggedOperations): Tags;
  filter(keep: (group: TaggedOperations) => boolean): Tags;
}

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;

/** Of an operation, and whether a GET without parameters shows its document. */
interface Place {
  readonly path: string;
  readonly method: string;
  readonly isReadable: boolean;
}

/** The parts that the plugins use. Incomplete while a plugin is loaded. */
interface UiSystem {
  readonly React: { createElement(type: string, properties: object, ...children: readonly unknown[]): unknown };
  readonly specSelectors: { specJson(): ImmutableLike };
  readonly authSelectors: { authorized(): ImmutableLike | undefined };
  readonly fn: { placeOf(id: unknown): Place | undefined };
  readonly oas3Actions: { setRequestBodyValue(change: { value: string; pathMethod: Names }): unknown };
}

interface FilterProperties {
  readonly layoutSelectors: { currentFilter(): unknown };
  readonly layoutActions: { updateFilter(phrase: string): unknown };
}

declare const SwaggerUIBundle: { readonly plugins: { DownloadUrl(system: unknown): object } };
declare const btoa: (bytes: string) => string;
declare const fetch: (path: string, options: object) => Promise<{ readonly ok: boolean; json(): Promise<unknown> }>;

/** Nest's default plugin, which a list of plugins would replace. */
function downloadUrl(system: unknown): object {
  return SwaggerUIBundle.plugins.DownloadUrl(system);
}

/** UTF-8 (RFC 7617 2.1): Swagger UI calls `btoa`, which accepts only Latin-1. Each byte becomes a character. */
function utf8Credentials(): object {
  const bytesOf = (text: unknown): unknown =>
    typeof text === 'string'
      ? Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
      : text;
  return {
    statePlugins: {
      spec: {
        wrapActions: {
          executeRequest: (execute: (request: AskedRequest) => unknown) => (request: AskedRequest) => {
            const authorized: Record<string, AuthorizedScheme | undefined> = {};
            for (const [name, given] of Object.entries(request.securities?.authorized ?? {})) {
              const { username, password } = Object(given?.value) as { username?: unknown; password?: unknown };
              authorized[name] =
                typeof given?.value === 'object'
                  ? { ...given, value: { username: bytesOf(username), password: bytesOf(password) } }
                  : given;
            }
            return execute({ ...request, securities: { ...request.securities, authorized } });
          },
        },
      },
    },
  };
}

/** Filters by path, method, summary and name. Swagger UI only filters by tag. */
function operationFilter({ React }: UiSystem): object {
  return {
    fn: {
      opsFilter: (tags: Tags, phrase: string): Tags => {
        const wanted = phrase.trim().toLowerCase();
        const isWanted = (operation: ImmutableLike): boolean => {
          const { summary, operationId } = (operation.get('operation') as ImmutableLike).toJS() as Record<
            string,
            string
          >;
          const text = [operation.get('method'), operation.get('path'), summary, operationId].join(' ');
          return text.toLowerCase().includes(wanted);
        };
        return tags
          .map((group, tag) =>
            tag.toLowerCase().includes(wanted)
              ? group
              : group.set('operations', group.get('operations').filter(isWanted)),
          )
          .filter((group) => group.get('operations').size > 0);
      },
    },
    components: {
      FilterContainer: ({ layoutSelectors, layoutActions }: FilterProperties): unknown => {
        const phrase = layoutSelectors.currentFilter();
        const label = 'Filter by path, method or words';
        const input = React.createElement('input', {
          className: 'operation-filter-input',
          type: 'search',
          placeholder: label,
          'aria-label': label,
          value: typeof phrase === 'string' ? phrase : '',
          onChange: ({ target }: { target: { value: string } }) => layoutActions.updateFilter(target.value),
        });
        return React.createElement('div', { className: 'filter wrapper' }, input);
      },
    },
  };
}

/** For the other plugins. The page asks often, so the document is read once. */
function operationPlaces(system: UiSystem): object {
  let read: unknown;
  const places = new Map<unknown, Place>();
  const readPlaces = (paths: ImmutableLike): void => {
    read = paths;
    for (const [path, methods] of Object.entries(paths.toJS() as Paths)) {
      for (const [method, { operationId }] of Object.entries(methods)) {
        places.set(operationId, { path, method, isReadable: 'get' in methods && !path.includes('{') });
      }
    }
  };
  return {
    fn: {
      placeOf: (id: unknown): Place | undefined => {
        const paths = system.specSelectors.specJson().get('paths') as ImmutableLike | undefined;
        if (paths !== undefined && paths !== read) readPlaces(paths);
        return places.get(id);
      },
    },
  };
}

/** PUT and DELETE need *Try it out* first, so that no stray click changes anything. */
function carefulTryOut(): object {
  return {
    statePlugins: {
      layout: {
        wrapSelectors: {
          isShown: (isShown: IsShown, system: UiSystem) => (_state: unknown, thing: Names, shown?: boolean) => {
            const isCareful =
              thing.at(-1) === 'try-it-out' &&
              ['put', 'delete'].includes(system.fn.placeOf(thing.at(-2))?.method ?? '');
            return isShown(thing, isCareful ? false : shown);
          },
        },
      },
    },
  };
}

/** An opened PUT gets the current document, so that sending it changes nothing. */
function presentValues(): object {
  const authorizationOf = (authorized: Authorized): string | null => {
    for (const given of Object.values(authorized)) {
      const value = given?.value;
      if (typeof value === 'string') return `Bearer ${value}`;
      const { username, password } = (value ?? {}) as { username?: string; password?: string };
      const bytes = new TextEncoder().encode(`${username ?? ''}:${password ?? ''}`);
      return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
    }
    return null;
  };
  const fillIn = async ({ authSelectors, oas3Actions }: UiSystem, path: string): Promise<void> => {
    const authorization = authorizationOf((authSelectors.authorized()?.toJS() ?? {}) as Authorized);
    if (authorization === null) return;
    const answer = await fetch(path, { headers: { Authorization: authorization } });
    if (!answer.ok) return;
    const value = JSON.stringify(await answer.json(), null, 2);
    oas3Actions.setRequestBodyValue({ value, pathMethod: [path, 'put'] });
  };
  return {
    statePlugins: {
      layout: {
        wrapActions: {
          show: (show: Show, system: UiSystem) => (thing: Names, shown: boolean) => {
            const place = shown && thing.at(-1) === 'try-it-out' ? system.fn.placeOf(thing.at(-2)) : undefined;
            // After an error the example stays.
            if (place?.method === 'put' && place.isReadable) fillIn(system, place.path).catch(() => undefined);
            return show(thing, shown);
          },
        },
      },
    },
  };
}

/** Of the page at `/docs`, in order. */
export const SWAGGER_UI_PLUGINS = [
  downloadUrl,
  utf8Credentials,
  operationFilter,
  operationPlaces,
  carefulTryOut,
  presentValues,
] as const;
