import type { Language } from '../../shared/taxonomy';
import type { ListeningState } from './listening';
import type { Lack, Mode } from './speech';

const en = {
  modes: {
    speakerphone: ['Speakerphone', 'One microphone for both. Press S when the other one speaks.'],
    headset: ['Headset', 'The microphone is you. The customer’s side comes from a bridge.'],
    tab: ['Meeting tab', 'The sound of a browser tab is the customer. Share the tab with its sound.'],
  } satisfies Record<Mode, [string, string]>,
  lacks: {
    recognition: 'This browser has no speech recognition. Chrome, Edge and Safari have. Writing works here, and so does a bridge.',
    insecure: 'Browsers listen only on https pages and on localhost. Writing works here, and so does a bridge.',
    capture: 'This browser cannot share a tab’s sound. Chrome and Edge on a computer can.',
    track: 'This browser cannot recognise a tab’s sound. Newer versions of Chrome and Edge can.',
  } satisfies Record<Lack, string>,
  troubles: {
    denied: 'The microphone is not allowed. Allow it for this page beside the address, then go on.',
    microphone: 'No microphone was found. It is tried again.',
    network: 'The browser’s speech service does not answer. It is tried again; writing works meanwhile.',
    language: 'The browser’s speech service does not know this language.',
    service: 'Speech recognition is switched off in this browser. Writing works.',
    silent: 'No sound was shared. Choose a tab, and share its sound too.',
    full: 'Too much is waiting for the connection; the last line was not taken.',
  } satisfies Record<NonNullable<ListeningState['trouble']>, string>,
  phases: {
    off: '', starting: 'Starting …', hearing: 'Listening', waiting: 'Trying again …',
    paused: 'Paused', blocked: 'Not listening',
  } satisfies Record<ListeningState['phase'], string>,
  listen: 'Listen',
  language: 'Spoken language',
  consent: 'Everybody on the call has to know that it is written down, and agree.',
  where: 'The browser may send the sound to its maker’s speech service. Coach gets the text only.',
  start: 'All agree: listen',
  speaks: 'Who speaks',
  client: 'Customer',
  seller: 'Me',
  pause: 'Pause',
  goOn: 'Go on',
  stop: 'Stop',
  write: 'Write a line of the call',
  line: 'What was said',
  send: 'Send',
  tooMany: 'Too much is waiting for the connection; this line was not taken.',
  waiting: 'waiting to be stored',
};
export type SaidTexts = typeof en;

const de: SaidTexts = {
  modes: {
    speakerphone: ['Freisprechen', 'Ein Mikrofon für beide. S drücken, wenn der andere spricht.'],
    headset: ['Headset', 'Das Mikrofon sind Sie. Die Seite des Kunden kommt von einer Anbindung.'],
    tab: ['Meeting-Tab', 'Der Ton eines Browser-Tabs ist der Kunde. Teilen Sie den Tab mit Ton.'],
  },
  lacks: {
    recognition: 'Dieser Browser hat keine Spracherkennung. Chrome, Edge und Safari haben sie. Schreiben geht hier, eine Anbindung auch.',
    insecure: 'Browser hören nur auf https-Seiten und auf localhost zu. Schreiben geht hier, eine Anbindung auch.',
    capture: 'Dieser Browser kann den Ton eines Tabs nicht teilen. Chrome und Edge am Computer können es.',
    track: 'Dieser Browser kann den Ton eines Tabs nicht erkennen. Neuere Chrome und Edge können es.',
  },
  troubles: {
    denied: 'Das Mikrofon ist nicht erlaubt. Erlauben Sie es neben der Adresse für diese Seite, dann weiter.',
    microphone: 'Kein Mikrofon gefunden. Es wird erneut versucht.',
    network: 'Der Sprachdienst des Browsers antwortet nicht. Es wird erneut versucht; Schreiben geht solange.',
    language: 'Der Sprachdienst des Browsers kennt diese Sprache nicht.',
    service: 'Spracherkennung ist in diesem Browser abgeschaltet. Schreiben geht.',
    silent: 'Es wurde kein Ton geteilt. Wählen Sie einen Tab, und teilen Sie auch seinen Ton.',
    full: 'Zu viel wartet auf die Verbindung; die letzte Zeile wurde nicht übernommen.',
  },
  phases: {
    off: '', starting: 'Beginnt …', hearing: 'Hört zu', waiting: 'Neuer Versuch …',
    paused: 'Pause', blocked: 'Hört nicht zu',
  },
  listen: 'Zuhören',
  language: 'Gesprochene Sprache',
  consent: 'Alle im Gespräch müssen wissen, dass es mitgeschrieben wird, und zustimmen.',
  where: 'Der Browser sendet den Ton vielleicht an den Sprachdienst seines Herstellers. Coach erhält nur den Text.',
  start: 'Alle einverstanden: zuhören',
  speaks: 'Wer spricht',
  client: 'Kunde',
  seller: 'Ich',
  pause: 'Pause',
  goOn: 'Weiter',
  stop: 'Ende',
  write: 'Eine Zeile des Gesprächs schreiben',
  line: 'Was gesagt wurde',
  send: 'Senden',
  tooMany: 'Zu viel wartet auf die Verbindung; diese Zeile wurde nicht übernommen.',
  waiting: 'noch nicht gespeichert',
};

const pl: SaidTexts = {
  modes: {
    speakerphone: ['Głośnik', 'Jeden mikrofon dla obu stron. Naciśnij S, gdy mówi druga osoba.'],
    headset: ['Słuchawki', 'Mikrofon to Ty. Głos klienta przychodzi z podłączonego źródła.'],
    tab: ['Karta spotkania', 'Dźwięk karty przeglądarki to klient. Udostępnij kartę razem z dźwiękiem.'],
  },
  lacks: {
    recognition: 'Ta przeglądarka nie rozpoznaje mowy. Robią to Chrome, Edge i Safari. Pisanie tu działa, podłączone źródło też.',
    insecure: 'Przeglądarki słuchają tylko na stronach https i na localhost. Pisanie tu działa, podłączone źródło też.',
    capture: 'Ta przeglądarka nie udostępnia dźwięku karty. Robią to Chrome i Edge na komputerze.',
    track: 'Ta przeglądarka nie rozpoznaje dźwięku karty. Robią to nowsze wersje Chrome i Edge.',
  },
  troubles: {
    denied: 'Mikrofon jest niedozwolony. Zezwól na niego obok adresu strony i wznów.',
    microphone: 'Nie znaleziono mikrofonu. Trwa ponowna próba.',
    network: 'Usługa mowy przeglądarki nie odpowiada. Trwa ponowna próba; pisanie działa.',
    language: 'Usługa mowy przeglądarki nie zna tego języka.',
    service: 'Rozpoznawanie mowy jest wyłączone w tej przeglądarce. Pisanie działa.',
    silent: 'Nie udostępniono dźwięku. Wybierz kartę i udostępnij też jej dźwięk.',
    full: 'Zbyt wiele czeka na połączenie; ostatniej kwestii nie przyjęto.',
  },
  phases: {
    off: '', starting: 'Zaczynam …', hearing: 'Słucham', waiting: 'Ponowna próba …',
    paused: 'Pauza', blocked: 'Nie słucham',
  },
  listen: 'Słuchaj',
  language: 'Język rozmowy',
  consent: 'Wszyscy w rozmowie muszą wiedzieć, że jest zapisywana, i zgodzić się na to.',
  where: 'Przeglądarka może wysyłać dźwięk do usługi mowy swojego producenta. Coach dostaje tylko tekst.',
  start: 'Jest zgoda: słuchaj',
  speaks: 'Kto mówi',
  client: 'Klient',
  seller: 'Ja',
  pause: 'Pauza',
  goOn: 'Wznów',
  stop: 'Koniec',
  write: 'Wpisz kwestię z rozmowy',
  line: 'Co zostało powiedziane',
  send: 'Wyślij',
  tooMany: 'Zbyt wiele czeka na połączenie; tej kwestii nie przyjęto.',
  waiting: 'czeka na zapis',
};

const texts: Record<Language, SaidTexts> = { pl, de, en };

export function saidTexts(language: Language): SaidTexts {
  return texts[language];
}
