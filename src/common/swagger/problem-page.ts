import type { ProblemDescription } from '@scopegate/problem';

const STYLE = `
  :root { color-scheme: light dark; }
  body { margin: 0 auto; max-width: 44rem; padding: 1.5rem; font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
  h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.5rem 0 .5rem; }
  h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; }
  p { margin: 0 0 1rem; }
  code { font-family: ui-monospace, monospace; background: color-mix(in srgb, currentColor 10%, transparent); border-radius: .25rem; padding: .05rem .3rem; }
  li { margin-bottom: .4rem; }
`;

export function problemPage({ code, title, statuses, when, remedy }: ProblemDescription): string {
  return page(
    title,
    `<nav><a href="/docs">API</a> · <a href="/docs/problems">All problems</a></nav>
<h1>${escape(title)}</h1>
<p>Status ${statuses.join(' or ')}, code <code>${code}</code></p>
<h2>When</h2>
<p>${withCode(when)}</p>
<h2>What to do</h2>
<p>${withCode(remedy)}</p>
<p>The <code>detail</code> of the answer says more about the request it answers. The audit log finds that request by
its <code>requestId</code>.</p>`,
  );
}

export function problemListPage(problems: readonly ProblemDescription[]): string {
  const items = problems.map(
    ({ code, title, statuses }) =>
      `<li>${statuses.join(', ')} <a href="/docs/problems/${code}"><code>${code}</code></a> ${escape(title)}</li>`,
  );
  return page('Problems', `<nav><a href="/docs">API</a></nav>\n<h1>Problems</h1>\n<ul>\n${items.join('\n')}\n</ul>`);
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · Scopegate</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** Turns backticks into `<code>`. */
function withCode(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
