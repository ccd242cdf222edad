import { describe, expect, it } from 'vitest';
import { countAt, msOf, Player, recordingOf } from '../dashboard/replay';
import { applyRecord, openCall } from '../dashboard/opened-call';
import type { ServerEvent } from '../shared/wire';
import { card, final, metrics, objection } from './events';

const events: ServerEvent[] = [
  final(1, { at: 1_000 }),
  objection(2, { at: 1_000 }),
  card(3, { at: 1_000 }),
  final(4, { at: 5_000, utterance: 'u2' }),
  objection(5, { at: 9_000, status: 'handled' }),
  card(6, { at: 9_000, status: 'closed', why: 'handled' }),
];
const record = { epoch: 'e1', offset: 6, events };

describe('a replay', () => {
  it('shows at each instant what was known then', () => {
    const player = new Player(recordingOf('call-1', record, []));
    expect(player.at(0).call.cards.map(({ status }) => status)).toEqual(['open']);
    expect(player.at(3_999).call.transcript.length).toBe(1);
    expect(player.at(4_000).call.transcript.length).toBe(2);
    expect(player.at(8_000).call.objections[0]?.status).toBe('handled');
    expect(player.at(8_000).call.cards[0]?.why).toBe('handled');
  });

  it('ends with the call as it was recorded', () => {
    const recording = recordingOf('call-1', record, []);
    const { call } = new Player(recording).at(recording.lengthMs);
    const whole = applyRecord(openCall('call-1'), record, 0).call;
    expect([call.transcript, call.objections, call.offset]).toEqual([whole.transcript, whole.objections, whole.offset]);
  });

  it('is the same forwards, backwards and in jumps', () => {
    const many = Array.from({ length: 400 }, (_v, index) => final(index + 1, { at: index * 100 }));
    const recording = recordingOf('call-1', { epoch: 'e1', offset: 400, events: many }, []);
    const walked = new Player(recording);
    const jumped = new Player(recording);
    for (let ms = 0; ms <= recording.lengthMs; ms += 100) walked.at(ms);
    for (const ms of [39_900, 12_300, 100, 25_000, 24_900, 0, 39_900]) {
      expect(walked.at(ms).call.transcript.length).toBe(ms / 100 + 1);
      expect(jumped.at(ms).call).toEqual(walked.at(ms).call);
    }
  });

  it('does not change the call while nothing happens', () => {
    const player = new Player(recordingOf('call-1', record, []));
    expect(player.at(100)).toBe(player.at(3_000));
  });

  it('plays the figures that were kept, and a pause of hours as a short one', () => {
    const late = [...events, final(7, { at: 7_200_000, utterance: 'u3' })];
    const recording = recordingOf('call-1', { ...record, events: late }, [metrics(2_000), metrics(6_000)]);
    expect(recording.lengthMs).toBe(8_000 + 20_000);
    expect(new Player(recording).at(4_000).metrics.map(({ at }) => at)).toEqual([2_000]);
    expect(msOf(recording, 7_200_000)).toBe(28_000);
    expect(countAt(recording, 0)).toBe(3);
  });

  it('plays a call of which only the later events are kept', () => {
    const recording = recordingOf('call-1', { ...record, events: events.slice(3) }, []);
    expect(new Player(recording).at(recording.lengthMs).call.transcript.length).toBe(1);
  });

  it('stands still when nothing was recorded', () => {
    const recording = recordingOf('call-1', { epoch: '', offset: 0, events: [] }, []);
    expect([recording.lengthMs, new Player(recording).at(0).call.transcript]).toEqual([0, []]);
  });
});
