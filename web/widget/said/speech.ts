/** What browsers have of the Web Speech API; TypeScript does not know it yet. */

export interface SpeechResult {
  readonly isFinal: boolean;
  readonly 0: { readonly transcript: string };
}
export interface SpeechResults {
  readonly resultIndex: number;
  readonly results: ArrayLike<SpeechResult>;
}
export interface Speech {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  onstart: (() => void) | null;
  onresult: ((event: SpeechResults) => void) | null;
  onerror: ((event: { readonly error: string }) => void) | null;
  onend: (() => void) | null;
  start(track?: MediaStreamTrack): void;
  stop(): void;
  abort(): void;
}
type SpeechMaker = new () => Speech;

export type Mode = 'speakerphone' | 'headset' | 'tab';
/** Why a way of listening does not work in this browser. */
export type Lack = 'recognition' | 'insecure' | 'capture' | 'track';

export function speechMaker(): SpeechMaker | null {
  const { SpeechRecognition, webkitSpeechRecognition } = globalThis as {
    SpeechRecognition?: SpeechMaker; webkitSpeechRecognition?: SpeechMaker;
  };
  return SpeechRecognition ?? webkitSpeechRecognition ?? null;
}

export function lackOf(mode: Mode): Lack | null {
  const Maker = speechMaker();
  if (!isSecureContext) return 'insecure';
  if (!Maker) return 'recognition';
  if (mode !== 'tab') return null;
  if (!('getDisplayMedia' in (navigator.mediaDevices ?? {}))) return 'capture';
  // `start(track)` cannot be asked for; it came with recognition on the device, which can.
  return 'available' in Maker ? null : 'track';
}

/** The sound of a tab that the seller chooses. Null when they changed their mind or it has no sound. */
export async function tabSound(): Promise<MediaStreamTrack | null> {
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
  } catch {
    return null;
  }
  const [sound] = stream.getAudioTracks();
  for (const picture of stream.getVideoTracks()) picture.stop();
  return sound ?? null;
}
