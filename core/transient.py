"""Which errors may pass by themselves: a full disk, a share that is away, no memory just now."""

import errno

_TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        # Room that somebody can make.
        *("ENOSPC", "EDQUOT", "ENOMEM", "ENOBUFS", "EMFILE", "ENFILE", "ENOLCK"),
        # A disk that is failing, read-only after an error, or pulled out.
        *("EIO", "EREMOTEIO", "EROFS", "ENODEV", "ENXIO", "ENOMEDIUM", "EUCLEAN"),
        # Somebody else is busy with it.
        *("EAGAIN", "EBUSY", "ETXTBSY", "EINTR", "EDEADLK"),
        # A server that is away, or was and has forgotten us.
        *("ESTALE", "ENOTCONN", "ESHUTDOWN", "ETIMEDOUT", "ETIME", "EPIPE", "ECOMM", "EPROTO"),
        *("ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH"),
        *("ENETDOWN", "ENETUNREACH", "ENETRESET", "ENONET", "ENOLINK", "EKEYEXPIRED"),
    )
    if hasattr(errno, name)
)


def is_transient(error: OSError) -> bool:
    """Tell whether the same request may succeed later although nobody changes it.

    A file that is missing, a name that is too long or a right that is lacking does not come right
    by waiting.
    """
    return error.errno in _TRANSIENT


def is_transient_error(error: BaseException) -> bool:
    """Tell whether an error of this program, of whatever kind, goes back to one that may pass.

    Follows what each error was raised from, or was met while dealing with. The first error of the
    operating system on that way decides; running out of memory always may pass.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        if isinstance(current, MemoryError):
            return True
        if isinstance(current, OSError) and current.errno is not None:
            return is_transient(current)
        seen.add(id(current))
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    return False
