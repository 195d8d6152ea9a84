import type { PeerMessages, PeerQuestions } from './topics.js';

/** Others may send other messages on the same channel. */
type ChannelMessage =
  | { readonly scopegate: 'tell'; readonly topic: string; readonly body: unknown }
  | { readonly scopegate: 'ask'; readonly id: number; readonly topic: string; readonly body: unknown }
  | { readonly scopegate: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly scopegate: 'failure'; readonly id: number; readonly cause: string };

type Handler = (body: unknown) => unknown;

interface QuestionType {
  readonly question: unknown;
  readonly answer: unknown;
}

interface Question {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ProcessChannel<
  Messages = PeerMessages,
  Questions extends { readonly [Topic in keyof Questions]: QuestionType } = PeerQuestions,
> {
  readonly #handlers = new Map<string, Handler>();
  readonly #questions = new Map<number, Question>();
  #lastId = 0;
  #isClosed = false;

  /** @param send neither waits nor throws */
  constructor(private readonly send: (message: object) => void) {}

  on<Topic extends keyof Messages & string>(topic: Topic, listener: (body: Messages[Topic]) => void): void {
    this.#handlers.set(topic, listener as Handler);
  }

  answer<Topic extends keyof Questions & string>(
    topic: Topic,
    answer: (
      question: Questions[Topic]['question'],
    ) => Questions[Topic]['answer'] | Promise<Questions[Topic]['answer']>,
  ): void {
    this.#handlers.set(topic, answer);
  }

  /** The message may get lost. */
  tell<Topic extends keyof Messages & string>(topic: Topic, body: Messages[Topic]): void {
    this.#post({ scopegate: 'tell', topic, body });
  }

  /**
   * @param timeoutMs null to wait as long as the other process lives
   * @throws Error if the other process fails, is gone or does not answer in time
   */
  ask<Topic extends keyof Questions & string>(
    topic: Topic,
    body: Questions[Topic]['question'],
    timeoutMs: number | null,
  ): Promise<Questions[Topic]['answer']> {
    if (this.#isClosed) return Promise.reject(new Error('The other process has ended.'));
    const id = (this.#lastId += 1);
    return new Promise<unknown>((resolve, reject) => {
      const limit =
        timeoutMs === null
          ? undefined
          : setTimeout(() => this.#settle(id)?.reject(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
      this.#questions.set(id, {
        resolve: (answer) => {
          clearTimeout(limit);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(limit);
          reject(error);
        },
      });
      this.#post({ scopegate: 'ask', id, topic, body });
    });
  }

  receive(message: unknown): void {
    if (!isChannelMessage(message)) return;
    switch (message.scopegate) {
      case 'tell':
        void this.#handle(message.topic, message.body).catch(() => undefined);
        return;
      case 'ask':
        this.#handle(message.topic, message.body).then(
          (body) => this.#post({ scopegate: 'answer', id: message.id, body }),
          (error: unknown) => this.#post({ scopegate: 'failure', id: message.id, cause: String(error) }),
        );
        return;
      case 'answer':
        this.#settle(message.id)?.resolve(message.body);
        return;
      case 'failure':
        this.#settle(message.id)?.reject(new Error(message.cause));
    }
  }

  /** The other process is gone: every open question fails. */
  close(): void {
    this.#isClosed = true;
    for (const id of this.#questions.keys()) this.#settle(id)?.reject(new Error('The other process has ended.'));
  }

  async #handle(topic: string, body: unknown): Promise<unknown> {
    const handler = this.#handlers.get(topic);
    if (handler === undefined) throw new Error(`No handler for "${topic}" in this process.`);
    return handler(body);
  }

  #settle(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }

  #post(message: ChannelMessage): void {
    if (!this.#isClosed) this.send(message);
  }
}

function isChannelMessage(message: unknown): message is ChannelMessage {
  return typeof message === 'object' && message !== null && 'scopegate' in message;
}
