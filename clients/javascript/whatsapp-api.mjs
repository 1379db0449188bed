/**
 * A client of warta's WhatsApp REST API, in one file: copy it.
 *
 * It runs in browsers and in Node 20 or newer, and needs nothing else; only `connectWebSocket` needs Node 22, or the package `ws`.
 *
 * Every method answers with what the API said, `{success: true, message, data}` or `{success: false, error: {code, message, …}}`,
 * and rejects only if the API said nothing: it could not be reached, or took longer than `timeout` milliseconds.
 *
 * `options` of whatever sends may hold an `idempotencyKey`: repeated with the same one, it is still sent once.
 */
const Socket = globalThis.WebSocket ?? (await import('ws').catch(() => ({}))).default;

/** A path with what it is about: path`/devices/${id}/qr`. */
const path = (words, ...values) => String.raw({ raw: words }, ...values.map(encodeURIComponent));

export class WhatsAppAPI {
    constructor(apiToken, baseUrl = 'http://localhost:3000/api/whatsapp', { wsUrl = 'ws://localhost:3001', timeout = 30_000 } = {}) {
        this.apiToken = apiToken;
        this.baseUrl = baseUrl;
        this.wsUrl = wsUrl;
        this.timeout = timeout;
    }

    /** Any request, also those that have no method here. Data is sent as JSON, or as the form it is. */
    async request(method, endpoint, data, { idempotencyKey } = {}) {
        const isJson = data !== undefined && !(data instanceof FormData);
        const response = await fetch(`${this.baseUrl}${endpoint}`, {
            method,
            headers: {
                'X-API-Token': this.apiToken,
                ...(isJson && { 'Content-Type': 'application/json' }),
                ...(idempotencyKey && { 'Idempotency-Key': idempotencyKey })
            },
            body: isJson ? JSON.stringify(data) : data,
            signal: AbortSignal.timeout(this.timeout)
        });
        return await response.json();
    }

    #list(endpoint, filter) {
        return this.request('GET', `${endpoint}?${new URLSearchParams(filter)}`);
    }

    #send(endpoint, data, { idempotencyKey, ...options }) {
        return this.request('POST', endpoint, { ...data, options }, { idempotencyKey });
    }

    #sendFile(kind, file, data, { idempotencyKey, ...options }) {
        const form = new FormData();
        Object.entries({ ...data, ...options }).forEach(([name, value]) => form.append(name, value));
        form.append(kind, file);
        return this.request('POST', `/send/${kind}`, form, { idempotencyKey });
    }

    // Device Management
    async createDevice(userId, alias, options = {}) {
        return await this.request('POST', '/devices', { userId, alias, ...options });
    }

    async getDevice(deviceId) {
        return await this.request('GET', path`/devices/${deviceId}`);
    }

    async getUserDevices(userId, page = 1, limit = 10) {
        return await this.#list(path`/users/${userId}/devices`, { page, limit });
    }

    async getDevices(userId, page = 1, limit = 10) {
        return await this.getUserDevices(userId, page, limit);
    }

    async updateDevice(deviceId, updates) {
        return await this.request('PUT', path`/devices/${deviceId}`, updates);
    }

    async deleteDevice(deviceId) {
        return await this.request('DELETE', path`/devices/${deviceId}`);
    }

    // Connection Management
    async connectDevice(deviceId) {
        return await this.request('POST', path`/devices/${deviceId}/connect`);
    }

    async disconnectDevice(deviceId) {
        return await this.request('POST', path`/devices/${deviceId}/disconnect`);
    }

    async reloginDevice(deviceId) {
        return await this.request('POST', path`/devices/${deviceId}/relogin`);
    }

    async getQRCode(deviceId) {
        return await this.request('GET', path`/devices/${deviceId}/qr`);
    }

    // Messaging
    async sendMessage(sessionId, recipient, message, options = {}) {
        return await this.#send('/send', { sessionId, recipient, message }, options);
    }

    async sendTemplate(sessionId, recipient, name, variables = {}, options = {}) {
        return await this.#send('/send/template', { sessionId, recipient, template: { name, variables } }, options);
    }

    async sendBulkMessage(sessionId, recipients, options = {}) {
        return await this.#send('/send/bulk', { sessionId, recipients }, options);
    }

    async getBulk(bulkId) {
        return await this.request('GET', path`/send/bulk/${bulkId}`);
    }

    async cancelBulk(bulkId) {
        return await this.request('POST', path`/send/bulk/${bulkId}/cancel`);
    }

    // Media: files are `File`s or `Blob`s
    async sendImage(sessionId, recipient, imageFile, caption = '', options = {}) {
        return await this.#sendFile('image', imageFile, { sessionId, recipient, caption }, options);
    }

    async sendVideo(sessionId, recipient, videoFile, caption = '', options = {}) {
        return await this.#sendFile('video', videoFile, { sessionId, recipient, caption }, options);
    }

    async sendDocument(sessionId, recipient, documentFile, fileName = documentFile.name, options = {}) {
        return await this.#sendFile('document', documentFile, { sessionId, recipient, fileName }, options);
    }

    async sendAudio(sessionId, recipient, audioFile, isVoiceNote = false, options = {}) {
        return await this.#sendFile('audio', audioFile, { sessionId, recipient, isVoiceNote }, options);
    }

    // History: a filter such as { page: 1, limit: 50, type: 'text' }
    async getMessages(filter = {}) {
        return await this.#list('/messages', filter);
    }

    async getUserMessages(userId, filter = {}) {
        return await this.#list(path`/users/${userId}/messages`, filter);
    }

    async getDeviceMessages(deviceId, contactId, filter = {}) {
        return await this.#list(path`/devices/${deviceId}/messages/${contactId}`, filter);
    }

    // Contacts, Chats, Groups
    async getContacts(deviceId, filter = {}) {
        return await this.#list(path`/devices/${deviceId}/contacts`, filter);
    }

    async getChats(deviceId, filter = {}) {
        return await this.#list(path`/devices/${deviceId}/chats`, filter);
    }

    async getGroups(deviceId, filter = {}) {
        return await this.#list(path`/devices/${deviceId}/groups`, filter);
    }

    // AI Settings
    async getAISettings(deviceId) {
        return await this.request('GET', path`/devices/${deviceId}/settings/ai`);
    }

    async updateAISettings(deviceId, settings) {
        return await this.request('PUT', path`/devices/${deviceId}/settings/ai`, settings);
    }

    // Webhook Settings
    async getWebhookSettings(deviceId) {
        return await this.request('GET', path`/devices/${deviceId}/settings/webhook`);
    }

    async updateWebhookSettings(deviceId, settings) {
        return await this.request('PUT', path`/devices/${deviceId}/settings/webhook`, settings);
    }

    async testWebhook(deviceId, testPayload = {}) {
        return await this.request('POST', path`/devices/${deviceId}/settings/webhook/test`, { testPayload });
    }

    /** Hands every event to `onMessage`, until the socket that it answers with is closed. */
    connectWebSocket(onMessage, onError = null) {
        if (!Socket) throw new Error('there is no WebSocket: use Node 22 or newer, or install the package ws');
        const ws = new Socket(`${this.wsUrl}?token=${encodeURIComponent(this.apiToken)}`);
        ws.onmessage = (event) => onMessage(JSON.parse(event.data));
        ws.onerror = onError ?? ((error) => console.error('WebSocket error:', error.message));
        return ws;
    }
}
