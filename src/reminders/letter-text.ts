import { redactTokens } from '@scopegate/audit';

const DAY_MS = 86_400_000;

/** Characters of a description or a name. */
const MAX_SHOWN = 80;

export interface LetterFacts {
  readonly description: string;
  readonly hint: string;
  readonly tokenId: string;
  readonly scope: string;
  readonly owner: string;
  readonly creator: string | null;
  /** Whether the reader is the owner. */
  readonly isOwn: boolean;
  /** The name of the other person who gets this mail. */
  readonly alsoTold: string | null;
  /** The console's outer address, without a slash at its end. */
  readonly publicUrl: string | null;
}

export interface LetterText {
  readonly subject: string;
  readonly text: string;
}

/** @param endMs and @param nowMs epoch milliseconds */
export function endingLetter(facts: LetterFacts, endMs: number, nowMs: number): LetterText {
  const name = `"${oneLine(facts.description)}"`;
  const when = timeLeft(endMs - nowMs);
  const whose = facts.isOwn ? `Your token ${name}` : `The token ${name} of ${oneLine(facts.owner)}`;
  return {
    subject: `Scopegate: ${facts.isOwn ? 'your' : 'a'} token ends ${when}: ${oneLine(facts.description)}`,
    text: lines(
      `${whose} ends ${when}, on ${time(endMs)}. From then on, every request with it is refused.`,
      '',
      ...about(facts),
      '',
      'If it is still needed, rotate it before that time: you get a new token with the same rights.',
      ...way(facts, 'rotate it'),
      `- by the API: POST /api/v1/tokens/${facts.tokenId}/rotate with {"overlap": "PT24H", "validity": "P1M"}, or longer where ` +
        'the settings allow it; the old token then works for another day',
      '',
      'If it is not needed any more, there is nothing to do.',
      '',
      ...why(facts),
    ),
  };
}

/** @param addresses as `clientBlock` writes them @param usedAtMs epoch milliseconds */
export function newAddressLetter(facts: LetterFacts, addresses: string, usedAtMs: number): LetterText {
  const name = `"${oneLine(facts.description)}"`;
  const whose = facts.isOwn ? `Your token ${name}` : `The token ${name} of ${oneLine(facts.owner)}`;
  return {
    subject: `Scopegate: ${facts.isOwn ? 'your' : 'a'} token was used from a new address: ${oneLine(facts.description)}`,
    text: lines(
      `${whose} was used from ${addresses} for the first time, on ${time(usedAtMs)}.`,
      '',
      ...about(facts),
      '',
      'If you know this address, there is nothing to do. If not, somebody else may have the token: revoke it.',
      ...way(facts, 'revoke it'),
      `- by the API: DELETE /api/v1/tokens/${facts.tokenId}`,
      '',
      ...why(facts),
    ),
  };
}

/**
 * A text of a user as a part of one line: without line ends, control and invisible characters, without tokens, and not
 * too long.
 */
export function oneLine(text: string): string {
  const plain = redactTokens(text)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  const characters = [...plain];
  return characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN - 1).join('')}…` : plain;
}

function about({ hint, scope, owner, creator }: LetterFacts): readonly string[] {
  return [
    `Token: ${oneLine(hint)} (${scope})`,
    `Owner: ${oneLine(owner)}`,
    ...(creator === null ? [] : [`Created by: ${oneLine(creator)}`]),
  ];
}

function way({ publicUrl }: LetterFacts, what: string): readonly string[] {
  return publicUrl === null ? [] : [`- in the browser: ${publicUrl}/console, "My tokens", ${what}`];
}

function why({ isOwn, alsoTold }: LetterFacts): readonly string[] {
  return [
    `You get this mail because you ${isOwn ? 'own' : 'created'} the token.` +
      (alsoTold === null ? ' Nobody else got it.' : ` ${oneLine(alsoTold)} got one, too.`),
    'Scopegate never asks for a token or a password by mail.',
  ];
}

/** Rounded to whole days; on the last day to hours. */
function timeLeft(ms: number): string {
  if (ms < 3_600_000) return 'within an hour';
  if (ms < DAY_MS) return count(Math.floor(ms / 3_600_000), 'hour');
  return count(Math.round(ms / DAY_MS), 'day');
}

function count(number: number, unit: string): string {
  return `in ${number} ${unit}${number === 1 ? '' : 's'}`;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' at ')} UTC`;
}

function lines(...texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}
