"""The overflow policy of what goes out: in order while there is room, then the latest state of each key."""

from __future__ import annotations

from connectors.kafka.backoff import LONGEST_DELAY_S, delay_s
from connectors.kafka.output import CoalescingQueue
from connectors.kafka.producer import partition_of
from connectors.kafka.writer import OutgoingRecord


def record(key: str, value: str) -> OutgoingRecord:
    return OutgoingRecord("levels", key.encode(), value.encode())


async def test_with_room_every_change_comes_out_in_order() -> None:
    queue = CoalescingQueue(10)
    records = [record("a", "1"), record("b", "1"), record("a", "2")]
    for each in records:
        queue.put(each)
    assert await queue.take(2) + await queue.take(2) == records
    assert (len(queue), queue.coalesced) == (0, 0)


async def test_without_room_the_latest_of_each_key_follows_what_waits() -> None:
    queue = CoalescingQueue(2)
    for number in range(5):
        queue.put(record("a", str(number)))
        queue.put(record("b", str(number)))
    assert len(queue) == 4
    taken = await queue.take(3)
    # There is room in the first part again, but a newer state of b may not overtake the one that waits.
    queue.put(record("b", "newest"))
    taken += await queue.take(10)
    assert taken == [record("a", "0"), record("b", "0"), record("a", "4"), record("b", "newest")]
    assert queue.coalesced == 7


def test_delays_double_up_to_a_cap() -> None:
    assert [delay_s(failures, 1.0) for failures in (1, 2, 3)] == [0.2, 0.4, 0.8]
    assert delay_s(100, 1.0) == LONGEST_DELAY_S
    assert delay_s(100, 0.0) == LONGEST_DELAY_S / 2


def test_accounts_go_to_the_partition_of_the_java_client() -> None:
    # murmur2 of the Java client's own tests (Utils: 21 -> -973932308, foobar -> -790332482), sign bit cut off
    assert partition_of("21", 2**31) == -973932308 & 0x7FFFFFFF
    assert partition_of("foobar", 2**31) == -790332482 & 0x7FFFFFFF
