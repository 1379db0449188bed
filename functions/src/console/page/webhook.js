// A device's webhook: its settings, a test, how it fares, and what could not be delivered.
import { ask } from './api.js';
import { busy, field, form, h, notice } from './dom.js';

const EVENTS = ['message', 'media', 'status', 'connection', 'qr', 'group', 'ai'];
const AT_ONCE = 20;

export function webhook(path) {
  const settings = `${path}/settings/webhook`;
  const told = notice();
  const url = h('input', { type: 'url', required: true, placeholder: 'https://', autocomplete: 'off' });
  const enabled = h('input', { type: 'checkbox', checked: true });
  const events = EVENTS.map((name) => h('input', { type: 'checkbox', value: name, checked: true }));
  const secret = h('input', { type: 'password', maxlength: '500', autocomplete: 'new-password' });
  const retries = h('input', { type: 'number', min: '0', max: '1000', step: '1', required: true, inputmode: 'numeric' });
  const timeout = h('input', { type: 'number', min: '1000', max: '120000', step: '1', required: true, inputmode: 'numeric' });
  const headers = h('textarea', { rows: '2', spellcheck: 'false', placeholder: 'Authorization: Bearer …' });
  const fares = h('dl', { class: 'facts' });
  const test = h('button', { type: 'button', say: 'webhook.test', onclick: tried });
  const failed = deliveries(path);

  const check = (input, label) => h('label', { class: 'check' }, input, label);
  const saving = form(
    { class: 'stack' },
    [
      check(enabled, h('span', { say: 'webhook.enabled' })),
      field('webhook.url', url),
      h(
        'fieldset',
        {},
        h('legend', { say: 'webhook.events' }),
        h(
          'div',
          { class: 'checks' },
          events.map((input) => check(input, h('code', {}, input.value))),
        ),
      ),
      h(
        'details',
        {},
        h('summary', { say: 'webhook.more' }),
        h(
          'div',
          { class: 'stack' },
          field('webhook.secret', secret, 'webhook.secret.hint'),
          h('div', { class: 'row' }, field('webhook.retries', retries), field('webhook.timeout', timeout)),
          field('webhook.headers', headers, 'webhook.headers.hint'),
        ),
      ),
      h('div', { class: 'buttons' }, h('button', { class: 'primary', type: 'submit', say: 'save' }), test),
    ],
    async () => {
      told.clear();
      await ask('PUT', settings, {
        enabled: enabled.checked,
        url: url.value.trim(),
        events: events.filter((input) => input.checked).map((input) => input.value),
        secret: secret.value || null,
        retryCount: retries.valueAsNumber,
        timeout: timeout.valueAsNumber,
        headers: readHeaders(headers.value),
      });
      await load();
      told.good('webhook.saved');
    },
  );

  async function tried() {
    told.clear();
    const answer = await busy(saving, told, () => ask('POST', `${settings}/test`, {}));
    if (!answer) return;
    told.good('webhook.tested', { status: answer.statusCode, milliseconds: answer.durationMs });
    await load();
  }

  async function load() {
    const answer = await ask('GET', settings);
    const present = answer?.webhookSettings;
    test.disabled = !present?.url;
    if (!present?.url) {
      retries.value ||= 10;
      timeout.value ||= 30_000;
      return;
    }
    url.value = present.url;
    enabled.checked = present.enabled;
    for (const input of events) input.checked = present.events.includes(input.value);
    secret.value = present.secret ?? '';
    retries.value = present.retryCount;
    timeout.value = present.timeout;
    headers.value = Object.entries(present.headers ?? {})
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
    draw(present);
  }

  function draw({ status, lastDelivery, statistics = {} }) {
    const figure = (key, ...values) => [h('dt', { say: key }), h('dd', {}, ...values)];
    const moment = (text) => h('span', { say: text ? ['moment', { moment: new Date(text) }] : 'never' });
    fares.replaceChildren(
      ...figure('webhook.status', h('code', {}, status)),
      ...figure('webhook.successful', String(statistics.successful ?? 0)),
      ...figure('webhook.failed', String(statistics.failed ?? 0)),
      ...figure('webhook.lastDelivery', moment(lastDelivery)),
      ...figure('webhook.lastFailure', moment(statistics.lastFailure)),
    );
  }

  return {
    node: h('div', {}, fares, saving, told.node, failed.node),
    open() {
      busy(saving, told, load);
      failed.load();
    },
  };
}

/** What was given up, to be tried once more. */
function deliveries(path) {
  const told = notice();
  const rows = h('ul', { class: 'deliveries' });
  const empty = h('p', { class: 'quiet', say: 'deliveries.none' });
  const all = h('input', { type: 'checkbox', onchange: () => boxes().forEach((box) => (box.checked = all.checked)) });
  const replay = h('button', { type: 'button', say: 'deliveries.replay', onclick: again });
  const newer = h('button', { type: 'button', class: 'plain', say: 'newer', onclick: () => load(page - 1) });
  const older = h('button', { type: 'button', class: 'plain', say: 'older', onclick: () => load(page + 1) });
  const renew = h('button', { type: 'button', class: 'plain', say: 'renew', onclick: () => load(1) });
  const tools = h(
    'div',
    { class: 'buttons' },
    h('label', { class: 'check' }, all, h('span', { say: 'deliveries.all' })),
    replay,
    newer,
    older,
  );
  const node = h(
    'section',
    { class: 'failed', 'aria-labelledby': 'deliveries' },
    h('div', { class: 'head' }, h('h4', { id: 'deliveries', say: 'deliveries' }), renew),
    tools,
    rows,
    empty,
    told.node,
  );
  let page = 1;

  const boxes = () => [...rows.querySelectorAll('input')];

  async function load(next = 1) {
    const answer = await busy(node, told, () => ask('GET', `${path}/deliveries?status=failed&page=${next}&limit=${AT_ONCE}`));
    if (!answer) return;
    page = next;
    rows.replaceChildren(...answer.deliveries.map(row));
    all.checked = false;
    empty.hidden = answer.deliveries.length > 0;
    tools.hidden = answer.deliveries.length === 0 && page === 1;
    newer.hidden = page === 1;
    older.hidden = page * AT_ONCE >= answer.pagination.total;
  }

  function row({ id, event, failedAt, attempts, reason }) {
    const when = h('time', { datetime: failedAt, say: ['moment', { moment: new Date(failedAt) }] });
    const about = h('small', {}, when, h('span', { say: ['deliveries.attempts', { attempts }] }), h('span', {}, reason ?? ''));
    return h('li', {}, h('label', { class: 'check' }, h('input', { type: 'checkbox', value: id }), h('code', {}, event), about));
  }

  async function again() {
    const ids = boxes()
      .filter((box) => box.checked)
      .map((box) => box.value);
    told.clear();
    if (ids.length === 0) {
      told.bad({ key: 'deliveries.choose' });
      return;
    }
    const done = await busy(node, told, () => ask('POST', `${path}/deliveries/replay`, { ids }));
    if (!done) return;
    await load();
    told.good('deliveries.replayed', { count: done.replayed });
  }

  return { node, load };
}

/** `Name: value`, one a line. */
function readHeaders(text) {
  const lines = text.split('\n').filter((line) => line.trim());
  return Object.fromEntries(lines.map((line) => [line.split(':', 1)[0].trim(), line.slice(line.indexOf(':') + 1).trim()]));
}
