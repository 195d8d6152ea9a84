/*
 * Plugins of Swagger UI. They run in the browser: Nest writes the text of each function into the script of the page, so
 * a function may use nothing that is outside of it.
 */
/* oxlint-disable unicorn/consistent-function-scoping */

type Names = readonly string[];
/** Bound to the state already, other than the wrapper that is given it. */
type IsShown = (thing: Names, shown?: boolean) => boolean;
type Show = (thing: Names, shown: boolean) => unknown;

/** A credential that was given in the dialog: a text for Bearer, user name and password for Basic. */
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

/** Where an operation is, and whether a GET without parameters shows what is there. */
interface Place {
  readonly path: string;
  readonly method: string;
  readonly isReadable: boolean;
}

/** As much of Swagger UI's system as the plugins use. It is still incomplete when a plugin is loaded. */
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

/** The plugin that Nest's page has by itself; a list of plugins takes its place. */
function downloadUrl(system: unknown): object {
  return SwaggerUIBundle.plugins.DownloadUrl(system);
}

/**
 * User name and password go out as UTF-8 (RFC 7617 2.1). Swagger UI calls `btoa` on them, which takes Latin-1 and throws
 * for everything else: here each byte of the UTF-8 becomes one character before that.
 */
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

/** A filter box that looks at paths, methods, summaries and names. Swagger UI's own looks at the names of the tags. */
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

/** Tells the other plugins where an operation is. The page asks often, so the document is read once. */
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

/** PUT and DELETE have to be opened with *Try it out* first: no stray click replaces or deletes anything. */
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

/** Opening a PUT that replaces a document fills in what the server has now, so that sending it changes nothing. */
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
            // Where it fails, the example stays.
            if (place?.method === 'put' && place.isReadable) fillIn(system, place.path).catch(() => undefined);
            return show(thing, shown);
          },
        },
      },
    },
  };
}

/** The plugins of the page at `/docs`, in the order in which they are applied. */
export const SWAGGER_UI_PLUGINS = [
  downloadUrl,
  utf8Credentials,
  operationFilter,
  operationPlaces,
  carefulTryOut,
  presentValues,
] as const;
