// One device: how it is, what can be done with it.
import { ask } from './api.js';
import { status } from './devices.js';
import { busy, choice, copy, field, form, h, notice } from './dom.js';
import { scan } from './scan.js';
import { sending } from './send.js';
import { say } from './text.js';
import { webhook } from './webhook.js';

export function devicePanel(id, list) {
  const path = `/devices/${encodeURIComponent(id)}`;
  const told = notice();
  const title = h('h2', { tabindex: '-1' }, '…');
  const state = h('p', { class: 'state' });
  const facts = h('dl', { class: 'facts' });
  const send = sending(() => known().sessionId);
  const hooks = webhook(path);
  let dialog;

  const button = (key, act, kind = '') => h('button', { type: 'button', class: kind, say: key, onclick: act });
  const connect = button('device.connect', () => does('connect'), 'primary');
  const show = button('device.show', () => does('connect'), 'primary');
  const disconnect = button('device.disconnect', () => does('disconnect'));
  const relogin = button('device.relogin', () =>
    sure('device.relogin', 'device.relogin.title', 'device.relogin.sure', () => does('relogin')),
  );
  const remove = button('device.delete', () => sure('device.delete', 'device.delete.title', 'device.delete.sure', deletion), 'danger');
  const actions = h('div', { class: 'buttons' }, connect, show, disconnect, relogin, remove);
  const back = h('a', { class: 'back', href: '#/', say: 'back' });
  const node = h(
    'section',
    { class: 'device' },
    back,
    h('div', { class: 'card' }, h('div', { class: 'head' }, title, state), facts, actions, told.node),
    send.node,
    fold('linkpage', linkPage(path)),
    fold('webhook', hooks.node, hooks.open),
  );

  const known = () => list.all.get(id) ?? { id, status: 'pending' };

  function draw() {
    const device = known();
    title.textContent = device.alias ?? '…';
    state.replaceChildren(status(device));
    const fact = (key, value, tag = 'span') => (value == null ? [] : [h('dt', { say: key }), h('dd', {}, h(tag, {}, value))]);
    facts.replaceChildren(
      ...fact('device.number', device.phoneNumber),
      ...fact('device.session', device.sessionId, 'code'),
      ...fact('device.id', device.id, 'code'),
      ...fact('device.user', device.userId),
      ...fact('device.reason', device.status === 'connected' ? null : device.reason),
    );
    const up = ['connected', 'connecting'].includes(device.status);
    const focused = document.activeElement;
    connect.hidden = up;
    show.hidden = !(device.status === 'connecting' && !device.phoneNumber);
    disconnect.hidden = !up;
    relogin.hidden = !device.phoneNumber;
    // What is gone cannot keep the focus.
    if (focused?.hidden) title.focus();
  }

  async function does(what) {
    told.clear();
    const answer = await busy(actions, told, () => ask('POST', `${path}/${what}`, {}));
    if (!answer) return;
    list.put({ id, status: answer.status, ...(answer.qrRequired ? { phoneNumber: null } : {}) });
    if (answer.qrRequired) dialog = scan(known(), path, closed);
  }

  /** Asks before something is done that cannot be undone. */
  function sure(key, question, consequence, act) {
    const asking = h('dialog', { role: 'alertdialog', 'aria-labelledby': 'sure', 'aria-describedby': 'sure-what' });
    const go = () => {
      asking.close();
      act();
    };
    asking.append(
      h('h2', { id: 'sure', say: [question, { alias: known().alias }] }),
      h('p', { id: 'sure-what', say: consequence }),
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', autofocus: true, say: 'cancel', onclick: () => asking.close() }),
        h('button', { type: 'button', class: 'danger', say: key, onclick: go }),
      ),
    );
    asking.addEventListener('close', () => asking.remove());
    document.body.append(asking);
    asking.showModal();
  }

  function closed() {
    dialog = undefined;
    // What opened the dialog is hidden by now.
    if (document.activeElement === document.body) title.focus();
  }

  async function deletion() {
    const gone = await busy(actions, told, () => ask('DELETE', path));
    if (!gone) return;
    list.drop(id);
    location.hash = '#/';
  }

  async function load() {
    const answer = await busy(node, told, () => ask('GET', path));
    if (answer) list.put(answer.device);
  }

  list.bus.addEventListener('change', draw);
  draw();
  load();
  return {
    node,
    focus: () => title.focus({ preventScroll: true }),
    close() {
      list.bus.removeEventListener('change', draw);
      dialog?.close();
    },
    hear(event) {
      if (event.deviceId !== id) return;
      dialog?.hear(event);
      send.hear(event);
    },
  };
}

/** Part of a device that opens on demand. */
function fold(key, content, onOpen = () => {}) {
  const node = h('details', { class: 'card fold' }, h('summary', {}, h('h3', { say: key })), content);
  node.addEventListener('toggle', () => node.open && onOpen(), { once: true });
  return node;
}

/** Makes a page that an end customer can link their account on. */
function linkPage(path) {
  const time = choice([
    ['3600', 'linkpage.hour'],
    ['86400', 'linkpage.day'],
    ['604800', 'linkpage.week'],
  ]);
  time.value = '86400';
  const language = choice([
    ['', 'linkpage.theirs'],
    ['en', 'linkpage.en'],
    ['id', 'linkpage.id'],
  ]);
  const url = h('input', { readonly: true, 'say-aria-label': 'linkpage.url' });
  const copied = h('span', { role: 'status' });
  const until = h('small', {});
  const made = h(
    'div',
    { class: 'made', hidden: true },
    h(
      'div',
      { class: 'joined' },
      url,
      h('button', { type: 'button', say: 'copy', onclick: () => copy(url).then(() => say(copied, 'copied')) }),
    ),
    until,
    copied,
  );
  const making = form(
    { class: 'row' },
    [field('linkpage.time', time), field('linkpage.language', language), h('button', { type: 'submit', say: 'linkpage.make' })],
    async () => {
      const asked = { expiresIn: Number(time.value), ...(language.value ? { language: language.value } : {}) };
      const page = await ask('POST', `${path}/link-page`, asked);
      url.value = page.url;
      say(until, 'linkpage.until', { moment: new Date(page.expiresAt) });
      copied.textContent = '';
      made.hidden = false;
    },
  );
  return h('div', {}, h('p', { class: 'quiet', say: 'linkpage.about' }), making, made);
}
