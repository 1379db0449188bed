// The list of devices, kept as it is by events, and the way to make a new one.
import { ask, user } from './api.js';
import { busy, field, form, h, notice } from './dom.js';

const AT_ONCE = 50;

/** The word and colour of a status. */
export function status(device) {
  return h('span', { class: `status ${device.status}`, say: `status.${device.status}` });
}

export function deviceList() {
  const devices = new Map();
  const bus = new EventTarget();
  const told = notice();
  const items = h('ul', { class: 'devices' });
  const empty = h('p', { class: 'quiet empty', say: 'devices.none', hidden: true });
  const more = h('button', { type: 'button', class: 'plain', say: 'devices.more', hidden: true, onclick: () => load(cursor) });
  const create = h('button', { type: 'button', class: 'primary', say: 'devices.new', onclick: creation });
  const node = h(
    'section',
    { 'aria-labelledby': 'devices' },
    h('div', { class: 'head' }, h('h2', { id: 'devices', say: 'devices' }), create),
    told.node,
    items,
    empty,
    more,
  );
  let cursor;
  let selected = '';

  async function load(from) {
    const page = await busy(node, told, () => ask('GET', `/devices?limit=${AT_ONCE}${from ? `&cursor=${encodeURIComponent(from)}` : ''}`));
    if (page) take(page, from);
  }

  function take(page, from) {
    told.clear();
    // A refresh reads the first page anew; what was read of the others stays.
    if (!from && !page.pagination.nextCursor) {
      const there = new Set(page.devices.map((device) => device.id));
      for (const id of devices.keys()) if (!there.has(id)) devices.delete(id);
    }
    for (const device of page.devices) devices.set(device.id, { ...devices.get(device.id), ...device });
    if (from || devices.size <= page.devices.length) cursor = page.pagination.nextCursor;
    more.hidden = !cursor;
    draw();
  }

  function draw() {
    items.replaceChildren(...[...devices.values()].map(item));
    empty.hidden = devices.size > 0;
    bus.dispatchEvent(new Event('change'));
  }

  function item(device) {
    const current = device.id === selected ? 'page' : null;
    const line = h('span', { class: 'line' }, h('strong', {}, device.alias), status(device));
    const below = h('small', {}, device.phoneNumber ?? h('span', { say: 'devices.unlinked' }));
    return h('li', {}, h('a', { href: `#/devices/${encodeURIComponent(device.id)}`, 'aria-current': current }, line, below));
  }

  function creation() {
    const own = user();
    const owner = h('input', { type: 'number', min: '0', step: '1', required: true, value: own ?? 1, inputmode: 'numeric' });
    const alias = h('input', { required: true, maxlength: '100', autocomplete: 'off' });
    const dialog = h('dialog', { 'aria-labelledby': 'creation' });
    const cancel = h('button', { type: 'button', say: 'cancel', onclick: () => dialog.close() });
    const making = form(
      { class: 'stack' },
      [
        field('devices.alias', alias, 'devices.alias.hint'),
        own === undefined ? field('devices.user', owner, 'devices.user.hint') : null,
        h('div', { class: 'buttons' }, cancel, h('button', { class: 'primary', type: 'submit', say: 'devices.create' })),
      ],
      async () => {
        const { device } = await ask('POST', '/devices', { userId: own ?? owner.valueAsNumber, alias: alias.value.trim() });
        devices.set(device.id, device);
        draw();
        dialog.close();
        location.hash = `#/devices/${encodeURIComponent(device.id)}`;
      },
    );
    dialog.append(h('h2', { id: 'creation', say: 'devices.new' }), making);
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    alias.focus();
  }

  return {
    node,
    all: devices,
    bus,
    /** Reads the list anew; if that fails, it stays as it is. */
    refresh: () => ask('GET', `/devices?limit=${AT_ONCE}`).then(take, () => {}),
    select(id) {
      selected = id;
      for (const link of items.querySelectorAll('a')) {
        if (link.hash === `#/devices/${encodeURIComponent(id)}`) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
    /** Keeps a device as it is known now. */
    put(device) {
      devices.set(device.id, { ...devices.get(device.id), ...device });
      draw();
    },
    drop(id) {
      devices.delete(id);
      draw();
    },
    hear(event) {
      const device = devices.get(event.deviceId);
      if (!device) {
        if (event.type === 'connection_update') this.refresh();
        return;
      }
      if (event.type !== 'connection_update') return;
      const { status: next, phoneNumber, reason } = event.data;
      this.put({ id: device.id, status: next, phoneNumber: phoneNumber ?? null, reason });
    },
  };
}
