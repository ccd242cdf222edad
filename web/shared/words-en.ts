import type { Words } from './words';

export const words: Words = {
  categories: {
    price: 'Price', timing: 'Timing', need: 'Need', authority: 'Authority', trust: 'Trust',
    competition: 'Competition', product_fit: 'Product fit', stall: 'Stalling',
  },
  signals: {
    price_inquiry: 'Asks the price', financing: 'Financing', trial: 'Wants to try it',
    timeline: 'Asks when', configuration: 'Picks options', ownership_language: 'Talks as an owner',
    next_step: 'Next step', social_proof: 'References', agreement: 'Agrees',
  },
  archetypes: {
    achiever: 'Achiever', analyst: 'Analyst', idealist: 'Idealist', guardian: 'Guardian',
    enthusiast: 'Enthusiast', innovator: 'Innovator', economizer: 'Economizer', sceptic: 'Sceptic',
  },
  stages: {
    opening: 'Opening', discovery: 'Discovery', presentation: 'Presentation',
    objection_handling: 'Objections', closing: 'Closing', wrap_up: 'Wrap-up',
  },
  outcomes: { won: 'Won', next_step: 'Next step agreed', lost: 'Lost', none: 'No outcome' },
  connection: {
    connecting: 'Connecting …', live: 'Live', offline: 'Offline, nothing is lost',
    stopped: 'Stopped',
  },
  customer: 'Customer type',
  notSure: 'Not sure yet',
  evidence: 'What was said',
};
