import type { Language } from '../shared/taxonomy';

const en = {
  title: 'Coach',
  what: 'A sales call, coached while it runs',
  language: 'Language of the call',
  transcript: 'Transcript',
  nothing: 'No demo call is running',
  howToStart: 'Start the server with demo calls in the project’s folder:',
  willAppear: 'The call appears here by itself.',
  ownCall: 'Or speak or write a call of your own',
  waitingFor: 'Waiting for the call',
  ended: 'This call has ended:',
  next: 'The next one follows.',
  dashboard: 'Manager’s dashboard',
  embed: 'Widget in a page of your own',
  docs: 'Documentation',
};
export type DemoTexts = typeof en;

const de: DemoTexts = {
  title: 'Coach',
  what: 'Ein Verkaufsgespräch, begleitet während es läuft',
  language: 'Sprache des Gesprächs',
  transcript: 'Mitschrift',
  nothing: 'Es läuft kein Demo-Gespräch',
  howToStart: 'Starten Sie im Ordner des Projekts den Server mit Demo-Gesprächen:',
  willAppear: 'Das Gespräch erscheint hier von selbst.',
  ownCall: 'Oder sprechen oder schreiben Sie selbst ein Gespräch',
  waitingFor: 'Warten auf das Gespräch',
  ended: 'Dieses Gespräch ist beendet:',
  next: 'Das nächste folgt.',
  dashboard: 'Übersicht für die Teamleitung',
  embed: 'Widget in einer eigenen Seite',
  docs: 'Dokumentation',
};

const pl: DemoTexts = {
  title: 'Coach',
  what: 'Rozmowa handlowa ze wsparciem na żywo',
  language: 'Język rozmowy',
  transcript: 'Zapis rozmowy',
  nothing: 'Nie trwa żadna rozmowa demonstracyjna',
  howToStart: 'Uruchom w folderze projektu serwer z rozmowami demonstracyjnymi:',
  willAppear: 'Rozmowa pojawi się tu sama.',
  ownCall: 'Albo poprowadź własną rozmowę: mów lub pisz',
  waitingFor: 'Oczekiwanie na rozmowę',
  ended: 'Ta rozmowa się zakończyła:',
  next: 'Zaraz zacznie się następna.',
  dashboard: 'Panel menedżera',
  embed: 'Widżet na własnej stronie',
  docs: 'Dokumentacja',
};

const texts: Record<Language, DemoTexts> = { pl, de, en };

export function demoTexts(language: Language): DemoTexts {
  return texts[language];
}
