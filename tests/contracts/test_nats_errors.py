"""What each failure of nats-py and kryten-py is to us, on either side of the wire."""

import inspect

import pytest
from kryten.exceptions import KrytenConnectionError
from nats import errors as nats
from nats.js import errors as js

from playlist_adapters.nats_errors import asking, is_wrong_revision, writing
from playlist_core.errors import OutcomeUnknown, PlaylistError, TooLarge, Unavailable


def raised_by(module: object) -> list[type[Exception]]:
    return [each for _, each in inspect.getmembers(module, inspect.isclass) if issubclass(each, nats.Error)]


@pytest.mark.parametrize("error", [*raised_by(nats), *raised_by(js), TimeoutError, ConnectionResetError])
def test_no_error_of_nats_passes_the_border(error: type[Exception]) -> None:
    # As its class alone says it: what their constructors want differs.
    failure = error.__new__(error)
    with pytest.raises(Unavailable, match=r"^NATS .*bucket ours.*\.$") as refused, asking("bucket ours"):
        raise failure
    assert refused.value.__cause__ is failure
    with pytest.raises(PlaylistError) as doubted, writing("bucket ours"):
        raise failure
    assert type(doubted.value) in (Unavailable, OutcomeUnknown, TooLarge)


@pytest.mark.parametrize(
    "failure",
    [
        nats.TimeoutError(),
        TimeoutError(),
        ConnectionResetError(),
        nats.StaleConnectionError(),
        js.ServerError(code=500, err_code=10074),
    ],
    ids=repr,
)
def test_a_write_that_may_have_happened_is_an_unknown_outcome(failure: Exception) -> None:
    with pytest.raises(OutcomeUnknown, match="read again"), writing("bucket ours"):
        raise failure


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (nats.OutboundBufferLimitError(), "try again"),
        (nats.ConnectionClosedError(), "try again"),
        (KrytenConnectionError("Not connected"), "try again"),
        (js.NoStreamResponseError(), "no bucket ours any more"),
        (js.BucketNotFoundError(), "no bucket ours any more"),
        (js.ServiceUnavailableError(), "start nats-server with JetStream"),
        (js.ServiceUnavailableError(code=503, err_code=10077), "full: give JetStream more room"),
        (js.BadRequestError(code=400, err_code=10058), "try again"),
    ],
    ids=repr,
)
def test_a_write_that_certainly_did_not_happen_is_unavailable(failure: Exception, advice: str) -> None:
    with pytest.raises(Unavailable, match=advice), writing("bucket ours"):
        raise failure


@pytest.mark.parametrize(
    "failure", [nats.MaxPayloadError(), js.BadRequestError(code=400, err_code=10054)], ids=repr
)
def test_a_value_that_nats_refuses_is_too_large(failure: Exception) -> None:
    with pytest.raises(TooLarge), writing("bucket ours"):
        raise failure


def test_a_wrong_revision_has_three_faces() -> None:
    for face in (
        js.KeyWrongLastSequenceError(),
        js.BadRequestError(code=400, err_code=10071),
        js.BadRequestError(code=400, err_code=10164),
    ):
        assert is_wrong_revision(face)
    assert not is_wrong_revision(js.BadRequestError(code=400, err_code=10054))
    assert not is_wrong_revision(js.BucketNotFoundError())
