/** What goes between the primary process and a worker. Other messages on the same channel are none of ours. */
type ChannelMessage =
  | { readonly scopegate: 'tell'; readonly topic: string; readonly body: unknown }
  | { readonly scopegate: 'ask'; readonly id: number; readonly topic: string; readonly body: unknown }
  | { readonly scopegate: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly scopegate: 'failure'; readonly id: number; readonly cause: string };

type Handler = (body: unknown) => unknown;

interface Question {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One end of the channel between the primary process and one worker: tells, asks and answers. */
export class ProcessChannel {
  readonly #handlers = new Map<string, Handler>();
  readonly #questions = new Map<number, Question>();
  #lastId = 0;
  #isClosed = false;

  /** @param send hands a message to the other process; it neither waits nor throws */
  constructor(private readonly send: (message: object) => void) {}

  /** Says who takes what is told or asked about a topic. What it answers, or resolves to, is the answer. */
  on(topic: string, handler: Handler): void {
    this.#handlers.set(topic, handler);
  }

  /** Tells the other process something, without knowing whether it hears. */
  tell(topic: string, body: unknown): void {
    this.#post({ scopegate: 'tell', topic, body });
  }

  /**
   * Asks the other process something.
   * @param timeoutMs how long to wait; null for as long as the other process lives
   * @throws Error where it fails, is gone or does not answer in time
   */
  ask(topic: string, body: unknown, timeoutMs: number | null): Promise<unknown> {
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

  /** Takes a message that has arrived. */
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

  /** Notes that the other process is gone: whoever waits for it is told so. */
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
