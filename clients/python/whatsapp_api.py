"""A client of warta's WhatsApp REST API, in one file: copy it. It needs the packages requests and websocket-client.

Every method answers with what the API said, {'success': True, 'message': …, 'data': {…}} or
{'success': False, 'error': {'code': …, 'message': …}}. If the API said nothing, because it could not be reached
or took longer than the timeout, the code is REQUEST_FAILED.

Whatever sends takes an idempotency_key: repeated with the same one, it is still sent once.
"""

import json
import os
import threading
from typing import Any, Callable, Dict, List, Optional
from urllib.parse import quote

import requests
import websocket


def _path(words: str, *values: Any) -> str:
    """A path with what it is about: _path('/devices/{}/qr', device_id)."""
    return words.format(*(quote(str(value), safe='') for value in values))


def _words(data: Dict) -> Dict:
    """What can stand in a query or a form."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in data.items()}


class WhatsAppAPI:
    def __init__(self, api_token: str, base_url: str = 'http://localhost:3000/api/whatsapp', *,
                 ws_url: str = 'ws://localhost:3001', timeout: float = 30):
        self.api_token = api_token
        self.base_url = base_url
        self.ws_url = ws_url
        self.timeout = timeout

    def request(self, method: str, endpoint: str, data: Optional[Dict] = None, *, params: Optional[Dict] = None,
                files: Optional[Dict] = None, idempotency_key: Optional[str] = None) -> Dict:
        """Any request, also those that have no method here. Data is sent as JSON, or with files as a form."""
        headers = {'X-API-Token': self.api_token}
        if idempotency_key:
            headers['Idempotency-Key'] = idempotency_key
        body = {'data': _words(data), 'files': files} if files else {'json': data}
        try:
            response = requests.request(method, f'{self.base_url}{endpoint}', headers=headers,
                                        params=_words(params or {}), timeout=self.timeout, **body)
            return response.json()
        except requests.exceptions.RequestException as error:
            return {'success': False, 'error': {'code': 'REQUEST_FAILED', 'message': str(error)}}

    def _send(self, endpoint: str, data: Dict, options: Dict, idempotency_key: Optional[str]) -> Dict:
        return self.request('POST', endpoint, {**data, 'options': options}, idempotency_key=idempotency_key)

    def _send_file(self, kind: str, path: str, data: Dict, options: Dict, idempotency_key: Optional[str]) -> Dict:
        with open(path, 'rb') as file:
            return self.request('POST', f'/send/{kind}', {**data, **options}, files={kind: file},
                                idempotency_key=idempotency_key)

    # Device Management
    def create_device(self, user_id: int, alias: str, **options) -> Dict:
        return self.request('POST', '/devices', {'userId': user_id, 'alias': alias, **options})

    def get_device(self, device_id: str) -> Dict:
        return self.request('GET', _path('/devices/{}', device_id))

    def get_user_devices(self, user_id: int, page: int = 1, limit: int = 10) -> Dict:
        return self.request('GET', _path('/users/{}/devices', user_id), params={'page': page, 'limit': limit})

    def get_devices(self, user_id: int, page: int = 1, limit: int = 10) -> Dict:
        return self.get_user_devices(user_id, page, limit)

    def update_device(self, device_id: str, updates: Dict) -> Dict:
        return self.request('PUT', _path('/devices/{}', device_id), updates)

    def delete_device(self, device_id: str) -> Dict:
        return self.request('DELETE', _path('/devices/{}', device_id))

    # Connection Management
    def connect_device(self, device_id: str) -> Dict:
        return self.request('POST', _path('/devices/{}/connect', device_id))

    def disconnect_device(self, device_id: str) -> Dict:
        return self.request('POST', _path('/devices/{}/disconnect', device_id))

    def relogin_device(self, device_id: str) -> Dict:
        return self.request('POST', _path('/devices/{}/relogin', device_id))

    def get_qr_code(self, device_id: str) -> Dict:
        return self.request('GET', _path('/devices/{}/qr', device_id))

    # Messaging
    def send_message(self, session_id: str, recipient: str, message: str, *,
                     idempotency_key: Optional[str] = None, **options) -> Dict:
        data = {'sessionId': session_id, 'recipient': recipient, 'message': message}
        return self._send('/send', data, options, idempotency_key)

    def send_template(self, session_id: str, recipient: str, name: str, variables: Optional[Dict] = None, *,
                      idempotency_key: Optional[str] = None, **options) -> Dict:
        template = {'name': name, 'variables': variables or {}}
        data = {'sessionId': session_id, 'recipient': recipient, 'template': template}
        return self._send('/send/template', data, options, idempotency_key)

    def send_bulk_message(self, session_id: str, recipients: List[Dict], *,
                          idempotency_key: Optional[str] = None, **options) -> Dict:
        data = {'sessionId': session_id, 'recipients': recipients}
        return self._send('/send/bulk', data, options, idempotency_key)

    def get_bulk(self, bulk_id: str) -> Dict:
        return self.request('GET', _path('/send/bulk/{}', bulk_id))

    def cancel_bulk(self, bulk_id: str) -> Dict:
        return self.request('POST', _path('/send/bulk/{}/cancel', bulk_id))

    # Media
    def send_image(self, session_id: str, recipient: str, image_path: str, caption: str = '', *,
                   idempotency_key: Optional[str] = None, **options) -> Dict:
        data = {'sessionId': session_id, 'recipient': recipient, 'caption': caption}
        return self._send_file('image', image_path, data, options, idempotency_key)

    def send_video(self, session_id: str, recipient: str, video_path: str, caption: str = '', *,
                   idempotency_key: Optional[str] = None, **options) -> Dict:
        data = {'sessionId': session_id, 'recipient': recipient, 'caption': caption}
        return self._send_file('video', video_path, data, options, idempotency_key)

    def send_document(self, session_id: str, recipient: str, document_path: str, file_name: str = '', *,
                      idempotency_key: Optional[str] = None, **options) -> Dict:
        data = {'sessionId': session_id, 'recipient': recipient, 'fileName': file_name or os.path.basename(document_path)}
        return self._send_file('document', document_path, data, options, idempotency_key)

    def send_audio(self, session_id: str, recipient: str, audio_path: str, is_voice_note: bool = False, *,
                   idempotency_key: Optional[str] = None, **options) -> Dict:
        data = {'sessionId': session_id, 'recipient': recipient, 'isVoiceNote': is_voice_note}
        return self._send_file('audio', audio_path, data, options, idempotency_key)

    # History: filters such as page=1, limit=50, type='text'
    def get_messages(self, **filters) -> Dict:
        return self.request('GET', '/messages', params=filters)

    def get_user_messages(self, user_id: int, **filters) -> Dict:
        return self.request('GET', _path('/users/{}/messages', user_id), params=filters)

    def get_device_messages(self, device_id: str, contact_id: str, **filters) -> Dict:
        return self.request('GET', _path('/devices/{}/messages/{}', device_id, contact_id), params=filters)

    # Contacts, Chats, Groups
    def get_contacts(self, device_id: str, **filters) -> Dict:
        return self.request('GET', _path('/devices/{}/contacts', device_id), params=filters)

    def get_chats(self, device_id: str, **filters) -> Dict:
        return self.request('GET', _path('/devices/{}/chats', device_id), params=filters)

    def get_groups(self, device_id: str, **filters) -> Dict:
        return self.request('GET', _path('/devices/{}/groups', device_id), params=filters)

    # AI Settings
    def get_ai_settings(self, device_id: str) -> Dict:
        return self.request('GET', _path('/devices/{}/settings/ai', device_id))

    def update_ai_settings(self, device_id: str, settings: Dict) -> Dict:
        return self.request('PUT', _path('/devices/{}/settings/ai', device_id), settings)

    # Webhook Settings
    def get_webhook_settings(self, device_id: str) -> Dict:
        return self.request('GET', _path('/devices/{}/settings/webhook', device_id))

    def update_webhook_settings(self, device_id: str, settings: Dict) -> Dict:
        return self.request('PUT', _path('/devices/{}/settings/webhook', device_id), settings)

    def test_webhook(self, device_id: str, test_payload: Optional[Dict] = None) -> Dict:
        return self.request('POST', _path('/devices/{}/settings/webhook/test', device_id), {'testPayload': test_payload or {}})

    # WebSocket Connection
    def connect_websocket(self, on_message: Callable, on_error: Optional[Callable] = None) -> websocket.WebSocketApp:
        """Hands every event to on_message, on a thread of its own, until the socket that it answers with is closed.

        It answers as soon as the socket is open, or has failed.
        """
        settled = threading.Event()

        def on_ws_error(_, error):
            settled.set()
            if on_error:
                on_error(error)
            else:
                print(f'WebSocket error: {error}')

        ws = websocket.WebSocketApp(
            f"{self.ws_url}?token={quote(self.api_token, safe='')}",
            on_open=lambda _: settled.set(),
            on_message=lambda _, message: on_message(json.loads(message)),
            on_error=on_ws_error
        )
        threading.Thread(target=ws.run_forever, daemon=True).start()
        settled.wait(self.timeout)
        return ws
