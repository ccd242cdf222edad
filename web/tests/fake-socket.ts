/** A WebSocket that the test opens, feeds and closes. */
import type { ServerEvent } from '../shared/wire';

export class FakeSocket {
  static opened: FakeSocket[] = [];
  readonly sent: Record<string, unknown>[] = [];
  readyState = 0;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;

  constructor(readonly url: string, readonly protocols: string[]) {
    FakeSocket.opened.push(this);
  }

  static open = (url: string, protocols: string[]) =>
    new FakeSocket(url, protocols) as unknown as WebSocket;

  static get newest(): FakeSocket {
    return FakeSocket.opened.at(-1)!;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  tell(event: Partial<ServerEvent> & { type: string }): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.readyState = 3;
  }
}
