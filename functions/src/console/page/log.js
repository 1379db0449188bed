// Events as they come: the newest few, of all devices or of one, with their JSON on demand.
import { h } from './dom.js';
import { say } from './text.js';

/** Neither kept nor shown more than that. */
const MOST = 200;
/** Pictures are not for reading. */
const LONGEST = 500;

export function eventLog({ all: devices, bus }) {
  const events = [];
  const items = h('ol', { class: 'events' });
  const empty = h('p', { class: 'quiet empty', say: 'events.none' });
  const device = h('select', { id: 'events-device' });
  device.addEventListener('change', draw);
  bus.addEventListener('change', options);
  const filter = h('div', { class: 'field inline' }, h('label', { for: 'events-device', say: 'events.device' }), device);
  const node = h(
    'section',
    { class: 'card log', 'aria-labelledby': 'events' },
    h('div', { class: 'head' }, h('h2', { id: 'events', say: 'events' }), filter),
    items,
    empty,
  );
  let offered;
  options();

  function options() {
    const chosen = device.value;
    // An open list stays as it is unless it has to change.
    const offer = JSON.stringify([...devices.values()].map(({ id, alias }) => [id, alias]));
    if (offer === offered) return;
    offered = offer;
    const names = [...devices.values()].map(({ id, alias }) => h('option', { value: id }, alias ?? id));
    if (chosen && !devices.has(chosen)) names.push(h('option', { value: chosen }, chosen));
    device.replaceChildren(h('option', { value: '', say: 'events.all' }), ...names);
    device.value = chosen;
  }

  const matches = (event) => !device.value || event.deviceId === device.value;

  function draw() {
    items.replaceChildren(...events.filter(matches).map(item));
    items.classList.toggle('one', device.value !== '');
    empty.hidden = items.childElementCount > 0;
  }

  function item(event) {
    const json = h('pre', { tabindex: '0' });
    const summary = h(
      'summary',
      {},
      h('code', { class: `kind ${event.type}` }, event.type),
      h('span', { class: 'gist' }, gist(event)),
      h('span', { class: 'origin' }, h('span', { class: 'whose' }, devices.get(event.deviceId)?.alias ?? event.deviceId), time(event)),
    );
    const node = h('details', {}, summary, json);
    node.addEventListener(
      'toggle',
      () => {
        json.textContent = JSON.stringify(event, shorten, 2);
      },
      { once: true },
    );
    return h('li', {}, node);
  }

  return {
    node,
    filter(id) {
      if (id && ![...device.options].some((option) => option.value === id)) device.append(h('option', { value: id }, id));
      device.value = id;
      draw();
    },
    hear(event) {
      events.unshift(event);
      events.length = Math.min(events.length, MOST);
      if (!matches(event)) return;
      items.prepend(item(event));
      while (items.childElementCount > MOST) items.lastChild.remove();
      empty.hidden = true;
    },
  };
}

/** The event in a few words. */
function gist({ data }) {
  // Of a message, what it says tells more.
  const parts = [
    data.type ? undefined : data.status,
    data.phoneNumber,
    data.from && `${data.pushName ?? data.from}:`,
    data.caption ?? data.message,
    data.name,
    data.error ?? data.reason,
  ];
  return parts.filter((part) => typeof part === 'string' && part).join(' ');
}

function time(event) {
  const node = h('time', { datetime: event.timestamp });
  say(node, 'moment', { moment: new Date(event.timestamp) });
  return node;
}

function shorten(_key, value) {
  return typeof value === 'string' && value.length > LONGEST ? `${value.slice(0, 80)}… (${value.length})` : value;
}
