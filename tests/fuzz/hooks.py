"""What schemathesis is told of the world it asks in: what exists there, and which failures the contract provides for."""

import json
import os

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.transport.serialization import Binary

WORLD = json.loads(os.environ["WORLD"])
FILES = {"image", "video", "document", "audio", "sticker"}
# What is not to happen to the device that everything else is done with.
HARD_ON_DEVICES = {"connectDevice", "disconnectDevice", "reloginDevice", "renewDeviceKey", "updateDevice", "getQrCode", "getPairingCode"}
# The requests that were made up to be good: what exists may look odd to schemathesis once it is put in.
good = set()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts what exists in the place of what was made up. What was made up to be refused stays as it is."""
    operation = case.operation.definition.raw["operationId"]
    if case.meta.generation.mode.is_positive:
        good.add(case.id)
    elif is_good(case, ParameterLocation.HEADER):
        # A key that was used before is answered with what it sent then, whatever else is in the request.
        case.headers.pop("Idempotency-Key", None)
    if operation in ("downloadFile", "uploadFile"):
        if case.meta.generation.mode.is_positive:
            link = WORLD[operation]
            case.path_parameters, case.query = dict(link["path"]), dict(link["query"])
    elif is_good(case, ParameterLocation.PATH):
        for name in case.path_parameters or {}:
            case.path_parameters[name] = path_parameter(operation, name)
    body = case.body
    if isinstance(body, dict) and is_good(case, ParameterLocation.BODY):
        if "url" in body and any(operation.startswith(f"send{kind.capitalize()}") for kind in FILES):
            body["mediaId"] = body.pop("url")
        fill(operation, body)


def is_good(case, location):
    """Whether this part of the request was not made up to be refused."""
    component = case.meta.components.get(location)
    return component is None or component.mode.is_positive


def path_parameter(operation, name):
    if name == "id":
        if operation == "deleteDevice":
            return WORLD["doomedDevice"]
        return WORLD["spareDevice" if operation in HARD_ON_DEVICES else "device"]
    if operation == "cancelSession":
        return WORLD["spareSession"]
    if operation == "leaveGroup" and name == "groupId":
        return WORLD["doomedGroup"]
    if name == "name":
        return WORLD["doomedTemplate" if operation == "deleteTemplate" else "template"]
    if name == "messageId":
        return WORLD["doomedMessage" if operation == "deleteMessage" else "message"]
    return WORLD[name]


def fill(operation, body):
    known = {
        "sessionId": WORLD["sessionId"],
        "recipient": WORLD["contactId"],
        "contactId": WORLD["contactId"],
        "phone": WORLD["contactId"],
        "messageId": WORLD["message"],
        "participants": [WORLD["contactId"]],
        "phoneNumber": "6281100000009",
        "messageIds": [WORLD["received"]],
        "quoted": WORLD["message"],
        "mentions": [WORLD["contactId"]],
        "mediaId": WORLD["mediaId"],
        "template": WORLD["template"],
    }
    for name, value in body.items():
        if isinstance(value, dict) and name != "variables":
            fill(operation, value)
        elif name == "recipients" and isinstance(value, list):
            for recipient in value:
                fill(operation, recipient)
        elif name in FILES:
            body[name] = Binary(bytes.fromhex(WORLD["file"]))
        elif name in known and (value or name != "quoted"):
            body[name] = known[name]
        elif name == "name" and operation.startswith("sendTemplate"):
            body[name] = WORLD["template"]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Some failures of the server are none of the program: WhatsApp refused, or took too long to answer, as do webhooks and models."""
    if type(failure).__name__ == "AcceptedNegativeData":
        return case.id not in good
    if type(failure).__name__ != "ServerError":
        return True
    try:
        code = response.json()["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return True
    return code not in ("MESSAGE_SEND_FAILED", "WHATSAPP_REFUSED", "TIMEOUT", "WEBHOOK_DELIVERY_FAILED", "AI_SERVICE_UNAVAILABLE")
