"""The worker and its child understand each other exactly, or not at all."""

from __future__ import annotations

import io

import pytest

from service.jobs.messages import Answer, GarbageError, Offered, Order, Settled, Step, Wanted, receive, send

MESSAGES = (
    Order(b'{"format":1}\n\n', 2**33, 1800),
    Step("optimise:placed", 0.25),
    Answer("é\n".encode(), {"placed": 3}, {"solve": 1.5}),
    Answer(b"", {}, {}),
    Answer(b"{}", {}, {}, b'{"tiers":[]}\n'),
    Offered(b"\x00part", 3),
    Wanted(3),
    Settled(b"", 3),
)


def test_what_is_sent_is_received() -> None:
    """Each message comes out as it went in, one after the other, then comes the end."""
    pipe = io.BytesIO()
    for message in MESSAGES:
        send(pipe, message)
    pipe.seek(0)
    assert tuple(receive(pipe) for _ in MESSAGES) == MESSAGES
    assert receive(pipe) is None


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff\n",
        b"hello\n",
        b"[]\n",
        b"{}\n",
        b'{"kind":"Answer"}\n',
        b'{"kind":"Wanted","bytes":0,"number":"3"}\n',
        b'{"kind":"Offered","bytes":9,"number":1}\nshort',
        b'{"kind":"Verdict","bytes":0}\n',
        b'{"kind":"Step","bytes":0,"phase":"prove"}\n',
        b'{"kind":"Step","bytes":0,"phase":"prove","progress":"half"}\n',
        b'{"kind":"Step","bytes":0,"phase":"prove","progress":1.5}\n',
        b'{"kind":"Step","bytes":0,"phase":3,"progress":0.5}\n',
        b'{"kind":"Step","bytes":0,"phase":"prove","progress":0.5,"more":1}\n',
        b'{"kind":"Answer","bytes":9,"baseline":{},"seconds":{}}\nshort',
        b'{"kind":"Answer","bytes":"9","baseline":{},"seconds":{}}\n123456789',
        b'{"kind":"Answer","bytes":2,"certificate":9,"baseline":{},"seconds":{}}\n{}short',
        b'{"kind":"Answer","bytes":2,"certificate":"9","baseline":{},"seconds":{}}\n{}123456789',
        b'{"kind":"Step","bytes":0,"certificate":2,"phase":"prove","progress":0.5}\n{}',
        b'{"kind":"Step","bytes":0,"phase":"' + b"x" * 70_000 + b'","progress":0.5}\n',
    ],
)
def test_garbage_is_named(said: bytes) -> None:
    """Whatever is not exactly a message is refused as garbage, never read as something else."""
    with pytest.raises(GarbageError):
        receive(io.BytesIO(said))
