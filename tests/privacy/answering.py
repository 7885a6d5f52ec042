"""What stands behind the ways out: a port of this machine that answers."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def answering():
    """Open a port of this machine where TCP, UDP and DNS are answered."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
    ):
        number = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", number))
        udp.settimeout(0.05)
        over = threading.Event()

        def answer():
            while not over.is_set():
                try:
                    query, sender = udp.recvfrom(512)
                except TimeoutError:
                    continue
                if len(query) > 12:
                    record = bytes.fromhex("c00c 0001 0001 0000003c 0004 7f000001")
                    head = query[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
                    question = query[12 : query.index(0, 12) + 5]
                    udp.sendto(head + question + record, sender)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield number
        finally:
            over.set()
            thread.join()
