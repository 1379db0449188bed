// Linking an account, as the console and the link page show it: a QR code with its countdown, or a code to type in, until it is linked.
import { form, field, h } from './dom.js';
import { say } from './text.js';

/**
 * The view of a device being linked. `ask.pairingCode(number)` answers `{pairingCode, expiresAt}`, `ask.connect()` has new codes shown,
 * `ask.confirm()`, where there is one, says that the phone shows the passkey's code.
 * `show(state)` with `{linked, number, status, reason, qrImage, expiresAt, passkey}` says how it stands.
 */
export function linking(ask) {
  const heading = h('p', { class: 'phase', role: 'status' });
  const image = h('img', { class: 'code', 'say-alt': 'link.qr' });
  const countdown = new Countdown('link.valid');
  const qr = h('figure', { class: 'qr' }, image, h('figcaption', {}, countdown.node));
  const steps = h(
    'ol',
    { class: 'steps' },
    ['link.step1', 'link.step2', 'link.step3'].map((key) => h('li', { say: key })),
  );
  const scan = h('div', { class: 'scan' }, qr, steps);
  const wait = h('div', { class: 'spinner', 'aria-hidden': 'true' });
  const again = h('button', { class: 'primary', type: 'button', say: 'link.again', onclick: connect });
  const passkey = h('output', { class: 'pairing' });
  const confirm = h('button', { class: 'primary', type: 'button', say: 'link.confirm', onclick: () => attempt(ask.confirm) });
  const byNumber = pairing(ask.pairingCode);
  const node = h('div', { class: 'linking' }, heading, scan, wait, passkey, confirm, again, byNumber);
  let phase;

  function connect() {
    return attempt(ask.connect);
  }

  async function attempt(what) {
    enter('wait');
    try {
      await what();
    } catch (error) {
      enter('failed', 'link.refused', { message: error.key ? '' : [error.message, error.details].filter(Boolean).join(' ') });
    }
  }

  function enter(next, key = `link.${next}`, values = {}) {
    const told = JSON.stringify([next, key, values]);
    if (phase === told) return;
    phase = told;
    say(heading, key, values);
    node.dataset.phase = next;
    scan.hidden = next !== 'scan';
    wait.hidden = next !== 'wait';
    passkey.hidden = next !== 'passkey' || !passkey.textContent;
    confirm.hidden = passkey.hidden || !ask.confirm;
    again.hidden = !['expired', 'failed'].includes(next);
    byNumber.hidden = !['scan', 'wait'].includes(next);
    if (next !== 'scan') countdown.stop();
  }

  enter('wait');
  return {
    node,
    show(state) {
      passkey.textContent = state.passkey?.code ?? '';
      if (state.linked) enter('linked', state.number ? 'link.linked.number' : 'link.linked', { number: state.number });
      else if (state.passkey) enter('passkey', passkeyText(state.passkey, ask.confirm));
      else if (state.qrImage) {
        if (image.src !== state.qrImage) image.src = state.qrImage;
        countdown.until(new Date(state.expiresAt));
        enter('scan');
      } else if (['connecting', 'pending', undefined].includes(state.status)) enter('wait');
      else if (state.reason === 'qr_expired') enter('expired');
      else enter('failed', 'link.failed', { reason: state.reason ?? state.status });
    },
    connect,
    stop: () => countdown.stop(),
  };
}

function passkeyText({ code }, confirm) {
  if (code) return 'link.passkey.code';
  return confirm ? 'link.passkey.api' : 'link.passkey';
}

/** The other way: a number, and a code to type into its phone. */
function pairing(ask) {
  const number = h('input', { type: 'tel', autocomplete: 'tel', required: true, placeholder: '+62 812 …', inputmode: 'tel' });
  const code = h('output', { class: 'pairing', 'aria-live': 'assertive' });
  const countdown = new Countdown('link.valid');
  const shown = h('div', { hidden: true }, h('p', { say: 'link.type' }), code, countdown.node);
  const asking = form(
    {},
    [field('link.number', number, 'link.number.hint'), h('button', { type: 'submit', say: 'link.get' })],
    async () => {
      shown.hidden = true;
      const { pairingCode, expiresAt } = await ask(number.value.trim());
      code.textContent = pairingCode;
      countdown.until(new Date(expiresAt));
      shown.hidden = false;
    },
  );
  return h(
    'details',
    { class: 'by-number' },
    h('summary', {}, h('span', { say: 'link.byNumber' }), ' ', h('small', { say: 'link.byNumber.hint' })),
    asking,
    shown,
  );
}

/** How long something is still good: seen, and not read out every second. */
class Countdown {
  #bar = h('progress', { max: '1', value: '1', 'aria-hidden': 'true' });
  #words = h('span', { role: 'timer' });
  node = h('div', { class: 'countdown' }, this.#words, this.#bar);
  #key;
  #end;
  #whole;
  #timer;

  constructor(key) {
    this.#key = key;
  }

  until(end) {
    if (this.#end?.getTime() === end.getTime() && this.#timer) return;
    this.#end = end;
    this.#whole = Math.max(1, end - Date.now());
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick() {
    const left = Math.max(0, this.#end - Date.now());
    this.#bar.value = left / this.#whole;
    if (left > 0) say(this.#words, this.#key, { seconds: Math.ceil(left / 1000) });
    else say(this.#words, 'link.renewing');
    this.node.parentElement?.classList.toggle('stale', left === 0);
  }
}
