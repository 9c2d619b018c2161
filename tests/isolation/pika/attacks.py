"""The broker's row of attacks once more, by a client that shares no line with ours: Debian's python3-pika.

Reads one JSON object from standard input: host, port, vhost, token, and of the own and the other till key, id
and (the other's) queue. Writes one JSON line for each attempt: what it was, what must come of it ("refused" or
"allowed"), and what came of it.
"""

import json
import secrets
import sys

import pika
import pika.exceptions

EXCHANGE = "pos_license_events"

TOLD = json.load(sys.stdin)
OWN = TOLD["own"]
OTHER = TOLD["other"]
OTHERS_CHANGE = f"license.{OTHER['key']}.price_update"


def connect(username, password):
    return pika.BlockingConnection(
        pika.ConnectionParameters(
            host=TOLD["host"],
            port=TOLD["port"],
            virtual_host=TOLD["vhost"],
            credentials=pika.PlainCredentials(username, password),
            heartbeat=10,
            socket_timeout=20,
            blocked_connection_timeout=20,
        )
    )


def own_name():
    return f"terminal.{OWN['id']}.{secrets.token_urlsafe(9)}"


def own_queue(channel, arguments=None):
    name = own_name()
    channel.queue_declare(name, exclusive=True, auto_delete=True, arguments=arguments)
    return name


def own_exchange(channel, kind, arguments=None):
    name = own_name()
    channel.exchange_declare(name, kind, auto_delete=True, arguments=arguments)
    return name


def publish(channel, exchange, key, headers=None):
    channel.confirm_delivery()
    properties = pika.BasicProperties(headers=headers, content_type="application/json")
    channel.basic_publish(exchange, key, b'{"forged":true}', properties)


def bind_own(channel, pattern, source=EXCHANGE):
    channel.queue_bind(own_queue(channel), source, pattern)


def bind_exchange(channel):
    channel.exchange_bind(own_exchange(channel, "topic"), EXCHANGE, "#")


def bind_events_to_own(channel):
    channel.exchange_bind(EXCHANGE, own_exchange(channel, "fanout"), "")


def bind_others_queue_to_own(channel):
    channel.queue_bind(OTHER["queue"], own_exchange(channel, "fanout"), "")


def publish_to_own(channel, header):
    exchange = own_exchange(channel, "fanout")
    channel.queue_bind(own_queue(channel), exchange, "")
    publish(channel, exchange, OTHERS_CHANGE, {header: [OTHERS_CHANGE, OTHER["queue"]]})


def alternate_exchange(channel):
    publish(channel, own_exchange(channel, "direct", {"alternate-exchange": EXCHANGE}), OTHERS_CHANGE)


def dead_letter(channel, exchange, key):
    own_queue(
        channel,
        {"x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": key, "x-message-ttl": 1},
    )


def many_channels(channel):
    # Numbers beyond what the broker allowed: pika sends them as they are.
    for number in range(2, 60):
        channel.connection.channel(number)


PATTERNS = [
    "#",
    "*.*.*",
    "license.#",
    "license.*.#",
    "license.*.price_update",
    "#.price_update",
    f"license.{OTHER['key']}.#",
    f"license.{OTHER['key']}.*",
    OTHERS_CHANGE,
    f"license.{OTHER['key']}",
    f"license.{OTHER['key']}.broadcast.#",
    f"*.{OTHER['key']}.#",
    f"license.{OTHER['key'].lower()}.#",
    f"license.{OWN['key']}*.#",
    f"license.{OWN['key']}#",
    "license.*.broadcast.x.#",
    "license.#.broadcast.#",
    "",
]

NAMES = [
    f"terminal.{OTHER['id']}.x",
    f"terminal.{OWN['id']}",
    f"terminal.{OWN['id']}0.x",
    "terminal.*.x",
    "evil",
    EXCHANGE,
    "",
]

queue = OTHER["queue"]

ATTEMPTS = [
    ("its own license's changes are bound", "allowed", lambda c: bind_own(c, f"license.{OWN['key']}.#")),
    ("broadcasts are bound", "allowed", lambda c: bind_own(c, "license.*.broadcast.#")),
    *[(f"the events are bound by {p!r}", "refused", lambda c, p=p: bind_own(c, p)) for p in PATTERNS],
    *[
        (f"{source} is bound", "refused", lambda c, source=source: bind_own(c, "#", source))
        for source in ["amq.topic", "amq.direct", "amq.fanout", "amq.headers", "amq.rabbitmq.trace"]
    ],
    ("an exchange of its own is bound to the events", "refused", bind_exchange),
    ("the events are bound to an exchange of its own", "refused", bind_events_to_own),
    ("the other's queue is bound to an exchange of its own", "refused", bind_others_queue_to_own),
    ("the other's queue is bound", "refused", lambda c: c.queue_bind(queue, EXCHANGE, f"license.{OWN['key']}.#")),
    (
        "the other's queue is unbound",
        "refused",
        lambda c: c.queue_unbind(queue, EXCHANGE, f"license.{OTHER['key']}.#"),
    ),
    ("the other's queue is consumed", "refused", lambda c: c.basic_consume(queue, lambda *_: None)),
    ("the other's queue is read by basic.get", "refused", lambda c: c.basic_get(queue)),
    ("the other's queue is purged", "refused", lambda c: c.queue_purge(queue)),
    ("the other's queue is deleted", "refused", lambda c: c.queue_delete(queue)),
    ("the other's queue is looked at", "refused", lambda c: c.queue_declare(queue, passive=True)),
    *[
        (f"a queue {name!r} is declared", "refused", lambda c, name=name: c.queue_declare(name, exclusive=True))
        for name in NAMES
    ],
    ("the exchange is deleted", "refused", lambda c: c.exchange_delete(EXCHANGE)),
    ("the exchange is declared", "refused", lambda c: c.exchange_declare(EXCHANGE, "topic", durable=True)),
    ("an exchange with a foreign name is declared", "refused", lambda c: c.exchange_declare("evil", "fanout")),
    *[
        (f"a message is published to {e!r}", "refused", lambda c, e=e: publish(c, e, OTHERS_CHANGE))
        for e in [EXCHANGE, "amq.topic", "amq.direct", "amq.fanout", "amq.headers", "amq.rabbitmq.trace"]
    ],
    ("a message is put into the other's queue", "refused", lambda c: publish(c, "", queue)),
    (
        "a broadcast is published",
        "refused",
        lambda c: publish(c, EXCHANGE, "license.*.broadcast.system_notice"),
    ),
    *[
        (
            f"published under its own license with the other's key in {header}",
            "refused",
            lambda c, header=header: publish(
                c, EXCHANGE, f"license.{OWN['key']}.price_update", {header: [OTHERS_CHANGE, queue]}
            ),
        )
        for header in ["CC", "BCC"]
    ],
    # What an exchange of one's own leads to is one's own: that the other hears nothing is seen by its listener.
    *[
        (f"published to an exchange of its own with {header}", "any", lambda c, header=header: publish_to_own(c, header))
        for header in ["CC", "BCC"]
    ],
    ("an alternate exchange leads to the events", "refused", alternate_exchange),
    ("a queue dead-letters to the events", "refused", lambda c: dead_letter(c, EXCHANGE, OTHERS_CHANGE)),
    ("a queue dead-letters to the other's queue", "refused", lambda c: dead_letter(c, "", queue)),
    ("more channels are opened than the broker allows", "refused", many_channels),
]

LOGINS = [
    ("guest", "guest"),
    ("guest", ""),
    ("tillcast-publisher", ""),
    ("tillcast-guardian", ""),
    (OTHER["id"], ""),
    (OTHER["id"], TOLD["token"][:-8] + "AAAAAAAA"),
]


def tell(attempt, must, refused, observed):
    print(json.dumps({"attempt": attempt, "must": must, "refused": refused, "observed": observed}), flush=True)


def try_out(attempt, must, act):
    connection = connect(OWN["id"], TOLD["token"])
    try:
        act(connection.channel())
        # A round trip, so that whatever went before has been dealt with.
        connection.process_data_events(time_limit=0.02)
        tell(attempt, must, False, "allowed")
    except (pika.exceptions.ChannelClosedByBroker, pika.exceptions.ConnectionClosedByBroker) as closed:
        tell(attempt, must, True, f"{closed.reply_code} {closed.reply_text}")
    except pika.exceptions.AMQPError as error:
        tell(attempt, must, True, repr(error))
    finally:
        if connection.is_open:
            connection.close()


for each in ATTEMPTS:
    try_out(*each)

for username, password in LOGINS:
    try:
        connect(username, password).close()
        tell(f"login as {username}", "refused", False, "allowed")
    except pika.exceptions.AMQPError as error:
        tell(f"login as {username}", "refused", True, repr(error))
