"""Ways to reach something outside of this process."""

import array
import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import socket
import stat
import subprocess
import sys
import termios
import threading
from pathlib import Path

from route_kit import before, check, route

from homebody.privacy import kernel

# ---------------------------------------------------------------- sockets


@before
def before_inherited():
    """Sockets that this process was given when it was started; asked before it makes any."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                found.append(int(entry.name))
    return found


@route
def inherited(prepared, *_):
    """A connected socket of the process that started this one. To write into it no call for
    sockets is needed, so no filter can refuse it: it must not be there.
    """
    if not prepared:
        raise OSError(errno.EBADF, "no socket was inherited")
    for descriptor in prepared:
        os.write(descriptor, b"x")


@route
def tcp_connect(port, _):
    with socket.socket() as out:
        out.connect(("127.0.0.1", int(port)))


@route
def tcp_listen(*_):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()


@route
def udp_send(port, _):
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.sendto(b"x", ("127.0.0.1", int(port)))


@route
def ipv6_send(port, _):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", ("::1", int(port)))


@route
def raw(*_):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP):
        pass


@route
def packet(*_):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        pass


@route
def netlink(*_):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as out:
        out.bind((0, 0))


@route
def vsock(*_):
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as server:
        server.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))


def resolver(name):
    """Find a function of the resolver: glibc moved it from libresolv to libc."""
    for library in (None, "libresolv.so.2"):
        for spelling in (name, f"__{name}"):
            function = getattr(ctypes.CDLL(library, use_errno=True), spelling, None)
            if function:
                return function
    raise LookupError(name)


@route
def dns(port, _):
    """The C library's resolver, which getaddrinfo uses, pointed at a name server of the test."""
    state = ctypes.create_string_buffer(4096)
    check(resolver("res_ninit")(state))
    # struct __res_state: retrans, retry, options, nscount at 16, nsaddr_list from 20 on.
    ctypes.c_int.from_buffer(state, 0).value = 1
    ctypes.c_int.from_buffer(state, 4).value = 1
    ctypes.c_int.from_buffer(state, 16).value = 1
    address = int(port).to_bytes(2, "big") + bytes((127, 0, 0, 1))
    ctypes.memmove(ctypes.addressof(state) + 20, b"\x02\x00" + address, 8)
    answer = ctypes.create_string_buffer(512)
    ctypes.set_errno(0)
    check(resolver("res_nquery")(state, b"homebody.test", 1, 1, answer, 512))


@route
def ctypes_socket(*_):
    os.close(check(ctypes.CDLL(None, use_errno=True).socket(2, 1, 0)))


@route
def syscall_socket(*_):
    """A family whose high half is set: the kernel looks at the low half only."""
    os.close(check(*kernel.call("socket", 0x7FFF00000002, 1, 0)))


@route
def abstract_unix(_, name):
    with socket.socket(socket.AF_UNIX) as out:
        out.connect("\0" + name)


@route
def dbus(_, path):
    """The person's session bus, whose services fetch for whoever asks."""
    with socket.socket(socket.AF_UNIX) as bus:
        bus.connect(path)
        bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        answer = bus.recv(200)
    assert answer.startswith(b"OK "), answer


@route
def other_family(*_):
    """Any socket at all that is not AF_UNIX: every family that a kernel may know, every kind."""
    families(range(64), but=socket.AF_UNIX)


@route
def any_family(*_):
    families(range(64))


def families(numbers, but=None):
    problems = set()
    for family in numbers:
        for kind in (1, 2, 3, 4, 5, 10) if family != but else ():
            try:
                os.close(check(ctypes.CDLL(None, use_errno=True).socket(family, kind, 0)))
            except OSError as problem:
                problems.add(problem.errno)
            else:
                return
    raise OSError(max(problems - {errno.EACCES}, default=errno.EACCES), "all refused")


@route
def socketpair(*_):
    for end in socket.socketpair():
        end.close()


@before
def before_early_socket():
    return socket.socket(type=socket.SOCK_DGRAM)


@route
def early_socket(prepared, port, _):
    """A socket from before the lock, not yet connected."""
    with prepared:
        prepared.sendto(b"x", ("127.0.0.1", int(port)))


@before
def before_handed_over():
    ours, theirs = socket.socketpair()
    with socket.socket() as gift:
        socket.send_fds(theirs, [b"x"], [gift.fileno()])
    theirs.close()
    return ours


@route
def handed_over(prepared, *_):
    """A socket that another process sends (SCM_RIGHTS)."""
    with prepared:
        for descriptor in socket.recv_fds(prepared, 1, 1)[1]:
            os.close(descriptor)


# ---------------------------------------------------------------- around the lock


@before
def before_early_thread():
    go, done, seen = threading.Event(), threading.Event(), []

    def work():
        go.wait()
        try:
            socket.socket().close()
        except OSError as problem:
            seen.append(problem)
        done.set()

    threading.Thread(target=work, daemon=True).start()
    return go, done, seen


@route
def early_thread(prepared, *_):
    go, done, seen = prepared
    go.set()
    done.wait()
    for problem in seen:
        raise problem


@route
def io_uring(*_):
    parameters = ctypes.create_string_buffer(120)
    os.close(check(*kernel.call("io_uring_setup", 1, ctypes.addressof(parameters))))


@route
def x32_number(*_):
    """A call by its x32 number. Most kernels do not know them and say ENOSYS: they were reached."""
    if os.uname().machine != "x86_64":
        raise LookupError("x32 is a convention of x86_64")
    getpid = 39
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(ctypes.c_long(0x40000000 | getpid)) == -1:
        reached = ctypes.get_errno() == errno.ENOSYS
        if not reached:
            check(-1)


@route
def i386_call(*_):
    """getpid by int 0x80, the 32-bit door."""
    if os.uname().machine != "x86_64":
        raise LookupError("int 0x80 is a convention of x86")
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("53 b8 14000000 cd80 5b c3"))
    entry = ctypes.addressof(ctypes.c_char.from_buffer(code))
    # The result is a 32-bit number: negative values are errors.
    result = ctypes.CFUNCTYPE(ctypes.c_int)(entry)()
    check(result, -result)


@route
def child_python(port, _):
    code = f"import socket; socket.create_connection(('127.0.0.1', {int(port)})).close()"
    finish(subprocess.run([sys.executable, "-c", code], capture_output=True, check=False))


@route
def child_shell(port, _):
    code = f"exec 3<>/dev/tcp/127.0.0.1/{int(port)}"
    finish(subprocess.run(["bash", "-c", code], capture_output=True, check=False))


def finish(ended):
    if ended.returncode:
        assert b"Permission denied" in ended.stderr, ended.stderr
        raise OSError(errno.EACCES, "in the child")


@route
def forked(port, _):
    child = os.fork()
    if child == 0:
        try:
            tcp_connect(port, _)
        except OSError as problem:
            os._exit(problem.errno)
        os._exit(0)
    error = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    check(-error, error)


@route
def qt(port, _):
    from PySide6.QtCore import QCoreApplication
    from PySide6.QtNetwork import QTcpSocket

    application = QCoreApplication([])
    out = QTcpSocket()
    out.connectToHost("127.0.0.1", int(port))
    connected = out.waitForConnected(5000)
    refused = out.error() in (
        QTcpSocket.SocketError.SocketAccessError,
        QTcpSocket.SocketError.UnsupportedSocketOperationError,
        QTcpSocket.SocketError.SocketResourceError,
    )
    if not connected:
        assert refused, (out.error(), out.errorString())
        raise OSError(errno.EACCES, out.errorString())
    application.quit()


@route
def steal_descriptor(*_):
    pidfd = os.pidfd_open(os.getpid())
    os.close(check(*kernel.call("pidfd_getfd", pidfd, 1, 0)))


@route
def read_process(*_):
    text, copy = ctypes.create_string_buffer(b"secret"), ctypes.create_string_buffer(7)
    there = array.array("Q", (ctypes.addressof(text), 6))
    here = array.array("Q", (ctypes.addressof(copy), 6))
    vectors = here.buffer_info()[0], 1, there.buffer_info()[0], 1
    check(*kernel.call("process_vm_readv", os.getpid(), *vectors, 0))


@route
def trace_process(*_):
    trace_me = 0
    check(*kernel.call("ptrace", trace_me, 0, 0, 0))


# ---------------------------------------------------------------- the engine's other walls


@route
def program(*_):
    subprocess.run(["true"], check=True)


@before
def before_type_into_terminal():
    return os.openpty()


@route
def type_into_terminal(prepared, *_):
    for descriptor in prepared:
        fcntl.ioctl(descriptor, termios.TIOCSTI, b"x")


@route
def signal_parent(*_):
    os.kill(os.getppid(), 0)


@route
def unshare(*_):
    new_user_namespace = 0x10000000
    check(*kernel.call("unshare", new_user_namespace))


@route
def kernel_program(*_):
    result, error = kernel.call("bpf", 0, 0, 0)
    if error == errno.EACCES:
        check(result, error)
