<?php

/**
 * A client of warta's WhatsApp REST API, in one file: copy it. It needs PHP 8 and no extension.
 *
 * Every method answers with what the API said, ['success' => true, 'message' => …, 'data' => […]] or
 * ['success' => false, 'error' => ['code' => …, 'message' => …]], and throws an exception only if the API said nothing:
 * it could not be reached, or took longer than $timeout seconds.
 *
 * $options of whatever sends may hold an 'idempotencyKey': repeated with the same one, it is still sent once.
 */
class WhatsAppAPI {
    private $apiToken;
    private $baseUrl;
    private $timeout;

    public function __construct($apiToken, $baseUrl = 'http://localhost:3000/api/whatsapp', $timeout = 30) {
        $this->apiToken = $apiToken;
        $this->baseUrl = $baseUrl;
        $this->timeout = $timeout;
    }

    /** Any request, also those that have no method here. Data is sent as JSON. */
    public function request($method, $endpoint, $data = null, $idempotencyKey = null) {
        $content = $data === null ? '' : json_encode((object) $data, JSON_THROW_ON_ERROR);
        return $this->exchange($method, $endpoint, 'application/json', $content, $idempotencyKey);
    }

    private function exchange($method, $endpoint, $contentType, $content, $idempotencyKey) {
        $headers = ["Content-Type: {$contentType}", "X-API-Token: {$this->apiToken}"];
        if ($idempotencyKey !== null) {
            $headers[] = "Idempotency-Key: {$idempotencyKey}";
        }
        $context = stream_context_create(['http' => [
            'method' => $method,
            'header' => $headers,
            'content' => $content,
            'timeout' => $this->timeout,
            'ignore_errors' => true // A refusal is an answer, too.
        ]]);
        $result = @file_get_contents($this->baseUrl . $endpoint, false, $context);
        if ($result === false) {
            throw new RuntimeException('Request failed: ' . error_get_last()['message']);
        }
        return json_decode($result, true, 512, JSON_THROW_ON_ERROR);
    }

    /** A path with what it is about: path('/devices/%s/qr', $deviceId). */
    private static function path($words, ...$values) {
        return vsprintf($words, array_map('rawurlencode', $values));
    }

    /** What can stand in a query or a form. */
    private static function words($data) {
        return array_map(fn ($value) => is_bool($value) ? var_export($value, true) : (string) $value, $data);
    }

    private function list($endpoint, $filter) {
        return $this->request('GET', $endpoint . '?' . http_build_query(self::words($filter)));
    }

    private function send($endpoint, $data, $options) {
        $key = $options['idempotencyKey'] ?? null;
        unset($options['idempotencyKey']);
        return $this->request('POST', $endpoint, array_merge($data, ['options' => (object) $options]), $key);
    }

    private function sendFile($kind, $path, $data, $options) {
        $file = @file_get_contents($path);
        if ($file === false) {
            throw new RuntimeException('No such file: ' . $path);
        }
        $key = $options['idempotencyKey'] ?? null;
        unset($options['idempotencyKey']);
        $boundary = bin2hex(random_bytes(16));
        $form = '';
        foreach (self::words(array_merge($data, $options)) as $name => $value) {
            $form .= "--{$boundary}\r\nContent-Disposition: form-data; name=\"{$name}\"\r\n\r\n{$value}\r\n";
        }
        $fileName = strtr(basename($path), ['"' => '%22', "\r" => '%0D', "\n" => '%0A']);
        $form .= "--{$boundary}\r\nContent-Disposition: form-data; name=\"{$kind}\"; filename=\"{$fileName}\"\r\n\r\n"
            . "{$file}\r\n--{$boundary}--\r\n";
        return $this->exchange('POST', "/send/{$kind}", "multipart/form-data; boundary={$boundary}", $form, $key);
    }

    // Device Management
    public function createDevice($userId, $alias, $options = []) {
        return $this->request('POST', '/devices', array_merge(['userId' => $userId, 'alias' => $alias], $options));
    }

    public function getDevice($deviceId) {
        return $this->request('GET', self::path('/devices/%s', $deviceId));
    }

    public function getUserDevices($userId, $page = 1, $limit = 10) {
        return $this->list(self::path('/users/%s/devices', $userId), ['page' => $page, 'limit' => $limit]);
    }

    public function getDevices($userId, $page = 1, $limit = 10) {
        return $this->getUserDevices($userId, $page, $limit);
    }

    public function updateDevice($deviceId, $updates) {
        return $this->request('PUT', self::path('/devices/%s', $deviceId), $updates);
    }

    public function deleteDevice($deviceId) {
        return $this->request('DELETE', self::path('/devices/%s', $deviceId));
    }

    // Connection Management
    public function connectDevice($deviceId) {
        return $this->request('POST', self::path('/devices/%s/connect', $deviceId));
    }

    public function disconnectDevice($deviceId) {
        return $this->request('POST', self::path('/devices/%s/disconnect', $deviceId));
    }

    public function reloginDevice($deviceId) {
        return $this->request('POST', self::path('/devices/%s/relogin', $deviceId));
    }

    public function getQRCode($deviceId) {
        return $this->request('GET', self::path('/devices/%s/qr', $deviceId));
    }

    // Messaging
    public function sendMessage($sessionId, $recipient, $message, $options = []) {
        $data = ['sessionId' => $sessionId, 'recipient' => $recipient, 'message' => $message];
        return $this->send('/send', $data, $options);
    }

    public function sendTemplate($sessionId, $recipient, $name, $variables = [], $options = []) {
        $template = ['name' => $name, 'variables' => (object) $variables];
        $data = ['sessionId' => $sessionId, 'recipient' => $recipient, 'template' => $template];
        return $this->send('/send/template', $data, $options);
    }

    public function sendBulkMessage($sessionId, $recipients, $options = []) {
        return $this->send('/send/bulk', ['sessionId' => $sessionId, 'recipients' => $recipients], $options);
    }

    public function getBulk($bulkId) {
        return $this->request('GET', self::path('/send/bulk/%s', $bulkId));
    }

    public function cancelBulk($bulkId) {
        return $this->request('POST', self::path('/send/bulk/%s/cancel', $bulkId));
    }

    // Media
    public function sendImage($sessionId, $recipient, $imagePath, $caption = '', $options = []) {
        $data = ['sessionId' => $sessionId, 'recipient' => $recipient, 'caption' => $caption];
        return $this->sendFile('image', $imagePath, $data, $options);
    }

    public function sendVideo($sessionId, $recipient, $videoPath, $caption = '', $options = []) {
        $data = ['sessionId' => $sessionId, 'recipient' => $recipient, 'caption' => $caption];
        return $this->sendFile('video', $videoPath, $data, $options);
    }

    public function sendDocument($sessionId, $recipient, $documentPath, $fileName = '', $options = []) {
        $fileName = $fileName === '' ? basename($documentPath) : $fileName;
        $data = ['sessionId' => $sessionId, 'recipient' => $recipient, 'fileName' => $fileName];
        return $this->sendFile('document', $documentPath, $data, $options);
    }

    public function sendAudio($sessionId, $recipient, $audioPath, $isVoiceNote = false, $options = []) {
        $data = ['sessionId' => $sessionId, 'recipient' => $recipient, 'isVoiceNote' => $isVoiceNote];
        return $this->sendFile('audio', $audioPath, $data, $options);
    }

    // History: a filter such as ['page' => 1, 'limit' => 50, 'type' => 'text']
    public function getMessages($filter = []) {
        return $this->list('/messages', $filter);
    }

    public function getUserMessages($userId, $filter = []) {
        return $this->list(self::path('/users/%s/messages', $userId), $filter);
    }

    public function getDeviceMessages($deviceId, $contactId, $filter = []) {
        return $this->list(self::path('/devices/%s/messages/%s', $deviceId, $contactId), $filter);
    }

    // Contacts, Chats, Groups
    public function getContacts($deviceId, $filter = []) {
        return $this->list(self::path('/devices/%s/contacts', $deviceId), $filter);
    }

    public function getChats($deviceId, $filter = []) {
        return $this->list(self::path('/devices/%s/chats', $deviceId), $filter);
    }

    public function getGroups($deviceId, $filter = []) {
        return $this->list(self::path('/devices/%s/groups', $deviceId), $filter);
    }

    // AI Settings
    public function getAISettings($deviceId) {
        return $this->request('GET', self::path('/devices/%s/settings/ai', $deviceId));
    }

    public function updateAISettings($deviceId, $settings) {
        return $this->request('PUT', self::path('/devices/%s/settings/ai', $deviceId), $settings);
    }

    // Webhook Settings
    public function getWebhookSettings($deviceId) {
        return $this->request('GET', self::path('/devices/%s/settings/webhook', $deviceId));
    }

    public function updateWebhookSettings($deviceId, $settings) {
        return $this->request('PUT', self::path('/devices/%s/settings/webhook', $deviceId), $settings);
    }

    public function testWebhook($deviceId, $testPayload = []) {
        $data = ['testPayload' => (object) $testPayload];
        return $this->request('POST', self::path('/devices/%s/settings/webhook/test', $deviceId), $data);
    }
}
