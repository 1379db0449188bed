<?php

// A conversation by way of the client, from a new device to a deleted one: `php conversation.php`.
require __DIR__ . '/WhatsAppAPI.php';

[$john, $jane] = explode(',', getenv('RECIPIENTS'));

/** What an answer holds, unless it is a refusal. */
function dataOf($answer) {
    if (!$answer['success']) {
        throw new Exception($answer['error']['code'] . ': ' . $answer['error']['message']);
    }
    return $answer['data'];
}

/** Looks again and again until there is something to see. */
function eventually($look) {
    for ($deadline = time() + 60; time() < $deadline; usleep(100_000)) {
        if ($seen = $look()) {
            return $seen;
        }
    }
    throw new Exception('waited in vain');
}

try {
    $api = new WhatsAppAPI(getenv('API_TOKEN'), getenv('API_URL') ?: 'http://localhost:3000/api/whatsapp');

    // Create device
    $device = $api->createDevice(123, 'My WhatsApp Device', [
        'description' => 'Device for customer support',
        'webhook' => [
            'url' => getenv('WEBHOOK_URL'),
            'events' => ['message', 'connection']
        ]
    ]);
    ['id' => $id, 'sessionId' => $sessionId] = dataOf($device)['device'];
    echo "Device created: {$sessionId}\n";

    // Connect device: somebody scans the code with their phone
    dataOf($api->connectDevice($id));

    // Get QR code
    $qr = $api->getQRCode($device['data']['device']['id']);
    if ($qr['success']) {
        echo "QR Code: " . $qr['data']['qrCode'] . "\n";
    }
    eventually(fn () => dataOf($api->getDevice($id))['device']['isConnected']);
    echo 'Connected: ' . dataOf($api->getDevice($id))['device']['phoneNumber'] . "\n";

    // Send message
    $message = $api->sendMessage(
        $sessionId,
        $john,
        'Hello from PHP API!'
    );
    echo 'Message sent: ' . dataOf($message)['status'] . "\n";

    // Send message only once, however often it is asked for
    $once = ['idempotencyKey' => 'order-12345', 'quoted' => $message['data']['messageId']];
    $first = $api->sendMessage($sessionId, $john, 'Terima kasih, "Budi" 🙏 — \o/ é', $once);
    $again = $api->sendMessage($sessionId, $john, 'Terima kasih, "Budi" 🙏 — \o/ é', $once);
    echo 'Sent once: ' . var_export(dataOf($first)['messageId'] === dataOf($again)['messageId'], true) . "\n";

    // Send image
    $sent = dataOf($api->sendImage($sessionId, $john, getenv('IMAGE'), 'Check out this image! 📷'));
    echo "Image sent: {$sent['fileName']} {$sent['fileSize']}\n";

    // Send bulk messages
    $bulk = $api->sendBulkMessage($sessionId, [
        ['phone' => $john, 'message' => 'Hello {{name}}!', 'variables' => ['name' => 'John']],
        ['phone' => $jane, 'message' => 'Hello {{name}}!', 'variables' => ['name' => 'Jane']]
    ], ['delay' => 50]);
    echo 'Bulk accepted: ' . dataOf($bulk)['total'] . "\n";

    // Process incoming message
    $answer = eventually(fn () => dataOf($api->getDeviceMessages($id, $john, ['direction' => 'incoming']))['messages'][0] ?? null);
    echo "New message: {$answer['content']}\n";

    // Read back what was said, oldest first
    $messages = dataOf($api->getDeviceMessages($id, $john, ['limit' => 10]))['messages'];
    foreach (array_reverse($messages) as $each) {
        echo "History: {$each['direction']} {$each['type']} {$each['content']}\n";
    }

    // Update device, find it among those of its user, and delete it
    dataOf($api->updateDevice($id, ['alias' => 'Updated Device Name']));
    $devices = dataOf($api->getUserDevices(123))['devices'];
    echo 'Devices: ' . implode(',', array_column($devices, 'alias')) . "\n";
    echo 'Device deleted: ' . dataOf($api->deleteDevice($id))['deletedDevice']['alias'] . "\n";
    echo 'And now: ' . $api->getDevice($id)['error']['code'] . "\n";
} catch (Exception $e) {
    fwrite(STDERR, 'Error: ' . $e->getMessage() . "\n");
    exit(1);
}
